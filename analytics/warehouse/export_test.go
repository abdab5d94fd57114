package warehouse

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// Statements are what migrations run, by name.
func Statements(cfg Config) (map[string]string, error) {
	known, err := migrations(cfg)
	if err != nil {
		return nil, err
	}
	all := map[string]string{"database": "CREATE DATABASE IF NOT EXISTS " + cfg.Database + cfg.onCluster()}
	if all["migrations"], err = cfg.render("migrations", createMigrations); err != nil {
		return nil, err
	}
	for _, m := range known {
		all[m.name] = m.statement
	}
	return all, nil
}

// ListsOf cuts the ids that a question is about.
var ListsOf = listsOf

// Slice is a run of months of which a question reads the same days.
type Slice struct {
	First, Last time.Time
	Days        []int
}

// SlicesOf cuts a time into months.
func SlicesOf(from, to time.Time, apart bool) (all []Slice) {
	for _, s := range slicesOf(from, to, apart) {
		all = append(all, Slice{s.first, s.last, s.days})
	}
	return all
}

// EraseAfter is Erase, with something that happens between its reading of wishes and its doing them.
func (w *Warehouse) EraseAfter(ctx context.Context, meanwhile func()) (int, error) {
	pending, err := w.pending(ctx)
	if err != nil {
		return 0, err
	}
	meanwhile()
	return len(pending), w.erase(ctx, pending)
}

// DecodeRows reads an answer of one column of each type that is read, and writes each row.
func DecodeRows(answer io.Reader) (rows []string, err error) {
	err = readRows(answer, &sync.Mutex{}, func(r *row) { rows = append(rows, r.line()) })
	return rows, err
}

// ReadRows is DecodeRows of what the parts of a question answer.
func ReadRows(ctx context.Context, w *Warehouse, parts ...string) (rows []string, err error) {
	err = w.cells(ctx, parts, nil, func(r *row) { rows = append(rows, r.line()) })
	return rows, err
}

func (r *row) line() string {
	return fmt.Sprint(r.uint8(), r.uint16(), r.uint32(), r.uint64(), r.text())
}
