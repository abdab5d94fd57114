package demo_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/demo"
)

// anchors are a Thursday morning, a Sunday night and the end of a leap February.
func anchors() []time.Time {
	return []time.Time{
		time.Date(2026, time.June, 18, 10, 0, 0, 0, time.UTC),
		time.Date(2026, time.November, 22, 23, 0, 0, 0, time.UTC),
		time.Date(2028, time.February, 29, 6, 30, 0, 0, time.UTC),
	}
}

func TestAgentsFitTheSchema(t *testing.T) {
	t.Parallel()
	schema := config.Default().Attributes
	agents := demo.Agents()
	if len(agents) < 1800 || len(agents) > 2200 {
		t.Errorf("%d agents, about 2,000 are wanted", len(agents))
	}
	if !slices.IsSortedFunc(agents, func(a, b fil.Agent) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("agents are not sorted by id")
	}
	seen := map[string]bool{}
	for _, agent := range agents {
		if seen[agent.ID] {
			t.Errorf("id %s is given twice", agent.ID)
		}
		seen[agent.ID] = true
		if !strings.HasPrefix(agent.Org, "cd/") || agent.Site == "" {
			t.Errorf("%s: org %q, site %q", agent.ID, agent.Org, agent.Site)
		}
		for name, value := range agent.Attributes {
			declared, ok := schema.Lookup(name)
			if !ok {
				t.Fatalf("%s: attribute %s is not declared", agent.ID, name)
			}
			if problem := misfit(declared.Kind, value); problem != "" {
				t.Errorf("%s: %s = %v (%T): %s", agent.ID, name, value, value, problem)
			}
		}
	}
}

// misfit says what is wrong with a value of a kind.
func misfit(kind fil.AttributeKind, value any) string {
	switch v := value.(type) {
	case string:
		if kind == fil.KindDate {
			if _, err := time.Parse(time.DateOnly, v); err != nil {
				return err.Error()
			}
			return ""
		}
		if kind != fil.KindText || v == "" {
			return "a text that is not empty is wanted"
		}
	case float64:
		if kind != fil.KindNumber || v < 0 || v > 5 {
			return "a number of days of the week is wanted"
		}
	case bool:
		if kind != fil.KindBoolean {
			return "not a boolean attribute"
		}
	case []string:
		if kind != fil.KindList {
			return "not a list attribute"
		}
	default:
		return "no kind has this type"
	}
	return ""
}

func TestAudiencesHoldSomeAgents(t *testing.T) {
	t.Parallel()
	index := audiences.NewIndex(config.Default().Attributes, audiences.Config{})
	aimed := map[string]bool{}
	for _, content := range demo.Contents(anchors()[0]) {
		for _, id := range content.Audiences {
			aimed[id] = true
		}
	}
	agents := demo.Agents()
	known := map[string]bool{}
	for _, agent := range agents {
		known[agent.ID] = true
	}
	if err := errors.Join(index.ApplyAgents(records(t, fil.TopicAgents, agents)), index.ApplyAudiences(records(t, fil.TopicAudiences, demo.Audiences()))); err != nil {
		t.Fatal(err)
	}
	for _, audience := range demo.Audiences() {
		if err := index.Check(audience.Rule); err != nil {
			t.Errorf("%s: %v", audience.ID, err)
		}
		if audience.Name == "" || audience.Owner == "" {
			t.Errorf("%s has no name or no owner", audience.ID)
		}
		if n, _ := index.Reach([]fil.Aim{{Audiences: []string{audience.ID}}}, ""); n < fil.DefaultThreshold || n > len(agents)/2 {
			t.Errorf("%s holds %d agents of %d: too few to report on, or too many to be an aim", audience.ID, n, len(agents))
		}
		for _, member := range audience.Members {
			if !known[member] {
				t.Errorf("%s: member %s is nobody", audience.ID, member)
			}
		}
		if !aimed[audience.ID] {
			t.Errorf("no content is aimed at %s", audience.ID)
		}
		delete(aimed, audience.ID)
	}
	for id := range aimed {
		t.Errorf("contents are aimed at %s, which is no audience", id)
	}
}

// records puts agents or audiences in records, as the log gives them.
func records[T fil.Agent | fil.Audience](t *testing.T, topic fil.Topic, values []T) []fil.Record {
	t.Helper()
	records := make([]fil.Record, len(values))
	for i, value := range values {
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var key struct{ ID string }
		if err := json.Unmarshal(raw, &key); err != nil {
			t.Fatal(err)
		}
		records[i] = fil.Record{
			Position: fil.Position{Topic: topic, Offset: int64(i)}, Key: key.ID,
			Event: fil.Event{ID: key.ID, Source: demo.Source, Data: raw},
		}
	}
	return records
}

func TestTwoCallsAgree(t *testing.T) {
	t.Parallel()
	anchor := anchors()[0]
	if diff := cmp.Diff(demo.Agents(), demo.Agents()); diff != "" {
		t.Errorf("agents differ:\n%s", diff)
	}
	if diff := cmp.Diff(demo.Contents(anchor), demo.Contents(anchor)); diff != "" {
		t.Errorf("contents differ:\n%s", diff)
	}
	first, second := slices.Collect(demo.Engagements(anchor)), slices.Collect(demo.Engagements(anchor))
	if !slices.EqualFunc(first, second, func(a, b fil.Event) bool {
		return a.ID == b.ID && a.Type == b.Type && a.Time.Equal(b.Time) && string(a.Data) == string(b.Data)
	}) {
		t.Error("engagements differ")
	}
}
