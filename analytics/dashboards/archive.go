package dashboards

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// Archive is the figures of months that are long over: a projection of fil.figures, kept as they are in the log and decoded when
// they are asked for. It is safe for concurrent use.
type Archive struct {
	mu  sync.RWMutex
	all map[string]string
}

// NewArchive makes an empty archive.
func NewArchive() *Archive { return &Archive{all: map[string]string{}} }

// Apply takes records of fil.figures; those that are none are returned as joined rejections.
func (a *Archive) Apply(records []fil.Record) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var rejected []error
	for _, rec := range records {
		if rec.Event.Data == nil {
			delete(a.all, rec.Key)
			continue
		}
		if _, err := archivedOf(rec); err != nil {
			rejected = append(rejected, err)
			continue
		}
		a.all[rec.Key] = string(rec.Event.Data)
	}
	return errors.Join(rejected...)
}

// rows are those of some figures; false when a part of them is not there.
func (a *Archive) rows(of archived) (rows []archivedRow, whole bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	for of.Part = 0; of.Part <= of.Parts; of.Part++ {
		data, there := a.all[of.key()]
		var part archived
		if !there || json.Unmarshal([]byte(data), &part) != nil {
			return nil, false
		}
		of.Parts = part.Parts
		rows = append(rows, part.Rows...)
	}
	return rows, true
}

const monthLayout = "2006-01"

// since gives the rows that an archive has of the months before a day that a question holds whole, and whether a figure is withheld.
func (a *Archive) since(q question, before time.Time, of archived, guard fil.Guard) (rows []figures, withheld bool) {
	of.By = q.By
	month := q.asked.AddDate(0, 0, 1-q.asked.Day())
	if month.Before(q.asked) {
		month = month.AddDate(0, 1, 0)
	}
	for ; month.Before(before) && !month.AddDate(0, 1, 0).After(q.To); month = month.AddDate(0, 1, 0) {
		of.Month = month.Format(monthLayout)
		kept, _ := a.rows(of)
		for _, one := range kept {
			rows, withheld = append(rows, figuresOf(one, q.By, month, guard)), withheld || one.withholds()
		}
	}
	return rows, withheld
}

func figuresOf(one archivedRow, by string, month time.Time, guard fil.Guard) figures {
	period := month.Format(time.DateOnly)
	f := figures{Period: &period, groups: one.Groups}
	if by != "" {
		f.Value = &one.Value
	}
	for i, c := range kept() {
		*c.cell(&f) = one.Counts[i]
	}
	f.rates(guard)
	return f
}

// kept are the columns that an archive has: it is not known who was aimed at.
func kept() []column {
	return slices.DeleteFunc(columns(), func(c column) bool { return c.kind == targeted })
}

// figure is one row as it is kept.
func (f *figures) figure() archivedRow {
	one := archivedRow{}
	if f.Value != nil {
		one.Value = *f.Value
	}
	if f.Shown != nil && f.Readers != nil {
		one.Groups = f.groups
	}
	for i, c := range kept() {
		one.Counts[i] = *c.cell(f)
	}
	return one
}

// Log is where figures go. Publish returns nil when all in-sync replicas have every record.
type Log interface {
	Publish(ctx context.Context, records []fil.Record) error
}

// Projection is a topic as this process knows it. CatchUp returns nil once all that was in the log when it was called has been
// applied.
type Projection interface {
	CatchUp(ctx context.Context, partitions ...int) error
}

// Bounds of what is archived.
const (
	archivedAfter = 12       // months: hardly anything comes so late, and what is not counted yet is so for as long again
	partBytes     = 32 << 10 // of the rows of one record, half of what an event may hold
	logTimeout    = 15 * time.Second
)

// due is a question whose answer is to be archived.
type due struct {
	of       archived
	contents []string
}

// archiving is how far Keep has come.
type archiving struct {
	looked map[time.Time]time.Time // the day on which a month had nothing left to archive
	month  time.Time
	due    []due // of that month
}

