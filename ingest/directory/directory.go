// Package directory brings the agents of Fil level with a source that has them all: a file, an LDAP directory.
//
// It hides how two directories of millions are compared without holding either in memory: the entries of the source are
// written to a temporary file that no other process can open by a name, 16 bytes an entry stay in memory (some 40 while
// they are gathered), and the server's directory streams by. It guarantees that nothing is written before all has been
// read and compared, record by record and value by value; that a dry run finds the faults that the door would; that an
// agent whose entry is refused is left as it is; that only agents in scope are removed, and none when the guard says no;
// and that a synchronisation that was cut can be run again.
//
// It does not lock the directory: what another writer changes between the comparison and the writing is overwritten, or
// removed.
package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest"
	"github.com/filengine/fil/ingest/importer"
)

// Row is one entry as it is read.
type Row = importer.Row

// Mapping is how entries become agents.
type Mapping = importer.Mapping

// UsageError says that the options do not fit the source or the server.
type UsageError = importer.UsageError

// Source is where entries come from. Rows calls visit for each of them, once, and gives how many it left out of its own
// accord, as accounts that are closed. An error means that there may be others: nothing is then compared.
type Source interface {
	Rows(ctx context.Context, m *Mapping, visit func(Row) error) (leftOut int, err error)
}

// Files are a source: CSV or NDJSON, plain, gzip or zip.
type Files []string

// Rows reads the files in order.
func (f Files) Rows(_ context.Context, m *Mapping, visit func(Row) error) (int, error) {
	return 0, m.Rows(f, visit)
}

// Options say how to synchronise. What is left zero has a default, but for the guard: zero allows nothing.
type Options struct {
	Map   []string // as importer.Options
	Const []string
	Value []string

	Server   string // base URL of the door
	Key      string // bearer
	Language string // of what people read: French, or English if it starts with "en"

	Scope string // path in the organisation tree: agents there and below are the source's, no others; empty: all
	Merge bool   // keep what the source has no say in; otherwise the source owns the whole record
	Apply bool   // write; otherwise say only what would be

	MaxRemovals float64 // share of the agents in scope, from 0 to 1, that may be removed at once
	MaxChanges  float64 // likewise, changed
	MaxNameless int     // entries without a readable id that may be passed over when agents are removed

	Examples int           // of each kind in the report
	Folder   string        // of the temporary file; default: the system's
	Progress io.Writer     // where progress is drawn; nil: nowhere
	Client   *http.Client  // default: one that gives a request two minutes
	Logger   *slog.Logger  // hears of retries; nil: nobody does
	Patience time.Duration // how long to try again while the server is away or busy; default: one minute
}

// Sync compares and, if it is asked to and the guard lets it, writes. Report.Withheld says what the guard objected to: that
// is no error. A *UsageError says that the options do not fit the source or the server. Other errors before the
// writing leave all as it was, those of the writing leave done what was done.
func Sync(ctx context.Context, source Source, o Options) (Report, error) {
	s := &sync{o: o, report: newReport(o)}
	if err := s.open(ctx); err != nil {
		return s.report, err
	}
	defer s.spool.close()
	defer s.bar.end()
	if err := s.gather(ctx, source); err != nil {
		return s.report, err
	}
	if err := s.compare(ctx); err != nil {
		return s.report, err
	}
	s.guard()
	if !o.Apply || len(s.report.Withheld) > 0 {
		return s.report, nil
	}
	return s.report, s.write(ctx)
}

// sync is one synchronisation under way.
type sync struct {
	o       Options
	client  *importer.Client
	schema  fil.Schema
	mapping *Mapping
	spool   *spool
	entries entries
	fields  [][]string // lists of fields that entries have a say in, when the source does not own the whole record
	removed []int64    // where the ids of those to remove are in the spool
	report  Report
	bar     *bar
}

