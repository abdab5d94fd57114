package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/filengine/fil"
)

// asks writes one preference as a CloudEvent, with the members of its data beside the agent.
func asks(id, agent, kind, members string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"test","type":"fil.preference.%s","time":"2026-03-01T10:00:00Z","data":{"agent":%q%s}}`, id, kind, agent, members)
}

func TestPreferencesAreAdmitted(t *testing.T) {
	t.Parallel()
	h := setup(t)
	about := `,"facet":"topic","name":"Égalité pro / parité"`
	for i, c := range []struct{ kind, members string }{
		{"more", about}, {"less", about}, {"follow", `,"facet":"community","name":"Juristes"`}, {"hide", `,"facet":"source","name":"DRH"`},
		{"nothing", about}, {"order", `,"order":"chronological"`}, {"order", `,"order":"default"`}, {"restore", `,"content":"c1"`}, {"forget", ""}, {"unsave", `,"content":"c1"`},
	} {
		h.want(202, "service", "POST", "/v1/engagements", asks(fmt.Sprint("p", i), "a1", c.kind, c.members), "Content-Type", one)
	}
	again := h.want(202, "service", "POST", "/v1/engagements", asks("p0", "a1", "more", about), "Content-Type", one)
	if !strings.Contains(string(again.body), `"duplicates":1`) {
		t.Errorf("the same event again: %v", again)
	}
	records := h.logged(fil.TopicEngagements)
	if len(records) != 10 {
		t.Fatalf("%d records in the log, want 10", len(records))
	}
	first, err := fil.PreferenceOf(records[0])
	if err != nil || first.Kind != fil.PreferMore || first.Name != "Égalité pro / parité" || records[0].Key != "a1" {
		t.Errorf("in the log under %s: %+v, error %v", records[0].Key, first, err)
	}
}

func TestRefusedPreferenceNamesItsFields(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for name, c := range map[string]struct{ kind, members, fields string }{
		"no facet":             {"more", `,"name":"x"`, "data.facet"},
		"other facet":          {"more", `,"facet":"colour","name":"x"`, "data.facet"},
		"no name":              {"less", `,"facet":"topic"`, "data.name"},
		"long name":            {"less", `,"facet":"topic","name":"` + strings.Repeat("x", 257) + `"`, "data.name"},
		"control character":    {"less", `,"facet":"topic","name":"a\u0007"`, "data.name"},
		"name is a number":     {"less", `,"facet":"topic","name":5`, "data.name"},
		"neither":              {"hide", ``, "data.facet data.name"},
		"other order":          {"order", `,"order":"random"`, "data.order"},
		"no order":             {"order", ``, "data.order"},
		"no content":           {"restore", ``, "data.content"},
		"nothing to unsave":    {"unsave", ``, "data.content"},
		"content with space":   {"restore", `,"content":"a b"`, "data.content"},
		"forgetting a topic":   {"forget", `,"facet":"topic","name":"x"`, "data.facet data.name"},
		"an order for a topic": {"more", `,"facet":"topic","name":"x","order":"ranked"`, "data.order"},
		"unknown kind":         {"adore", `,"facet":"topic","name":"x"`, "type"},
		"unknown member":       {"forget", `,"mail":"x"`, "data.mail"},
	} {
		r := h.want(422, "service", "POST", "/v1/engagements", asks("1", "a1", c.kind, c.members), "Content-Type", one)
		if got := locations(decode[problem](t, r)); got != c.fields {
			t.Errorf("%s: fields %q, want %q: %v", name, got, c.fields, r)
		}
	}
	foreign := h.ask("agent:a1", "POST", "/v1/engagements", asks("1", "somebody-else", "forget", ""), "Content-Type", one)
	if foreign.status != 403 {
		t.Errorf("for another agent: %v", foreign)
	}
}

// Whoever leaves the directory leaves no profile behind.
func TestRemovedAgentsAreForgotten(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.want(201, "ingest", "PUT", "/v1/agents/a7", `{}`)
	h.want(200, "ingest", "PUT", "/v1/agents/a7", `{"inactive":true}`)
	if before := h.logged(fil.TopicEngagements); len(before) != 0 {
		t.Fatalf("an agent who was written and made inactive is in %d engagements", len(before))
	}
	h.want(204, "ingest", "DELETE", "/v1/agents/a7", "")
	h.want(404, "ingest", "DELETE", "/v1/agents/a7", "")
	records := h.logged(fil.TopicEngagements)
	if len(records) != 1 || records[0].Key != "a7" {
		t.Fatalf("in the log: %v", records)
	}
	if p, err := fil.PreferenceOf(records[0]); err != nil || p.Kind != fil.Forget || p.Agent != "a7" {
		t.Errorf("in the log: %+v, error %v", p, err)
	}
	h.closed("a7")
}

// closed looks whether the addresses of agents were closed, in this order and of nobody else.
func (h *house) closed(agents ...string) {
	h.t.Helper()
	var keys []string
	for _, rec := range h.logged(fil.TopicSubscriptions) {
		if rec.Event.Data != nil {
			h.t.Errorf("the addresses of %s are not removed: %+v", rec.Key, rec.Event)
		}
		keys = append(keys, rec.Key)
	}
	if fmt.Sprint(keys) != fmt.Sprint(agents) {
		h.t.Errorf("closed are the addresses of %v, want %v", keys, agents)
	}
}

// Whoever asks that an agent be forgotten, their addresses go too; other preferences leave them.
func TestForgottenAgentsHaveNoAddresses(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.want(202, "service", "POST", "/v1/engagements", "["+asks("1", "a1", "forget", "")+","+asks("2", "a2", "order", `,"order":"ranked"`)+","+asks("3", "a3", "forget", "")+"]", "Content-Type", many)
	h.closed("a1", "a3")
}