// Keep archives what it can be asked of months that have been over for a year and that the store still has whole, and that is not
// in the archive: the answers to so many questions at most, the oldest month first. It answers how many it has archived. What it
// left is done by the next call, in any process; one process at a time must do it.
func (d *Dashboards) Keep(ctx context.Context, most int) (done int, err error) {
	today, caughtUp := d.today(), false
	for month := d.horizon(); !month.AddDate(0, 1+archivedAfter, 0).After(today); month = month.AddDate(0, 1, 0) {
		if d.archiving.looked[month].Equal(today) {
			continue
		}
		if !caughtUp { // which most rounds need not: nothing is left
			if err := d.catchUp(ctx); err != nil {
				return 0, err
			}
			caughtUp = true
		}
		if !d.archiving.month.Equal(month) || len(d.archiving.due) == 0 {
			all, err := d.due(ctx, month)
			if err != nil {
				return done, fmt.Errorf("look for what there is to archive of %s: %w", month.Format(monthLayout), err)
			}
			d.archiving.month, d.archiving.due = month, all
		}
		for len(d.archiving.due) > 0 {
			if done == most {
				return done, nil
			}
			if err := d.keep(ctx, month, d.archiving.due[0]); err != nil {
				return done, fmt.Errorf("archive figures of %s: %w", month.Format(monthLayout), err)
			}
			d.archiving.due = d.archiving.due[1:]
			done++
		}
		d.archiving.looked[month] = today
	}
	return done, nil
}

func (d *Dashboards) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	if err := d.Archived.CatchUp(ctx); err != nil {
		return fmt.Errorf("read the figures of the log to their end: %w", err)
	}
	return nil
}

// due lists what is not archived of a month: the house, then perimeters, then contents. Of a month of which the store knows nothing
// there is nothing.
func (d *Dashboards) due(ctx context.Context, month time.Time) (all []due, err error) {
	ids, err := d.Cells.ContentsOf(ctx, month, month.AddDate(0, 1, 0))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	add := func(of archived, contents []string) {
		of.Month = month.Format(monthLayout)
		if _, whole := d.Archive.rows(of); !whole {
			all = append(all, due{of, contents})
		}
	}
	cuts := append([]string{""}, d.axes()...)
	for _, by := range cuts {
		add(archived{By: by}, nil)
	}
	perimeters := map[string][]string{}
	ids = slices.DeleteFunc(ids, func(id string) bool {
		c, known := d.Contents.Content(id)
		if known && c.Perimeter != "" {
			perimeters[c.Perimeter] = append(perimeters[c.Perimeter], id)
		}
		return !known // nobody can ask about it
	})
	for _, perimeter := range slices.Sorted(maps.Keys(perimeters)) {
		contents := perimeters[perimeter]
		for _, by := range cuts {
			if len(contents) <= maxContents { // nor of so many together
				add(archived{Perimeter: perimeter, By: by}, contents)
			}
		}
	}
	for _, id := range ids {
		add(archived{Content: id}, []string{id})
	}
	return all, nil
}

// keep archives the answer to one question, as the guard lets it be told.
func (d *Dashboards) keep(ctx context.Context, month time.Time, one due) error {
	q := question{By: one.of.By}
	q.From, q.To, q.Contents = month, month.AddDate(0, 1, 0), one.contents
	counts, err := d.count(ctx, q)
	if err != nil {
		return err
	}
	var a board
	newTable(q, counts).write(&a, d.Guard)
	rows := a.Rows
	if q.By == "" {
		rows = []figures{a.Totals}
	}
	var parts [][]archivedRow
	size := partBytes
	for _, row := range rows {
		one := row.figure()
		text, err := json.Marshal(one)
		if err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
		if size += len(text) + 1; size > partBytes {
			parts, size = append(parts, nil), len(text)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], one)
	}
	if len(parts) == 0 {
		parts = [][]archivedRow{{}}
	}
	return d.publish(ctx, one.of, parts, q.To)
}

// publish puts figures in the log. They are the same events whoever publishes them, and however often.
func (d *Dashboards) publish(ctx context.Context, of archived, parts [][]archivedRow, at time.Time) error {
	records := make([]fil.Record, len(parts))
	for i, rows := range parts {
		of.Part, of.Parts, of.Rows = i, len(parts)-1, rows
		event, err := fil.NewEvent(fil.TypeFigures, "/v1/dashboards", of.key(), at, of)
		if err != nil {
			return err //nolint:wrapcheck // it says what was attempted
		}
		event.Subject = of.Month
		records[i] = fil.Record{Position: fil.Position{Topic: fil.TopicFigures}, Key: of.key(), Event: event}
	}
	publishing, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	if err := d.Log.Publish(publishing, records); err != nil {
		return fmt.Errorf("publish figures: %w", err)
	}
	return nil
}
