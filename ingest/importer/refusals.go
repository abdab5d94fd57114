package importer

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// reason is one fault of a row.
type reason struct {
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail"`
}

// refusedRow is one line of the file of refused rows: the row as it was read, or the record it became with others.
type refusedRow struct {
	File    string         `json:"file"`
	Line    int            `json:"line"`
	Rows    int            `json:"rows,omitempty"` // of this import that were folded into one record, when more than one
	Reasons []reason       `json:"reasons"`
	Row     map[string]any `json:"row,omitempty"`
}

// refusals writes down the rows refused. A file is made for the first of its rows only.
type refusals struct {
	o Options

	mu    sync.Mutex
	files map[string]*refusedFile
	paths []string
	n     int
}

type refusedFile struct {
	file *os.File
	w    *bufio.Writer
}

func newRefusals(o Options) *refusals { return &refusals{o: o, files: map[string]*refusedFile{}} }

// add writes a row down.
func (r *refusals) add(bad row, reasons ...reason) error { return r.addFolded(bad, 1, reasons) }

// addFolded writes down the first of n rows that share their fate.
func (r *refusals) addFolded(bad row, n int, reasons []reason) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n += n
	line := refusedRow{File: bad.path, Line: bad.line, Reasons: reasons, Row: bad.object}
	if n > 1 {
		line.Rows = n
	}
	if len(bad.cells) > 0 {
		line.Row = map[string]any{}
		for i, cell := range bad.cells {
			line.Row[bad.names[i]] = cell
		}
	}
	file, err := r.file(bad.path)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(file.w).Encode(line); err != nil {
		return fmt.Errorf("write refused row: %w", err)
	}
	return nil
}

func (r *refusals) file(input string) (*refusedFile, error) {
	path := r.o.Refused
	if path == "" {
		path = input + ".refused.ndjson"
	}
	if open := r.files[path]; open != nil {
		return open, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) // rows are people's
	if err != nil {
		return nil, fmt.Errorf("write refused rows (--refused names another file): %w", err)
	}
	open := &refusedFile{file, bufio.NewWriter(file)}
	r.files[path], r.paths = open, append(r.paths, path)
	return open, nil
}

// close ends the files and gives their paths and the number of rows refused.
func (r *refusals) close() (Summary, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for path, open := range r.files {
		if err := errors.Join(open.w.Flush(), open.file.Close()); err != nil {
			errs = append(errs, fmt.Errorf("write refused rows to %s: %w", path, err))
		}
	}
	return Summary{Refused: r.n, RefusedIn: r.paths}, errors.Join(errs...)
}
