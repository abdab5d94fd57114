package directory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/filengine/fil"
)

// Report says what a synchronisation would change, or changed. Counts are of agents, but for those of the source.
type Report struct {
	Entries  int `json:"entries"`  // that the source gave
	LeftOut  int `json:"left_out"` // that the source left out: as if it did not have them
	Refused  int `json:"refused"`  // entries that are not followed
	Nameless int `json:"nameless"` // of the refused, those without a readable id

	Directory int `json:"directory"` // that the server knows
	InScope   int `json:"in_scope"`  // of these, those that the source may change or remove

	Added     int            `json:"added"`
	Changed   int            `json:"changed"`
	Values    map[string]int `json:"values,omitempty"` // values that change, by field
	Removed   int            `json:"removed"`
	Unchanged int            `json:"unchanged"`
	Kept      int            `json:"kept"` // as they are, because their entry is refused

	Examples Examples `json:"examples"`
	Faults   []Fault  `json:"faults,omitempty"` // of the first entries refused

	Withheld []string `json:"withheld,omitempty"` // why nothing may be written, and which option would let it
	Applied  bool     `json:"applied"`
	Written  Written  `json:"written"`

	language string
}

// Written counts what the server did.
type Written struct {
	Put     int `json:"put"`
	Removed int `json:"removed"`
	Refused int `json:"refused"`
}

// Examples are the first of each kind.
type Examples struct {
	Added   []Example `json:"added,omitempty"`
	Changed []Example `json:"changed,omitempty"`
	Removed []Example `json:"removed,omitempty"`
}

// Example is one agent.
type Example struct {
	ID     string   `json:"id"`
	Org    string   `json:"org,omitempty"`
	Values []Change `json:"values,omitempty"`
}

// Change is one value, in JSON; empty, there is none.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Fault is why an entry is not followed.
type Fault struct {
	Where  string `json:"where,omitempty"` // file and line, or distinguished name
	ID     string `json:"id,omitempty"`
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail"`
}

func newReport(o Options) Report { return Report{Values: map[string]int{}, language: o.Language} }

// Pending says that there is something to write that has not been.
func (r Report) Pending() bool { return !r.Applied && r.Added+r.Changed+r.Removed > 0 }

func (r *Report) change(id string, fields []string, before, after map[string]string, examples int) {
	for _, field := range fields {
		r.Values[strings.TrimPrefix(field, attribute)]++
	}
	if len(r.Examples.Changed) >= examples {
		return
	}
	one := Example{ID: id}
	for _, field := range fields {
		one.Values = append(one.Values, Change{strings.TrimPrefix(field, attribute), clip(before[field]), clip(after[field])})
	}
	r.Examples.Changed = append(r.Examples.Changed, one)
}

// guard says why the changes may not be written, if they may not.
func (s *sync) guard() {
	r := &s.report
	object := func(fr, en string, args ...any) {
		r.Withheld = append(r.Withheld, fmt.Sprintf(fil.Bilingual{FR: fr, EN: en}.In(s.o.Language), args...))
	}
	if r.Entries == r.Refused {
		object("la source est vide, ou rien n'en est lisible : elle ne peut pas être suivie", "the source is empty, or nothing in it can be read: it cannot be followed")
		return
	}
	over := func(n int, most float64) bool { return float64(n) > most*float64(r.InScope)+1e-9 }
	if over(r.Removed, s.o.MaxRemovals) {
		object("%d agents sur %d (%s) seraient retirés, pour %s permis ; si c'est voulu : --max-removals %s",
			"%d agents of %d (%s) would be removed, where %s are allowed; if that is meant: --max-removals %s",
			r.Removed, r.InScope, percent(r.Removed, r.InScope), share(s.o.MaxRemovals), percent(r.Removed, r.InScope))
	}
	if over(r.Changed, s.o.MaxChanges) {
		object("%d agents sur %d (%s) seraient changés, pour %s permis ; si c'est voulu : --max-changes %s",
			"%d agents of %d (%s) would be changed, where %s are allowed; if that is meant: --max-changes %s",
			r.Changed, r.InScope, percent(r.Changed, r.InScope), share(s.o.MaxChanges), percent(r.Changed, r.InScope))
	}
	if r.Removed > 0 && r.Nameless > s.o.MaxNameless {
		object("%d entrées n'ont pas d'identifiant lisible : ce peut être des agents qui seraient retirés ; corrigez-les, ou passez outre : --max-nameless %d",
			"%d entries have no readable id: they may be agents that would be removed; mend them, or pass them over: --max-nameless %d", r.Nameless, r.Nameless)
	}
}

