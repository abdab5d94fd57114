package importer

import (
	"hash/fnv"
	"io"
	"strconv"
	"time"

	"github.com/filengine/fil"
)

// ActMapping makes engagements of rows, as an import of engagements does, for who reads a log without a server. Beside the
// fields of an import, a column may give the agent's group, and the content's topics and time of publication.
type ActMapping struct {
	plan     *plan
	progress io.Writer
}

// Act is what a row tells: an engagement, and what is known of its agent and content.
type Act struct {
	fil.Engagement
	Group     string
	Topics    []string
	Published time.Time // zero when the row does not tell
	Identity  uint64    // a digest of the id or, without one, of the row: what an import goes by to tell duplicates
}

// NewActMapping reads Map, Const, Value and Progress. Without a column nor a value for it, kind is read. Its error is a
// *UsageError.
func NewActMapping(o Options) (*ActMapping, error) {
	plan, err := newPlan(o, []field{
		{"agent", text, true}, {"content", text, true}, {"kind", text, false}, {"time", moment, true}, {"dwell", number, false},
		{"id", text, false}, {"source", text, false}, {"group", text, false}, {"topics", list, false}, {"published_at", moment, false},
	})
	if err != nil {
		return nil, err
	}
	return &ActMapping{plan, o.Progress}, nil
}

// Rows calls visit for every row of every file, after having checked that all can be read and have the columns that the
// mapping names (*UsageError otherwise). A row and what it gave last until visit returns.
func (m *ActMapping) Rows(paths []string, visit func(Row) error) error {
	bar := newBar(Options{Files: paths, Kind: "engagements", Progress: m.progress})
	defer bar.finish()
	return m.plan.rows(paths, bar, visit)
}

// Act makes an act of a row. With faults it must not be used. Its texts last as long as the row.
func (m *ActMapping) Act(r Row) (Act, fil.Faults) {
	if r.Fault != nil {
		return Act{}, fil.Faults{r.Fault}
	}
	values, faults := m.plan.of(r.Cell)
	if len(faults) > 0 {
		return Act{}, faults
	}
	a := Act{Identity: identity(r.of)}
	a.Kind = fil.Read
	for i, f := range m.plan.fields {
		switch v := values[i].(type) {
		case nil:
			if f.needs {
				faults.Add(f.name, "est vide : toute ligne en demande un", "is empty: every row needs one")
			}
		case string:
			switch f.name {
			case "agent":
				a.Agent = v
			case "content":
				a.Content = v
			case "kind":
				a.Kind = fil.EngagementKind(v)
			case "group":
				a.Group = v
			case "id":
				a.Identity = identity(row{cells: []string{v}, names: []string{"id"}})
			}
		case float64:
			a.Dwell = v
		case time.Time:
			if f.name == "time" {
				a.Time = v
			} else {
				a.Published = v
			}
		case []string:
			a.Topics = v
		}
	}
	return a, faults
}

// identity is a digest of a row's cells.
func identity(r row) uint64 {
	h := fnv.New64a()
	for _, cell := range r.cells {
		_, _ = io.WriteString(h, strconv.Itoa(len(cell))+":"+cell)
	}
	if r.object != nil {
		_, _ = io.WriteString(h, r.digest())
	}
	return h.Sum64()
}

// Open visits what a file holds, plain, gzip or zip, as an import would read it. What cannot be opened is a *UsageError.
func Open(path string, visit func(io.Reader) error) error { return openTables(path, nil, visit) }
