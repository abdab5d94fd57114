package ingest

import (
	"regexp"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// traceContext is a request's W3C trace context (https://www.w3.org/TR/trace-context/), which travels with what the
// request brings as two extension attributes of its events. The door only carries it.
type traceContext struct{ parent, state string }

// Names of both parts, as attributes and as headers.
const (
	traceparent = "traceparent"
	tracestate  = "tracestate"
)

// maxState is how many bytes of tracestate W3C asks every system to pass on; a longer one stays here.
const maxState = 512

var (
	parentForm = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
	stateForm  = regexp.MustCompile(`^[[:print:]]+$`)
)

// traceOf reads the context that came with a request. One that is no trace context is as good as none.
func traceOf(ctx huma.Context) traceContext {
	return traceContext{parent: ctx.Header(traceparent), state: ctx.Header(tracestate)}.sound()
}

func (t traceContext) sound() traceContext {
	if len(t.parent) != len("00-")+32+1+16+len("-00") || !parentForm.MatchString(t.parent) {
		return traceContext{}
	}
	if len(t.state) > maxState || !stateForm.MatchString(t.state) {
		t.state = ""
	}
	return t
}

// carry gives an event the request's context, unless it has its own: whoever made the event may have. An event that has 16
// extensions already goes without.
func (t traceContext) carry(event *fil.Event) {
	if t.parent == "" || event.Extra[traceparent] != "" {
		return
	}
	if event.SetAttribute(traceparent, t.parent) == nil && t.state != "" {
		_ = event.SetAttribute(tracestate, t.state)
	}
}

// withoutTrace drops the context that an agent's application gave to an event: it could have everything traced.
func withoutTrace(event *fil.Event) {
	delete(event.Extra, traceparent)
	delete(event.Extra, tracestate)
}
