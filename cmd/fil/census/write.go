package census

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/filengine/fil"
)

// Source is what events of the census say they come from.
const Source = "fil-census"

// Format is how a directory or engagements are written.
type Format string

// The formats, both of which the importer reads.
const (
	NDJSON Format = "ndjson" // one JSON object a line: an agent as the door takes it
	CSV    Format = "csv"    // with a header; lists have | between their items
)

// AppendJSON appends the agent as the data of an event: the JSON of a fil.Agent.
func (a *Agent) AppendJSON(b []byte) []byte {
	b = append(b, `{"id":"`...)
	b = append(b, a.ID...)
	b = append(b, '"')
	b = member(b, "org", a.Org)
	b = member(b, "site", a.Site)
	b = member(b, "language", a.Language)
	b = append(b, `,"attributes":{"branch":"`...)
	b = append(b, a.Branch...)
	b = append(b, '"')
	for _, text := range a.texts() {
		b = member(b, text.name, text.value)
	}
	b = append(b, `,"birth_decade":`...)
	b = strconv.AppendInt(b, int64(a.BirthDecade), 10)
	b = append(b, `,"manager":`...)
	b = strconv.AppendBool(b, a.Manager)
	b = append(b, `,"telework_days":`...)
	b = strconv.AppendInt(b, int64(a.TeleworkDays), 10)
	b = append(b, `,"working_time":`...)
	b = strconv.AppendInt(b, int64(a.WorkingTime), 10)
	b = members(b, "skills", a.Skills)
	b = members(b, "languages", a.Languages)
	b = append(b, `,"opted_out":`...)
	b = strconv.AppendBool(b, a.OptedOut)
	return append(b, "}}"...)
}

type text struct{ name, value string }

// texts are the attributes that are texts or dates, the branch aside, in the order they are written.
func (a *Agent) texts() [12]text {
	return [...]text{
		{"category", a.Category}, {"corps", a.Corps}, {"grade", a.Grade}, {"status", a.Status}, {"region", a.Region}, {"departement", a.Departement},
		{"employer", a.Employer}, {"email_domain", a.EmailDomain}, {"job", a.Job}, {"hired", a.Hired}, {"contract_end", a.ContractEnd},
		{"supervisor", a.Supervisor},
	}
}

// member appends a text, unless it is empty: readTables has seen that none needs escaping.
func member(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, `,"`...)
	b = append(b, name...)
	b = append(b, `":"`...)
	b = append(b, value...)
	return append(b, '"')
}

func members(b []byte, name string, values []string) []byte {
	for i, value := range values {
		if i == 0 {
			b = append(b, `,"`...)
			b = append(b, name...)
			b = append(b, `":["`...)
		} else {
			b = append(b, `","`...)
		}
		b = append(b, value...)
	}
	if len(values) > 0 {
		b = append(b, `"]`...)
	}
	return b
}

// columns of CSV, as the importer names fields.
func columns() string {
	return "id,org,site,language,branch,category,corps,grade,status,region,departement,employer,email_domain,job,hired,contract_end,supervisor,birth_decade,manager,telework_days,working_time,skills,languages,opted_out"
}

// AppendCSV appends the agent as a row of CSV, in the order of columns.
func (a *Agent) AppendCSV(b []byte) []byte {
	for _, value := range [...]string{a.ID, a.Org, a.Site, a.Language, a.Branch} {
		b = cell(b, value)
	}
	for _, text := range a.texts() {
		b = cell(b, text.value)
	}
	b = append(strconv.AppendInt(b, int64(a.BirthDecade), 10), ',')
	b = append(strconv.AppendBool(b, a.Manager), ',')
	b = append(strconv.AppendInt(b, int64(a.TeleworkDays), 10), ',')
	b = append(strconv.AppendInt(b, int64(a.WorkingTime), 10), ',')
	b = append(append(b, strings.Join(a.Skills, "|")...), ',')
	b = append(append(b, strings.Join(a.Languages, "|")...), ',')
	return strconv.AppendBool(b, a.OptedOut)
}

func cell(b []byte, value string) []byte {
	if strings.IndexByte(value, ',') < 0 {
		return append(append(b, value...), ',')
	}
	return append(append(append(b, '"'), value...), `",`...)
}

// Write writes every agent; told hears how many more are written, now and then.
func (d *Directory) Write(ctx context.Context, w io.Writer, format Format, told func(agents int)) error {
	var a Agent
	return write(ctx, w, sheet{format, columns(), d.size, told}, func(b []byte, rank int) []byte {
		d.Read(rank, &a)
		if format == CSV {
			return a.AppendCSV(b)
		}
		return a.AppendJSON(b)
	})
}

// sheet is a file of lines.
type sheet struct {
	format Format
	header string // of CSV
	lines  int
	told   func(lines int)
}

func write(ctx context.Context, w io.Writer, s sheet, line func(b []byte, at int) []byte) error {
	const often, page = 4096, 1 << 18
	out := bufio.NewWriterSize(w, page)
	if s.format == CSV {
		_, _ = out.WriteString(s.header + "\n") // a bufio.Writer says at the next write what went wrong
	}
	var b []byte
	for i := range s.lines {
		b = append(line(b[:0], i), '\n')
		if _, err := out.Write(b); err != nil {
			return fmt.Errorf("write line %d: %w", i+1, err)
		}
		if i%often == often-1 || i == s.lines-1 {
			s.told(i%often + 1)
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("write line %d: %w", i+1, err)
			}
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write line %d: %w", s.lines, err)
	}
	return nil
}

// Records gives agents as records of no log, those of ranks from first to before, which is excluded.
func (d *Directory) Records(first, before int) iter.Seq[fil.Record] {
	return func(yield func(fil.Record) bool) {
		var a Agent
		var b []byte
		for rank := first; rank < before; rank++ {
			d.Read(rank, &a)
			b = a.AppendJSON(b[:0])
			rec := fil.Record{Key: a.ID, Event: fil.Event{ID: a.ID, Source: Source, Type: fil.TypeAgent, Subject: a.ID, Data: bytes.Clone(b)}}
			if !yield(rec) {
				return
			}
		}
	}
}
