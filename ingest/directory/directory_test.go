package directory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/directory"
)

const three = `{"id":"a1","org":"mairie/dgst","attributes":{"grade":"A","days":2}}
{"id":"a2","org":"mairie/dgst","attributes":{"grade":"B","skills":["sql","go"]}}
{"id":"a3","org":"cd/routes","attributes":{"grade":"C"}}
`

// Each case is one synchronisation over the same directory, first dry and then applied.
func TestSync(t *testing.T) {
	cases := []struct {
		name, source string
		change       func(*directory.Options)
		counts       [6]int // added, changed, removed, unchanged, refused, kept
		withheld     string // part of the reason; nothing is then written
		faults       string
		after        string // ids of the directory, or whole lines
	}{
		{name: "the same", source: three, counts: [6]int{0, 0, 0, 3, 0, 0}, after: "a1 a2 a3"},
		{name: "the same, written otherwise", source: "id,org,grade,days,skills\na1,/mairie/dgst/,A,\"2,0\",\na2,mairie/dgst,B,,sql|go|sql\na3,cd/routes,C,,\n",
			counts: [6]int{0, 0, 0, 3, 0, 0}, after: "a1 a2 a3"},
		{name: "one of each", source: "id,org,grade\na1,mairie/dgst,A\na3,cd/routes,C\na4,cd,B\n", counts: [6]int{1, 1, 1, 1, 0, 0}, after: "a1 a3 a4"},
		{name: "what is not in scope stays", source: "id;org\na1;mairie\n", change: func(o *directory.Options) { o.Scope = "/mairie/" },
			counts: [6]int{0, 1, 1, 0, 0, 0}, after: "a1 a3"},
		{name: "an entry out of scope is refused", source: "id,org\na1,mairie/dgst\na2,mairie/dgst\nb,mairies\n",
			change: func(o *directory.Options) { o.Scope, o.Merge = "mairie", true }, counts: [6]int{0, 0, 0, 2, 1, 0},
			faults: `n'est pas dans le périmètre "mairie" : "mairies"`, after: "a1 a2 a3"},
		{name: "another's agent is not taken", source: "id,org\na1,mairie/dgst\na2,mairie/dgst\na3,mairie\n",
			change: func(o *directory.Options) { o.Scope, o.Merge = "mairie", true }, counts: [6]int{0, 0, 0, 2, 1, 0},
			faults: `hors du périmètre, dans "cd/routes"`, after: "a1 a2 a3"},
		{name: "a refused entry keeps its agent", source: "id,org,grade,days\na1,mairie/dgst,A,deux\na2,mairie/dgst,A,\na3,cd/routes,C,\n",
			counts: [6]int{0, 1, 0, 1, 1, 1}, faults: "annuaire:2 · a1 · days · n'est pas un nombre : deux", after: "a1 a2 a3"},
		{name: "an id twice is nobody's", source: "id,grade\na1,A\na2,B\na1,B\na3,C\n", change: func(o *directory.Options) { o.Merge = true },
			counts: [6]int{0, 0, 0, 2, 2, 1}, faults: "est celui de plusieurs entrées", after: "a1 a2 a3"},
		{name: "what the door refuses, the dry run refuses", source: three + `{"id":"x y"}` + "\n" + `{"id":"long","attributes":{"grade":"` + strings.Repeat("g", 300) + `"}}`,
			counts: [6]int{0, 0, 0, 3, 2, 0}, faults: "doit être un texte de 256 octets au plus", after: "a1 a2 a3"},
		{name: "merge keeps the rest", source: "id,grade\na1,B\na2,\na3,C\n", change: func(o *directory.Options) { o.Merge = true }, counts: [6]int{0, 2, 0, 1, 0, 0},
			after: `{"id":"a1","org":"mairie/dgst","attributes":{"days":2,"grade":"B"}}
{"id":"a2","org":"mairie/dgst","attributes":{"skills":["go","sql"]}}
{"id":"a3","org":"cd/routes","attributes":{"grade":"C"}}
`},
		{name: "merge in a scope, whose organisation the source does not say", source: "id,grade\na1,B\na9,B\n",
			change: func(o *directory.Options) { o.Scope, o.Merge = "mairie", true }, counts: [6]int{0, 1, 1, 0, 1, 0}, faults: "n'est pas dans le périmètre", after: "a1 a3"},
		{name: "a line that is no row takes nobody away", source: "id,grade\na1,A\na2\na3,C\n", change: func(o *directory.Options) { o.Merge = true },
			counts: [6]int{0, 0, 1, 2, 1, 0}, withheld: "--max-nameless 1", faults: "a 1 cellules", after: "a1 a2 a3"},
		{name: "unless one passes over it", source: "id,grade\na1,A\na2\na3,C\n", change: func(o *directory.Options) { o.Merge, o.MaxNameless = true, 1 },
			counts: [6]int{0, 0, 1, 2, 1, 0}, faults: "a 1 cellules", after: "a1 a3"},
		{name: "an empty source", source: "id,org\n", counts: [6]int{0, 0, 3, 0, 0, 0}, withheld: "la source est vide", after: "a1 a2 a3"},
		{name: "a source of nothing readable", source: "id,days\na1,deux\n", counts: [6]int{0, 0, 2, 0, 1, 1}, faults: "deux", withheld: "la source est vide", after: "a1 a2 a3"},
		{name: "too many removals", source: "id,grade\na1,A\na2,B\n", change: func(o *directory.Options) { o.Merge, o.MaxRemovals = true, 0.333 },
			counts: [6]int{0, 0, 1, 2, 0, 0}, withheld: "1 agents sur 3 (33.4%) seraient retirés, pour 33.3% permis ; si c'est voulu : --max-removals 33.4%", after: "a1 a2 a3"},
		{name: "as many as that", source: "id,grade\na1,A\na2,B\n", change: func(o *directory.Options) { o.Merge, o.MaxRemovals = true, 0.334 },
			counts: [6]int{0, 0, 1, 2, 0, 0}, after: "a1 a2"},
		{name: "too many changes", source: "id,grade\na1,B\na2,C\na3,C\n", change: func(o *directory.Options) { o.Merge, o.MaxChanges, o.Language = true, 0.5, "en" },
			counts: [6]int{0, 2, 0, 1, 0, 0}, withheld: "2 agents of 3 (66.7%) would be changed, where 50% are allowed; if that is meant: --max-changes 66.7%", after: "a1 a2 a3"},
		{name: "fields, constants and values", source: "matricule,service\na1,voirie\na2,voirie\na3,eau\n", change: func(o *directory.Options) {
			o.Map, o.Const, o.Value = []string{"id=matricule,org=service"}, []string{"grade=A"}, []string{"org:voirie=mairie/voirie"}
		}, counts: [6]int{0, 3, 0, 0, 0, 0}, after: `{"id":"a1","org":"mairie/voirie","attributes":{"grade":"A"}}
{"id":"a2","org":"mairie/voirie","attributes":{"grade":"A"}}
{"id":"a3","org":"eau","attributes":{"grade":"A"}}
`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := setup(t)
			s.fill(three)
			o, before := s.options(), s.have()
			if c.change != nil {
				c.change(&o)
			}
			dry := s.sync(s.file(c.source), o)
			if got := [6]int{dry.Added, dry.Changed, dry.Removed, dry.Unchanged, dry.Refused, dry.Kept}; got != c.counts {
				t.Errorf("added, changed, removed, unchanged, refused, kept: %v, want %v\n%s", got, c.counts, dry.Text())
			}
			if s.have() != before {
				t.Fatalf("a dry run wrote: %s", s.have())
			}
			if (c.faults == "") != (len(dry.Faults) == 0) || !strings.Contains(dry.Text(), c.faults) {
				t.Errorf("faults %+v, want one with %q", dry.Faults, c.faults)
			}
			o.Apply = true
			done := s.sync(s.file(c.source), o)
			if (c.withheld == "") != (len(done.Withheld) == 0) || done.Applied == (c.withheld != "") || !strings.Contains(done.Text(), c.withheld) {
				t.Errorf("withheld %q, want %q", done.Withheld, c.withheld)
			}
			if done.Applied && (done.Written.Put != c.counts[0]+c.counts[1] || done.Written.Removed != c.counts[2]) {
				t.Errorf("written %+v for %v", done.Written, c.counts)
			}
			have := s.have()
			if !strings.HasPrefix(c.after, "{") {
				have = strings.Join(ids(t, have), " ")
			}
			if diff := cmp.Diff(c.after, have); diff != "" {
				t.Error(diff)
			}
			if c.withheld == "" {
				if again := s.sync(s.file(c.source), o); again.Added+again.Changed+again.Removed > 0 {
					t.Errorf("once more, there is more to change: %s", again.Text())
				}
			}
		})
	}
}