func (s *sync) open(ctx context.Context) error {
	s.o.Scope = strings.Trim(s.o.Scope, "/")
	var err error
	s.client, err = importer.NewClient(importer.Options{Server: s.o.Server, Key: s.o.Key, Language: s.o.Language,
		Client: s.o.Client, Logger: s.o.Logger, Patience: s.o.Patience})
	if err != nil {
		return err
	}
	if s.schema, err = s.client.Schema(ctx); err != nil {
		return err
	}
	s.mapping, err = importer.NewMapping(s.schema, importer.Options{Map: s.o.Map, Const: s.o.Const, Value: s.o.Value})
	if err != nil {
		return err
	}
	if s.spool, err = newSpool(s.o.Folder); err != nil {
		return err
	}
	s.bar = newBar(s.o)
	return nil
}

// inScope says whether an organisation is the source's business.
func (s *sync) inScope(org string) bool {
	return s.o.Scope == "" || org == s.o.Scope || strings.HasPrefix(org, s.o.Scope+"/")
}

// gather reads the source to its end.
func (s *sync) gather(ctx context.Context, source Source) error {
	s.bar.stage(fil.Bilingual{FR: "lecture", EN: "reading"}, -1)
	leftOut, err := source.Rows(ctx, s.mapping, func(row Row) error {
		s.bar.add(1)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read the source: %w", err)
		}
		return s.take(row)
	})
	if err != nil {
		return err
	}
	s.report.LeftOut = leftOut
	if err := s.spool.flush(); err != nil {
		return err
	}
	return s.entries.settle(s.spool, func(again stored) {
		s.refuse(again.where, again.id, fil.Faults{fil.NewFault("id", "est celui de plusieurs entrées : aucune n'est suivie", "is that of several entries: none is followed")})
	})
}

// take keeps one entry of the source.
func (s *sync) take(row Row) error {
	s.report.Entries++
	var mapped importer.Mapped
	var faults fil.Faults
	if row.Cell != nil {
		mapped, faults = s.mapping.Agent(row.Cell)
	}
	agent := mapped.Agent
	if row.Fault != nil {
		faults = append(fil.Faults{row.Fault}, faults...)
	} else if err := ingest.CheckAgent(s.schema, &agent); err != nil {
		faults = append(faults, fil.FaultsOf(err)...)
	}
	if len(faults) == 0 && !s.inScope(agent.Org) && (!s.o.Merge || slices.Contains(mapped.Fields, "org")) {
		faults = append(faults, s.outside(agent.Org))
	}
	entry := stored{id: agent.ID, where: row.Where}
	if entry.refused = len(faults) > 0; entry.refused {
		s.refuse(row.Where, agent.ID, faults)
		if agent.ID == "" || strings.ContainsFunc(agent.ID, unicode.IsControl) {
			s.report.Nameless++ // the directory has no such id: it may be anybody's, badly written
			return nil
		}
		agent = fil.Agent{ID: agent.ID}
	} else if s.o.Merge {
		entry.fields = s.fieldSet(mapped.Fields)
	}
	var err error
	if entry.record, err = json.Marshal(agent); err != nil {
		return fmt.Errorf("encode %s: %w", row.Where, err)
	}
	at, err := s.spool.append(entry)
	if err != nil {
		return err
	}
	s.entries.add(entry, at)
	return nil
}

func (s *sync) outside(org string) *fil.Fault {
	return fil.NewFault("org", fmt.Sprintf("n'est pas dans le périmètre %q : %q", s.o.Scope, org), fmt.Sprintf("is not within the scope %q: %q", s.o.Scope, org))
}

// fieldSet gives the number of a list of fields; a source has few.
func (s *sync) fieldSet(fields []string) int {
	i := slices.IndexFunc(s.fields, func(known []string) bool { return slices.Equal(known, fields) })
	if i < 0 {
		i = len(s.fields)
		s.fields = append(s.fields, fields)
	}
	return i
}

// refuse counts an entry that is not followed, and tells of the first ones.
func (s *sync) refuse(where, id string, faults fil.Faults) {
	if s.report.Refused++; s.report.Refused > s.o.Examples {
		return
	}
	for _, fault := range faults {
		s.report.Faults = append(s.report.Faults, Fault{Where: where, ID: id, Field: strings.TrimPrefix(fault.Field, "attributes."), Detail: fault.Problem.In(s.o.Language)})
	}
}
