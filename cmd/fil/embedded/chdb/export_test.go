package chdb

import (
	"io"
	"net/http"
)

// Recode re-encodes whole Native blocks of revision 0 for another revision.
func Recode(out io.Writer, revision uint64, chunk []byte) error {
	_, err := (&recoder{out: out, revision: revision}).Write(chunk)
	return err
}

// Asked is what a request was understood as.
type Asked struct {
	Statement, Verb, Format, Database string
	Settings, Params                  map[string]string
	Rows                              io.Reader
}

// Read understands a request.
func Read(r *http.Request) (Asked, error) {
	q, err := readRequest(r)
	if err != nil {
		return Asked{}, err
	}
	a := Asked{
		Statement: q.statement.text, Verb: q.statement.verb, Format: q.statement.format, Database: q.database, Rows: q.rows,
		Settings: map[string]string{}, Params: map[string]string{},
	}
	for _, s := range q.settings {
		a.Settings[s.name] = s.value
	}
	for _, p := range q.params {
		a.Params[p.name] = p.value
	}
	return a, nil
}

// SplitInsert splits an INSERT whose rows come apart into its statement and their format.
func SplitInsert(text string) (statement, format string) { return newStatement(text).insert() }
