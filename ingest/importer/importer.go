// Package importer brings files of agents, contents or engagements through the door, over HTTP.
//
// It hides where rows come from (CSV or NDJSON, plain, gzip or zip, told by the content), how columns become fields, and
// a server that is away for a while. It guarantees that every row read is counted once, as admitted, duplicate or
// refused; that a refused row is written down with the reason; that engagements are read as a stream, in bounded memory;
// and that an import can be cut anywhere and run again, to the same state: a row's identity does not depend on the
// file's name, nor on where the row stands in it.
//
// Agents and contents are folded by id before they are sent, so all distinct ones are held in memory, some hundreds of
// bytes each. The importer judges little itself: the door does.
package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/filengine/fil"
)

// Options say what to import, from where to where. What is left zero has a default.
type Options struct {
	Kind  string   // "agents", "contents" or "engagements"
	Files []string // paths

	Map   []string // "field=column", several with commas between; a column with a comma in double quotes
	Const []string // "field=value"
	Value []string // "field:FROM=TO": TO where the column has FROM

	Server   string // base URL of the door
	Key      string // bearer
	Language string // of reasons: French, or English if it starts with "en"
	Refused  string // where refused rows go; default: beside each file, its name and ".refused.ndjson"

	Client   *http.Client  // default: one that gives a request two minutes
	Progress io.Writer     // where a progress bar is drawn; nil: none
	Logger   *slog.Logger  // hears of retries; nil: nobody does
	Patience time.Duration // how long to try again while the server is away or busy; default: one minute
}

// Summary counts the rows read: each is one of the three.
type Summary struct {
	Admitted   int `json:"admitted"`   // new, or changed what was known
	Duplicates int `json:"duplicates"` // changed nothing, or were folded into another row of this import
	Refused    int `json:"refused"`

	RefusedIn []string `json:"-"` // files that hold the refused rows and the reasons
}

// UsageError says that the options do not fit each other, the files or the server; nothing has been imported.
type UsageError struct{ Problem fil.Bilingual }

func (e *UsageError) Error() string { return e.Problem.FR }

func misuse(fr, en string, args ...any) error {
	return &UsageError{fil.Bilingual{FR: fmt.Sprintf(fr, args...), EN: fmt.Sprintf(en, args...)}}
}

// Run imports. An error leaves done what was done: run the same import again once its cause is gone.
func Run(ctx context.Context, o Options) (Summary, error) {
	if err := o.complete(); err != nil {
		return Summary{}, err
	}
	server := &server{base: o.Server, key: o.Key, language: o.Language, client: o.Client, patience: o.Patience, log: o.Logger}
	fields, err := fieldsOf(ctx, o.Kind, server)
	if err != nil {
		return Summary{}, err
	}
	plan, err := newPlan(o, fields)
	if err != nil {
		return Summary{}, err
	}
	i := &importing{o: o, plan: plan, server: server, refusals: newRefusals(o)}
	i.bar = newBar(o)
	if o.Kind == "engagements" {
		err = i.engagements(ctx)
	} else {
		err = i.records(ctx)
	}
	i.bar.finish()
	sum, refusedErr := i.refusals.close()
	sum.Admitted, sum.Duplicates = i.admitted, i.duplicates
	if got := sum.Admitted + sum.Duplicates + sum.Refused; err == nil && got != i.read {
		err = fmt.Errorf("%d rows read, %d told about: %w", i.read, got, errUnaccounted)
	}
	return sum, errors.Join(err, refusedErr)
}

func (o *Options) complete() error {
	if !slices.Contains([]string{"agents", "contents", "engagements"}, o.Kind) {
		return misuse("%q : on importe agents, contents ou engagements", "%q: agents, contents or engagements are imported", o.Kind)
	}
	if len(o.Files) == 0 {
		return misuse("aucun fichier à importer", "no file to import")
	}
	return o.completeServer()
}

func (o *Options) completeServer() error {
	if u, err := url.Parse(o.Server); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return misuse("%q n'est pas l'adresse d'un serveur, comme http://127.0.0.1:8080", "%q is not the address of a server, such as http://127.0.0.1:8080", o.Server)
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 2 * time.Minute}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Patience == 0 {
		o.Patience = time.Minute
	}
	return nil
}

// importing is one import under way.
type importing struct {
	o        Options
	plan     *plan
	server   *server
	refusals *refusals
	bar      *bar

	read       int // rows
	admitted   int
	duplicates int // among those that were answered about
}

// each calls visit for every row of every file that fits the plan, after having checked that all files can be read and
// fit the plan. Rows that cannot be read are refused.
func (i *importing) each(visit func(row) error) error {
	for _, path := range i.o.Files {
		if err := i.eachOf(path, nil, func(table) error { return nil }); err != nil {
			return err
		}
	}
	for _, path := range i.o.Files {
		if err := i.eachOf(path, i.bar, func(t table) error { return i.rows(t, visit) }); err != nil {
			return err
		}
	}
	return nil
}

func (i *importing) rows(t table, visit func(row) error) error {
	for {
		r, err := t.next()
		var bad *badRow
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			i.read++
			if err := i.refusals.add(r, reason{Detail: bad.problem.In(i.o.Language)}); err != nil {
				return err
			}
			continue
		case err != nil:
			return fmt.Errorf("read %s: %w", t.path(), err)
		}
		i.read++
		if err := visit(r); err != nil {
			return err
		}
	}
}

// eachOf opens a file and visits its tables: one, or one for each entry of a zip.
func (i *importing) eachOf(path string, bar *bar, visit func(table) error) error {
	return openTables(path, bar, func(raw io.Reader) error {
		t, err := newTable(path, raw)
		if err != nil {
			return err
		}
		if err := i.plan.fits(t); err != nil {
			return err
		}
		return visit(t)
	})
}
