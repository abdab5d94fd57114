package ranking

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/filengine/fil"
)

// Recollection is what a profile holds about contents, and what the ranking makes of it.
type Recollection struct {
	Facts  []Recalled
	Tastes []Taste // by facet, the strongest first
}

// Recalled is what the agent did with one content.
type Recalled struct {
	Content, Title string // both empty if it was withdrawn
	Did            string // in words
	Last           time.Time
	Day            string // of the last act, as it is in the location that was asked for
	Dismissed      bool
	Held           bool // it is dismissed, and stays in the feed until the agent has acknowledged it or need not any more
}

// Taste is one taste as the ranking uses it, from -1 to 1.
type Taste struct {
	Facet fil.Facet
	Name  string
	Value float64
	Asked bool // a preference has a part in it
}

// maxTastes is how many tastes of one facet are told: the strongest.
const maxTastes = 50

// Recall tells an agent's packed profile in a language; days are in now's location. False when the directory does not know
// the agent. The only error is a profile that cannot be read.
func (r *Ranker) Recall(agent string, profile []byte, language string, now time.Time) (told Recollection, known bool, err error) {
	sc, b, known, err := r.build(agent, profile, fil.OrderChronological, now)
	if err != nil || !known {
		return Recollection{}, false, err
	}
	defer r.release(sc)
	say := r.spoken(language)
	told.Tastes = sc.tastes(b)
	for i := range sc.profile.Len() {
		f := sc.profile.at(i)
		last := time.Unix(int64(f.last), 0).In(now.Location())
		one := Recalled{Did: say.facts(f), Last: last.UTC(), Day: say.date(last, now.Year()), Dismissed: f.kinds&(1<<dismissBit) != 0}
		if at := b.snap.find(f.content); at >= 0 {
			content := b.snap.rows[at].content
			one.Content, one.Title = content.ID, content.In(language).Title
			one.Held = one.Dismissed && b.at[at] > 0 && sc.due(b, b.at[at]-1)
		}
		told.Facts = append(told.Facts, one)
	}
	return told, true, nil
}

// tastes lists those of a digest, by facet, the strongest first.
func (sc *scratch) tastes(b *board) []Taste {
	facets, all := fil.Facets(), []Taste{}
	for column := range columns {
		tastes, some := sc.taste[column], []Taste(nil)
		for _, code := range sc.touched[column] {
			name, asked := b.snap.names[column][code], false
			for w := range sc.profile.wishes {
				asked = asked || int(w.facet) == column && w.kind != wishHide && string(w.name) == name
			}
			if value := math.Round(tastes[code]*1000) / 1000; value != 0 || asked {
				some = append(some, Taste{facets[column], name, value, asked})
			}
		}
		slices.SortFunc(some, func(a, b Taste) int {
			return cmp.Or(cmp.Compare(math.Abs(b.Value), math.Abs(a.Value)), cmp.Compare(a.Name, b.Name))
		})
		all = append(all, some[:min(len(some), maxTastes)]...)
	}
	return all
}
