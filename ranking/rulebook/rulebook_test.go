package rulebook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/rulebook"
)

var noon = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)

func parse(t testing.TB, text string) ranking.Policy {
	t.Helper()
	p, err := ranking.ParsePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const busy = `
name: busy
holdout: {share: 0.02}
terms:
- {name: safety, label: {fr: Sécurité, en: Safety}, value: '"sécurité" in topics', weight: 1.5}
`

// paths lists the keys of a policy as its JSON has them, by a walk of its own.
func paths(t testing.TB, policy ranking.Policy) map[string]any {
	t.Helper()
	raw, err := json.Marshal(policy)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	found := map[string]any{}
	var walk func(path string, node any)
	walk = func(path string, node any) {
		if object, ok := node.(map[string]any); ok {
			for name, child := range object {
				walk(strings.TrimPrefix(path+"."+name, "."), child)
			}
			return
		}
		if list, ok := node.([]any); ok && path == "terms" && len(list) > 0 {
			for _, one := range list {
				term := one.(map[string]any)
				name := term["name"].(string)
				delete(term, "name")
				walk("terms."+name, term)
			}
			return
		}
		found[path] = node
	}
	walk("", tree)
	return found
}

// Every key of a policy is stated once, in both languages, in a sentence of its own that has its number.
func TestState_LeavesNoKeyOut(t *testing.T) {
	for name, file := range map[string]string{"default": "", "busy": busy, "all off": "rules: {mandatory_first: false, pinned_at_most: 0, seen_by: [], seen_after_shown: 0}\nexploration: {share: 0}"} {
		policy := parse(t, file)
		want := paths(t, policy)
		for _, language := range []string{"fr", "en"} {
			stated := map[string]string{}
			for _, section := range rulebook.State(policy, language).Sections {
				for _, line := range section.Rules {
					if stated[line.Key] != "" {
						t.Errorf("%s, %s: %s is stated twice", name, language, line.Key)
					}
					stated[line.Key] = line.Says
				}
			}
			for path, value := range want {
				says := stated[path]
				switch {
				case says == "":
					t.Errorf("%s, %s: %s is not stated", name, language, path)
				case strings.HasPrefix(says, path+" = "):
					t.Errorf("%s, %s: %s has no sentence: give it one in keys.go", name, language, path)
				}
				if number, ok := value.(float64); ok && number != 0 && !strings.Contains(path, "share") {
					if digits := strings.ReplaceAll(fmt.Sprint(number), ".", map[string]string{"fr": ",", "en": "."}[language]); number < 1000 && !strings.Contains(says, digits) {
						t.Errorf("%s, %s: %s is %s, and its sentence has no such number: %s", name, language, path, digits, says)
					}
				}
			}
			if len(stated) != len(want) {
				t.Errorf("%s, %s: %d keys are stated, of %d", name, language, len(stated), len(want))
			}
		}
	}
}

func TestState_FollowsTheOrderOfTheRules(t *testing.T) {
	place := func(file, key string) int {
		at := 0
		for _, section := range rulebook.State(parse(t, file), "fr").Sections {
			for _, line := range section.Rules {
				if at++; line.Key == key {
					return at
				}
			}
		}
		t.Fatalf("%s is not stated", key)
		return 0
	}
	other := "rules: {order: [pinned, mandatory, unseen, discovery, caps]}"
	if place("", "rules.mandatory_first") > place("", "rules.pinned_at_most") || place(other, "rules.mandatory_first") < place(other, "rules.pinned_at_most") ||
		place("", "rules.cap_per_topic") > place("", "exploration.share") || place(other, "rules.cap_per_topic") < place(other, "exploration.share") {
		t.Error("the rules are not stated in the order in which they are applied")
	}
}

func TestCompare_SaysTheEffect(t *testing.T) {
	before := ranking.DefaultPolicy()
	for _, c := range []struct{ file, key, fr, en string }{
		{fmt.Sprintf("weights: {topic: %v}", 2*weightOf(t, "topic")), "weights.topic", "Votre goût pour le thème compte deux fois plus.", "Your taste for the topic counts twice as much."},
		{"weights: {topic: 0}", "weights.topic", "ne compte plus", "counts no more"},
		{"half_lives: {affinity_days: 60}", "half_lives.affinity_days", "baisse deux fois moins vite", "fades 2 times slower"},
		{"half_lives: {affinity_days: 15}", "half_lives.affinity_days", "baisse deux fois plus vite", "fades 2 times faster"},
		{"exploration: {share: 0.25}", "exploration.share", "La part de la découverte passe de 10\u00a0% à 25\u00a0%.", "The share of discovery goes from 10% to 25%."},
		{"rules: {mandatory_first: false}", "rules.mandatory_first", "ne sont pas mis en tête", "are not put first"},
		{busy, "terms.safety.weight", "1,5 point par unité", "1.5 points a unit"},
		{"signals: {read: 3}", "signals.read", "compte 1,5 fois plus", "counts 1.5 times more"},
	} {
		after := parse(t, c.file)
		for language, want := range map[string]string{"fr": c.fr, "en": c.en} {
			changes := rulebook.Compare(before, after, language)
			at := slices.IndexFunc(changes, func(change rulebook.Change) bool { return change.Key == c.key })
			if at < 0 || !strings.Contains(changes[at].Says, want) {
				t.Errorf("%s, %s: %+v, want %q", c.key, language, changes, want)
			}
		}
	}
	if changes := rulebook.Compare(before, before, "fr"); len(changes) != 0 {
		t.Errorf("a policy differs from itself: %+v", changes)
	}
	if back := rulebook.Compare(parse(t, busy), before, "fr"); !slices.ContainsFunc(back, func(c rulebook.Change) bool {
		return c.Key == "terms.safety.value" && c.After == "" && strings.HasPrefix(c.Says, "Disparaît")
	}) {
		t.Errorf("a term that goes away is not told: %+v", back)
	}
}

func weightOf(t testing.TB, name string) float64 {
	t.Helper()
	weight, ok := paths(t, ranking.DefaultPolicy())["weights."+name].(float64)
	if !ok {
		t.Fatalf("no weight is called %s", name)
	}
	return weight
}

// shelf is a log of one partition that this process follows at once.
type shelf struct {
	policies *ranking.Policies
	records  []fil.Record
	away     bool
}

func (s *shelf) Publish(_ context.Context, records []fil.Record) error {
	if s.away {
		return errors.New("no broker answers")
	}
	s.records = append(s.records, records...)
	return s.policies.Apply(records)
}

func (s *shelf) Await(context.Context, fil.Position) error { return nil }

func (s *shelf) CatchUp(context.Context, ...int) error { return nil }

func newDesk() (*rulebook.Desk, *shelf) {
	s := &shelf{policies: ranking.NewPolicies(ranking.DefaultPolicy())}
	return rulebook.NewDesk(s.policies, s, s, func() time.Time { return noon }), s
}

func TestDesk_PublishesOnceAndGoesBack(t *testing.T) {
	desk, log := newDesk()
	base := log.policies.InForce().Policy
	put := func(order rulebook.Order, changed bool, records int) rulebook.Outcome {
		t.Helper()
		before := len(log.records)
		done, err := desk.Put(t.Context(), order)
		if err != nil || done.Changed != changed || len(log.records)-before != records || !done.Shown {
			t.Fatalf("%+v: %+v, %v, %d records", order, done, err, len(log.records)-before)
		}
		return done
	}
	put(rulebook.Order{Text: busy, Rehearse: true}, true, 0)
	done := put(rulebook.Order{Text: busy, By: "key-1", Note: "why"}, true, 2)
	force := log.policies.InForce()
	if force.Policy != done.After.Version || force.Holdout != 0.02 || force.By != "key-1" || len(force.Past) != 1 || force.Past[0].Policy != base {
		t.Fatalf("in force: %+v", force)
	}
	put(rulebook.Order{Text: busy}, false, 0)
	put(rulebook.Order{Version: base}, true, 2) // the base is published the first time that one goes back to it
	put(rulebook.Order{Version: done.After.Version, Expected: base}, true, 1)
	if force := log.policies.InForce(); len(force.Past) != 3 || force.Policy != done.After.Version {
		t.Errorf("in force: %+v", force)
	}
}

func TestDesk_EndsAnExperiment(t *testing.T) {
	desk, log := newDesk()
	done, err := desk.Put(t.Context(), rulebook.Order{Text: busy})
	if err != nil {
		t.Fatal(err)
	}
	force := done.InForce
	force.Experiment = &fil.Experiment{Name: "trial", Arms: []fil.Arm{{Name: "a", Policy: force.Policy, Share: 0.5}}}
	event, err := fil.NewEvent(fil.TypeInForce, "test", "1", noon, force)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Publish(t.Context(), []fil.Record{{Key: fil.KeyInForce, Event: event}}); err != nil {
		t.Fatal(err)
	}
	done, err = desk.Put(t.Context(), rulebook.Order{Version: force.Policy})
	if err != nil || !done.Changed || done.Ended != "trial" || log.policies.InForce().Experiment != nil {
		t.Errorf("%+v, %v, in force %+v", done, err, log.policies.InForce())
	}
}

func TestDesk_Refuses(t *testing.T) {
	desk, log := newDesk()
	for name, order := range map[string]rulebook.Order{
		"nothing":            {},
		"both":               {Text: busy, Version: "x"},
		"a policy not valid": {Text: "colour: red"},
		"a long note":        {Text: busy, Note: strings.Repeat("é", 501)},
		"too long a file":    {Text: "# " + strings.Repeat("<", 30<<10) + busy}, // six times that in JSON
	} {
		if _, err := desk.Put(t.Context(), order); len(fil.FaultsOf(err)) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, order := range map[string]rulebook.Order{"a version that is not known": {Version: "x-00000000"}, "another in force than expected": {Text: busy, Expected: "x-00000000"}} {
		if _, err := desk.Put(t.Context(), order); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	log.away = true
	if _, err := desk.Put(t.Context(), rulebook.Order{Text: busy}); err == nil || len(log.records) > 0 {
		t.Errorf("without a log: %v, %d records", err, len(log.records))
	}
}