func ids(t testing.TB, lines string) (ids []string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var a fil.Agent
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, a.ID)
	}
	return ids
}

// The report tells what would change, value by value, and nothing that speaks to a terminal.
func TestReport(t *testing.T) {
	s := setup(t)
	s.fill(three)
	report := s.sync(s.file(`{"id":"a1","org":"mairie","attributes":{"grade":"B","days":2}}
{"id":"a2","org":"mairie/dgst","attributes":{"grade":"A\u001b[31m"}}
{"id":"a4","org":"mairie"}
`), s.options())
	want := `source : 3 entrées, dont 0 refusées ; 0 laissées de côté
annuaire : 3 agents, dont 3 dans le périmètre
  1 ajoutés
  2 changés
  1 retirés
  0 inchangés
  0 gardés, leur entrée étant refusée
valeurs changées : grade 2, org 1, skills 1
+ a4 · mairie
~ a1 · grade "A" → "B" · org "mairie/dgst" → "mairie"
~ a2 · grade "B" → "A\u001b[31m" · skills ["go","sql"] → ∅
- a3 · cd/routes
rien n'a été écrit ; --apply l'écrit
`
	if diff := cmp.Diff(want, report.Text()); diff != "" {
		t.Error(diff)
	}
}

// Whatever the directory and the source are, what is written is what was said, and the directory is then level.
func TestSyncIsLevel(t *testing.T) {
	s := setup(t)
	draw := func(t *rapid.T, label string) map[string]fil.Agent {
		agents := map[string]fil.Agent{}
		for range rapid.IntRange(1, 12).Draw(t, label) {
			a := fil.Agent{ID: fmt.Sprintf("a%d", rapid.IntRange(0, 15).Draw(t, "id")), Org: rapid.SampledFrom([]string{"x", "x/y", "xy", "z"}).Draw(t, "org")}
			if grade := rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "grade"); grade != "" {
				a.Attributes = map[string]any{"grade": grade}
			}
			agents[a.ID] = a
		}
		return agents
	}
	lines := func(agents map[string]fil.Agent) string {
		var b strings.Builder
		for _, a := range agents {
			raw, _ := json.Marshal(a)
			b.Write(append(raw, '\n'))
		}
		return b.String()
	}
	within := func(a fil.Agent) bool { return a.Org == "x" || a.Org == "x/y" }
	rapid.Check(t, func(t *rapid.T) {
		before, source := draw(t, "before"), draw(t, "source")
		s.fill(lines(before))
		o, want := s.options(), source
		if rapid.Bool().Draw(t, "scoped") {
			o.Scope, want = "x", map[string]fil.Agent{}
			followed := 0
			for id, a := range before {
				entry, listed := source[id]
				if !within(a) || listed && !within(entry) {
					want[id] = a
				}
			}
			for id, a := range source {
				if within(a) {
					if _, other := want[id]; !other {
						want[id] = a
						followed++
					}
				}
			}
			if followed == 0 {
				return // an empty source is not followed
			}
		}
		dry := s.sync(s.file(lines(source)), o)
		o.Apply = true
		done := s.sync(s.file(lines(source)), o)
		if done.Written.Put != dry.Added+dry.Changed || done.Written.Removed != dry.Removed {
			t.Fatalf("said %+v, written %+v", dry, done.Written)
		}
		if diff := cmp.Diff(want, s.town.agents); diff != "" {
			t.Fatal(diff)
		}
		if again := s.sync(s.file(lines(source)), o); again.Added+again.Changed+again.Removed > 0 {
			t.Fatalf("not level: %s", again.Text())
		}
	})
}