// percent is a share rounded up to a tenth, so that it is enough when it is given back.
func percent(n, of int) string {
	tenths := (n*1000 + of - 1) / max(of, 1)
	return share(float64(tenths) / 1000)
}

func share(part float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", part*100), ".0") + "%"
}

// Text is the report for people, in the language of the options.
func (r Report) Text() string {
	var b strings.Builder
	say := func(fr, en string, args ...any) {
		_, _ = fmt.Fprintf(&b, fil.Bilingual{FR: fr, EN: en}.In(r.language)+"\n", args...)
	}
	say("source : %d entrées, dont %d refusées ; %d laissées de côté", "source: %d entries, %d of them refused; %d left out", r.Entries, r.Refused, r.LeftOut)
	say("annuaire : %d agents, dont %d dans le périmètre", "directory: %d agents, %d of them in scope", r.Directory, r.InScope)
	tab := tabwriter.NewWriter(&b, 0, 4, 2, ' ', tabwriter.AlignRight)
	for _, line := range []struct {
		label fil.Bilingual
		n     int
	}{
		{fil.Bilingual{FR: "ajoutés", EN: "added"}, r.Added}, {fil.Bilingual{FR: "changés", EN: "changed"}, r.Changed},
		{fil.Bilingual{FR: "retirés", EN: "removed"}, r.Removed}, {fil.Bilingual{FR: "inchangés", EN: "unchanged"}, r.Unchanged},
		{fil.Bilingual{FR: "gardés, leur entrée étant refusée", EN: "kept, their entry being refused"}, r.Kept},
	} {
		_, _ = fmt.Fprintf(tab, "%d\t %s\n", line.n, line.label.In(r.language))
	}
	_ = tab.Flush()
	if len(r.Values) > 0 {
		say("valeurs changées : %s", "values changed: %s", r.values())
	}
	r.examples(&b)
	for _, f := range r.Faults {
		say("! %s", "! %s", strings.Join(slices.DeleteFunc([]string{f.Where, f.ID, f.Field, f.Detail}, func(part string) bool { return part == "" }), " · "))
	}
	switch {
	case len(r.Withheld) > 0:
		say("retenu, rien n'a été écrit :\n- %s", "withheld, nothing was written:\n- %s", strings.Join(r.Withheld, "\n- "))
	case r.Applied:
		say("écrit : %d agents ajoutés ou changés, %d retirés, %d refusés par le serveur", "written: %d agents added or changed, %d removed, %d refused by the server", r.Written.Put, r.Written.Removed, r.Written.Refused)
	case r.Pending():
		say("rien n'a été écrit ; --apply l'écrit", "nothing was written; --apply writes it")
	default:
		say("rien à changer", "nothing to change")
	}
	return strings.Map(func(c rune) rune { // what someone else wrote must not speak to the terminal
		if unicode.IsControl(c) && c != '\n' {
			return -1
		}
		return c
	}, b.String())
}

// values lists the fields that change, the one with the most values first.
func (r Report) values() string {
	names := slices.SortedFunc(maps.Keys(r.Values), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Values[b], r.Values[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, r.Values[name])
	}
	return strings.Join(names, ", ")
}

func (r Report) examples(b *strings.Builder) {
	for _, kind := range []struct {
		mark string
		list []Example
	}{{"+", r.Examples.Added}, {"~", r.Examples.Changed}, {"-", r.Examples.Removed}} {
		for _, e := range kind.list {
			parts := []string{e.ID}
			if e.Org != "" {
				parts = append(parts, e.Org)
			}
			for _, v := range e.Values {
				parts = append(parts, fmt.Sprintf("%s %s → %s", v.Field, cmp.Or(v.Before, "∅"), cmp.Or(v.After, "∅")))
			}
			_, _ = fmt.Fprintf(b, "%s %s\n", kind.mark, strings.Join(parts, " · "))
		}
	}
}
