package dashboards

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// archived are what dashboards told of one month, long after it was over, as the guard let them: they outlive the facts that they
// were counted from. They are about all contents unless they name a perimeter, whose contents they are about, or one content.
type archived struct {
	Month     string        `json:"month"` // 2026-01
	Perimeter string        `json:"perimeter,omitempty"`
	Content   string        `json:"content,omitempty"`
	By        string        `json:"by,omitempty"`    // what tells rows apart; empty: there is one row at most
	Part      int           `json:"part,omitempty"`  // rows that one event cannot hold are in several, from 0 on
	Parts     int           `json:"parts,omitempty"` // how many beside the first
	Rows      []archivedRow `json:"rows"`
}

// archivedRow is one row: numbers of agents, but for the last one, which is of days of reading. It is written as one array, to be short.
type archivedRow struct {
	Value  string
	Groups int     // that its counts were rounded in; 0 when there is no share to tell
	Counts [7]*int // shown, opened, readers, acknowledged, acted, dismissed, days of reading; nil: withheld
}

// below says whether something is less than zero.
func (f archivedRow) below() bool {
	return f.Groups < 0 || slices.ContainsFunc(f.Counts[:], func(n *int) bool { return n != nil && *n < 0 })
}

// withholds says whether one of its counts is withheld.
func (f archivedRow) withholds() bool { return slices.Contains(f.Counts[:], nil) }

// MarshalJSON writes [value, groups, count, …].
func (f archivedRow) MarshalJSON() ([]byte, error) {
	all := []any{f.Value, f.Groups}
	for _, n := range f.Counts {
		all = append(all, n)
	}
	return json.Marshal(all)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *archivedRow) UnmarshalJSON(text []byte) error {
	var all []json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	*f = archivedRow{}
	if len(all) != 2+len(f.Counts) {
		return fmt.Errorf("a row of figures has %d values, not %d", len(all), 2+len(f.Counts))
	}
	err := errors.Join(json.Unmarshal(all[0], &f.Value), json.Unmarshal(all[1], &f.Groups))
	for i := range f.Counts {
		err = errors.Join(err, json.Unmarshal(all[2+i], &f.Counts[i]))
	}
	return err
}

// key is that of their record in the log.
func (f archived) key() string {
	about := "house"
	switch {
	case f.Content != "":
		about = "content:" + f.Content
	case f.Perimeter != "":
		about = "perimeter:" + f.Perimeter
	}
	return fmt.Sprintf("%s/%d/%s/%s", f.Month, f.Part, f.By, about)
}

// archivedOf reads figures from a record of the log. An error is a rejection.
func archivedOf(rec fil.Record) (archived, error) {
	f, err := fil.Decode[archived](rec)
	if err != nil {
		return f, err
	}
	var faults fil.Faults
	if at, err := time.Parse("2006-01", f.Month); err != nil || at.Year() < 1970 || at.Year() > 2105 {
		faults.Add("data.month", "doit être un mois (2026-01), entre 1970 et 2105", "must be a month (2026-01), between 1970 and 2105")
	}
	if f.Content != "" && (f.Perimeter != "" || f.By != "") {
		faults.Add("data.content", "ne va ni avec un périmètre ni avec un attribut", "goes with neither a perimeter nor an attribute")
	}
	if strings.Contains(f.By, "/") || f.key() != rec.Key {
		faults.Add("data", "ne correspond pas à la clé de l'enregistrement", "does not match the record's key")
	}
	if f.Part < 0 || f.Part > f.Parts || f.Part > 0 && f.By == "" || len(f.Rows) > 1 && f.By == "" {
		faults.Add("data.part", "ne va pas avec le nombre de parties ou de lignes", "does not go with the number of parts or rows")
	}
	if slices.ContainsFunc(f.Rows, archivedRow.below) {
		faults.Add("data.rows", "ne peut pas compter moins que zéro", "cannot count less than zero")
	}
	if err := faults.Err(); err != nil {
		return f, fil.Reject(rec, err)
	}
	return f, nil
}