// A directory that was not read to its end takes nobody away, and a cut in the writing leaves the rest for the next run.
func TestSyncCut(t *testing.T) {
	s := setup(t)
	s.fill(three)
	before, o := s.have(), s.options()
	o.Apply = true
	cut := func(path string, answer string) {
		hand := func(w http.ResponseWriter, r *http.Request, door http.Handler) {
			if r.URL.Path == path {
				_, _ = w.Write([]byte(answer))
				return
			}
			door.ServeHTTP(w, r)
		}
		s.hand.Store(&hand)
	}
	for name, answer := range map[string]string{"in the middle": `{"id":"a1","org":"mairie/dgst"}` + "\n" + `{"id":"a2"`, "between lines": `{"id":"a1"}` + "\n",
		"short": `{"id":"a1"}` + "\n" + `{"exported":2}` + "\n", "not an agent": "{}\n"} {
		cut("/v1/agents:export", answer)
		report, err := directory.Sync(t.Context(), s.file(`{"id":"a9"}`), o)
		if err == nil || report.Applied || s.have() != before {
			t.Errorf("%s: error %v, %+v", name, err, report)
		}
	}
	cut("/v1/agents:remove", "")
	if report, err := directory.Sync(t.Context(), s.file(`{"id":"a9"}`), o); err == nil || !report.Applied || report.Written.Put != 1 {
		t.Errorf("removal cut: error %v, %+v", err, report)
	}
	s.hand.Store(nil)
	if report := s.sync(s.file(`{"id":"a9"}`), o); report.Removed != 3 || report.Unchanged != 1 || strings.Join(ids(t, s.have()), " ") != "a9" {
		t.Errorf("run again: %+v, %s", report, s.have())
	}
	left, err := os.ReadDir(s.dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left in the folder of temporary files: %v, %v", left, err)
	}
}

// What the options ask must fit.
func TestSyncMisused(t *testing.T) {
	s := setup(t)
	for name, change := range map[string]func(*directory.Options){
		"no such column": func(o *directory.Options) { o.Map = []string{"id=matricle"} },
		"no id":          func(o *directory.Options) { o.Map = []string{"org=matricule"} },
		"no such field":  func(o *directory.Options) { o.Map = []string{"id=matricule,garde=grade"} },
		"no server":      func(o *directory.Options) { o.Server = "here" },
	} {
		o := s.options()
		change(&o)
		var misuse *directory.UsageError
		if _, err := directory.Sync(t.Context(), s.file("matricule,grade\na1,A\n"), o); !errors.As(err, &misuse) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
