package ranking_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// published is a version on the log.
func published(t testing.TB, text string) (fil.Record, string) {
	t.Helper()
	edition, err := ranking.Publication([]byte(text), "operator", "", noon)
	if err != nil {
		t.Fatal(err)
	}
	return policyRecord(t, edition.Policy.Version, fil.TypePolicy, edition.Published), edition.Policy.Version
}

func policyRecord(t testing.TB, key, kind string, data any) fil.Record {
	t.Helper()
	event, err := fil.NewEvent(kind, "test", key, noon, data)
	if err != nil {
		t.Fatal(err)
	}
	return fil.Record{Position: fil.Position{Topic: fil.TopicPolicies}, Key: key, Event: event}
}

func enforce(t testing.TB, force fil.InForce) fil.Record {
	t.Helper()
	return policyRecord(t, fil.KeyInForce, fil.TypeInForce, force)
}

func applied(t testing.TB, records ...fil.Record) *ranking.Policies {
	t.Helper()
	p := ranking.NewPolicies(ranking.DefaultPolicy())
	if err := p.Apply(records); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPolicies_FollowWhatIsPublishedAndPutInForce(t *testing.T) {
	base := ranking.DefaultPolicy().Version
	first, one := published(t, "name: first\nfeed_length: 7")
	second, two := published(t, "name: second")
	p := ranking.NewPolicies(ranking.DefaultPolicy())
	for i, step := range []struct {
		records []fil.Record
		want    string
	}{
		{nil, base},
		{[]fil.Record{first}, base},
		{[]fil.Record{enforce(t, fil.InForce{Policy: one})}, one},
		{[]fil.Record{second, enforce(t, fil.InForce{Policy: two, Holdout: 0.01})}, two},
		{[]fil.Record{enforce(t, fil.InForce{Policy: one})}, one}, // a rollback
		{[]fil.Record{enforce(t, fil.InForce{Policy: "unknown-00000000"})}, one},
		{[]fil.Record{{Key: fil.KeyInForce}}, base},
	} {
		before := p.Stamp()
		if err := p.Apply(step.records); err != nil {
			t.Fatal(err)
		}
		if got, _, _ := p.For("alice"); p.InForce().Policy != step.want || got.Version != step.want || p.Current().Version != step.want {
			t.Errorf("step %d: in force %+v, want %s", i, p.InForce(), step.want)
		}
		if changed := p.Stamp() != before; changed != (i >= 2 && i != 5) {
			t.Errorf("step %d: the stamp changed: %v", i, changed)
		}
	}
	if got, ok := p.Version(one); !ok || got.FeedLength != 7 || got.Version != one {
		t.Errorf("version %s: %v with %d contents", one, ok, got.FeedLength)
	}
	if all := p.Editions(); len(all) != 3 || all[2].Policy.Version != base {
		t.Errorf("%d editions, want two and the base last", len(all))
	}
}

// What was put in force before its version was read takes effect as soon as it is.
func TestPolicies_WaitForTheVersion(t *testing.T) {
	record, version := published(t, "name: late")
	p := applied(t, enforce(t, fil.InForce{Policy: version}))
	if p.InForce().Policy == version || !slices.Equal(p.Missing(), []string{version}) {
		t.Errorf("in force %s, missing %v", p.InForce().Policy, p.Missing())
	}
	if err := p.Apply([]fil.Record{record}); err != nil || p.InForce().Policy != version || len(p.Missing()) > 0 {
		t.Errorf("in force %s, missing %v: %v", p.InForce().Policy, p.Missing(), err)
	}
}

// A version never changes, and keeps its name when the program that reads it would name it otherwise.
func TestPolicies_KeepAVersionAsItWasPublished(t *testing.T) {
	edition, err := ranking.Publication([]byte("feed_length: 7"), "operator", "why", noon)
	if err != nil {
		t.Fatal(err)
	}
	old := edition.Published
	old.Version = "fil-0-0badcafe"
	other := old
	other.Settings = json.RawMessage(`{"feed_length":8}`)
	p := applied(t, policyRecord(t, old.Version, fil.TypePolicy, old), policyRecord(t, old.Version, fil.TypePolicy, other))
	if got, ok := p.Edition(old.Version); !ok || got.Policy.FeedLength != 7 || got.Policy.Version != old.Version || got.Published.Note != "why" {
		t.Errorf("found %v: %+v", ok, got.Published)
	}
}

func TestPolicies_RejectWhatTheyCannotUse(t *testing.T) {
	good, version := published(t, "name: good")
	arm := func(name string, from, share float64) fil.Arm {
		return fil.Arm{Name: name, Policy: version, From: from, Share: share}
	}
	tried := func(arms ...fil.Arm) fil.Record {
		return enforce(t, fil.InForce{Policy: version, Experiment: &fil.Experiment{Name: "x", Arms: arms}})
	}
	for name, record := range map[string]fil.Record{
		"a version under another key": policyRecord(t, "other", fil.TypePolicy, fil.PublishedPolicy{Version: version, Settings: json.RawMessage("{}")}),
		"a key that is not known":     policyRecord(t, "x", fil.TypePolicy, fil.PublishedPolicy{Version: "x", Settings: json.RawMessage(`{"colour":1}`)}),
		"no policy":                   enforce(t, fil.InForce{}),
		"a hold-out of most":          enforce(t, fil.InForce{Policy: version, Holdout: 0.6}),
		"no arms":                     tried(),
		"arms that overlap":           tried(arm("a", 0, 0.3), arm("b", 0.2, 0.3)),
		"arms of one name":            tried(arm("a", 0, 0.3), arm("a", 0.5, 0.3)),
		"an arm named holdout":        tried(arm("holdout", 0, 0.3)),
		"arms of more than all":       tried(arm("a", 0.8, 0.3)),
		"not JSON of its kind":        policyRecord(t, fil.KeyInForce, fil.TypeInForce, []int{1}),
	} {
		p := applied(t, good, enforce(t, fil.InForce{Policy: version}))
		rejected, rest := fil.Rejections(p.Apply([]fil.Record{record}))
		if len(rejected) != 1 || rest != nil {
			t.Errorf("%s: %d rejections, and %v", name, len(rejected), rest)
		}
		if p.InForce().Policy != version || p.InForce().Experiment != nil {
			t.Errorf("%s: %+v is in force", name, p.InForce())
		}
	}
}

const manyAgents = 100_000

// dealt gives the arm of many agents.
func dealt(p *ranking.Policies) []string {
	arms := make([]string, manyAgents)
	for i := range arms {
		_, arms[i], _ = p.For(fmt.Sprint("agent-", i))
	}
	return arms
}

func experiment(t testing.TB, holdout float64, name string, arms ...fil.Arm) *ranking.Policies {
	t.Helper()
	base, version := published(t, "name: base")
	tried, other := published(t, "name: tried")
	for i := range arms {
		arms[i].Policy = other
	}
	return applied(t, base, tried, enforce(t, fil.InForce{Policy: version, Holdout: holdout, Experiment: &fil.Experiment{Name: name, Arms: arms}}))
}

// binomial holds a count to its binomial expectation, within 4.5 standard deviations (once in 150,000).
func binomial(t *testing.T, what string, got int, of, share float64) {
	t.Helper()
	if want, deviation := of*share, math.Sqrt(of*share*(1-share)); math.Abs(float64(got)-want) > 4.5*deviation {
		t.Errorf("%s: %d agents, want %.0f ± %.0f", what, got, want, deviation)
	}
}

func TestPolicies_DealSharesAsAsked(t *testing.T) {
	arms := []fil.Arm{{Name: "a", Share: 0.1}, {Name: "b", Share: 0.25}, {Name: "stopped", Share: 0.05, Stopped: time.Unix(1, 0)}}
	ranking.Deal(arms)
	p := experiment(t, 0.02, "first", arms...)
	count := map[string]int{}
	for _, arm := range dealt(p) {
		count[arm]++
	}
	binomial(t, "holdout", count[ranking.ArmHoldout], manyAgents, 0.02)
	binomial(t, "a", count["a"], manyAgents, 0.98*0.1)
	binomial(t, "b", count["b"], manyAgents, 0.98*0.25)
	binomial(t, "the others", count[""], manyAgents, 0.98*0.65)
	for i := range 1000 {
		agent := fmt.Sprint("agent-", i)
		policy, arm, order := p.For(agent)
		if (arm == ranking.ArmHoldout) != (order == fil.OrderChronological) || (policy.Name == "tried") != (arm == "a" || arm == "b") {
			t.Fatalf("%s of arm %q reads by %s in the order %s", agent, arm, policy.Name, order)
		}
	}
}

// An agent keeps their arm when another one shrinks, and all but those who leave when their own does.
func TestPolicies_KeepAgentsInTheirArms(t *testing.T) {
	arms := []fil.Arm{{Name: "a", Share: 0.3}, {Name: "b", Share: 0.3}, {Name: "c", Share: 0.3}}
	ranking.Deal(arms)
	before := dealt(experiment(t, 0.01, "x", slices.Clone(arms)...))
	arms[0].Share, arms[2].Share = 0.1, 0
	after := dealt(experiment(t, 0.01, "x", slices.Clone(arms)...))
	for i := range before {
		switch {
		case before[i] == after[i]:
		case after[i] == "" && (before[i] == "a" || before[i] == "c"):
		default:
			t.Fatalf("agent %d went from %q to %q", i, before[i], after[i])
		}
	}
}

// The hold-out is the same whatever is tried, and each arm of each experiment has its share of those of any other.
func TestPolicies_DealIndependently(t *testing.T) {
	half := fil.Arm{Name: "a", Share: 0.5}
	one, two := dealt(experiment(t, 0.2, "one", half)), dealt(experiment(t, 0.2, "two", half))
	both, kept := 0, 0
	for i := range one {
		if (one[i] == ranking.ArmHoldout) != (two[i] == ranking.ArmHoldout) {
			t.Fatalf("agent %d is in one hold-out and not in the other", i)
		}
		if one[i] == "a" {
			kept++
			if two[i] == "a" {
				both++
			}
		}
	}
	binomial(t, "in the arm, outside of the hold-out", kept, manyAgents, 0.8*0.5)
	binomial(t, "in both arms", both, float64(kept), 0.5)
}

func TestPolicies_ForAllocatesNothing(t *testing.T) {
	p := experiment(t, 0.1, "x", fil.Arm{Name: "a", Share: 0.5})
	i, agents := 0, []string{"alice", "bob", "carol"}
	if n := testing.AllocsPerRun(1000, func() { p.For(agents[i%3]); i++ }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzPolicies_Apply(f *testing.F) {
	f.Add("current", []byte(`{"policy":"x","holdout":0.1,"experiment":{"name":"a","arms":[{"name":"b","policy":"x","share":0.1}]}}`))
	f.Add("fil-1-00000000", []byte(`{"version":"fil-1-00000000","settings":{"feed_length":3}}`))
	f.Fuzz(func(t *testing.T, key string, data []byte) {
		p := ranking.NewPolicies(ranking.DefaultPolicy())
		if _, rest := fil.Rejections(p.Apply([]fil.Record{{Key: key, Event: fil.Event{Data: data}}})); rest != nil {
			t.Fatalf("an error that is no rejection: %v", rest)
		}
		if policy, _, _ := p.For("alice"); policy == nil || policy.Version != p.InForce().Policy {
			t.Fatalf("in force %+v, alice reads by %v", p.InForce(), policy)
		}
	})
}
