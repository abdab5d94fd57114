package ingest_test

import (
	"strings"
	"testing"
)

// A text that is nothing but signs of Markdown would take whoever renders it seconds.
func TestContentsAreHeldToASoberMarkdown(t *testing.T) {
	t.Parallel()
	h := setup(t)
	body := func(n int) string { return `{"title":"x","body":"` + strings.Repeat("*a_", n) + `"}` }
	h.want(201, "ingest", "PUT", "/v1/contents/x", body(2000))
	if p := decode[problem](t, h.want(422, "ingest", "PUT", "/v1/contents/x", body(2001))); len(p.Errors) != 1 || p.Errors[0].Location != "body" {
		t.Errorf("%+v", p)
	}
}
