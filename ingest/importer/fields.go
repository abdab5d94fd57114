package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// sort of a field's values.
type sort string

const (
	text    sort = "text"
	number  sort = "number"
	date    sort = "date"
	boolean sort = "boolean"
	list    sort = "list"
	moment  sort = "moment"
	object  sort = "object" // nested JSON, from NDJSON only, as it is
)

// field is what a column may become.
type field struct {
	name  string
	sort  sort
	needs bool // no row can do without
}

const attributePrefix = "attributes."

// fieldsOf lists the fields of a kind. Agents' attributes are those that the server declares.
func fieldsOf(ctx context.Context, kind string, s *server) ([]field, error) {
	switch kind {
	case "engagements":
		return []field{
			{"agent", text, true}, {"content", text, true}, {"kind", text, true}, {"time", moment, false},
			{"dwell", number, false}, {"id", text, false}, {"source", text, false},
		}, nil
	case "contents":
		return []field{
			{"id", text, true}, {"kind", text, false}, {"title", text, false}, {"summary", text, false}, {"body", text, false},
			{"language", text, false}, {"translations", object, false}, {"topics", list, false}, {"source", text, false},
			{"author", text, false}, {"community", text, false}, {"audiences", list, false}, {"published_at", moment, false}, {"expires_at", moment, false}, {"revised_at", moment, false},
			{"priority", number, false}, {"pinned_until", moment, false}, {"mandatory_until", moment, false},
		}, nil
	default:
		schema, err := s.schema(ctx)
		if err != nil {
			return nil, err
		}
		return agentFields(schema), nil
	}
}

func agentFields(schema fil.Schema) []field {
	fields := []field{{"id", text, true}, {"org", text, false}, {"site", text, false}, {"language", text, false}, {"attributes", object, false}}
	for _, a := range schema {
		of := sort(a.Kind)
		if a.Kind == fil.KindAgent {
			of = text
		}
		fields = append(fields, field{attributePrefix + a.Name, of, false})
	}
	return fields
}

// lookup finds a field by its name; "grade" stands for "attributes.grade".
func lookup(fields []field, name string) (int, bool) {
	for _, wanted := range []string{name, attributePrefix + name} {
		if i := slices.IndexFunc(fields, func(f field) bool { return f.name == wanted }); i >= 0 {
			return i, true
		}
	}
	return 0, false
}

// convert makes a cell a value of the field: nil when the cell is empty. Cells of CSV are texts, those of NDJSON what
// JSON has, with numbers as they are written.
func (f field) convert(cell any) (any, *fil.Fault) {
	switch v := cell.(type) {
	case nil:
		return nil, nil //nolint:nilnil // no value and no fault: an empty cell
	case string:
		cell = strings.TrimSpace(v)
		if cell == "" {
			return nil, nil //nolint:nilnil // as above
		}
		if !utf8.ValidString(v) {
			return nil, fil.NewFault(f.name, "n'est pas de l'UTF-8 : enregistrez le fichier en UTF-8", "is not UTF-8: save the file as UTF-8")
		}
	case []any:
		switch {
		case f.sort == list:
			return texts(f, v)
		case len(v) == 1:
			return f.convert(v[0])
		case len(v) > 1:
			return nil, fil.NewFault(f.name, "a plusieurs valeurs : "+clip(fmt.Sprint(v)), "has several values: "+clip(fmt.Sprint(v)))
		}
	case map[string]any:
		if f.sort != object {
			return nil, fil.NewFault(f.name, "ne peut être un objet", "cannot be an object")
		}
		return v, nil
	}
	written, ok := scalar(cell)
	if !ok || f.sort == object {
		return nil, fil.NewFault(f.name, "ne convient pas ici : "+clip(fmt.Sprint(cell)), "does not fit here: "+clip(fmt.Sprint(cell)))
	}
	return f.parse(written)
}

// parse reads a text that is not empty.
func (f field) parse(written string) (any, *fil.Fault) {
	wrong := func(fr, en string) *fil.Fault {
		return fil.NewFault(f.name, fr+" : "+clip(written), en+": "+clip(written))
	}
	switch f.sort {
	case number:
		if n, err := strconv.ParseFloat(strings.Replace(written, ",", ".", 1), 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return n, nil
		}
		return nil, wrong("n'est pas un nombre", "is not a number")
	case boolean:
		switch strings.ToLower(written) {
		case "true", "1", "yes", "oui", "vrai":
			return true, nil
		case "false", "0", "no", "non", "faux":
			return false, nil
		}
		return nil, wrong("n'est ni oui ni non", "is neither yes nor no")
	case date:
		for _, layout := range []string{time.DateOnly, "02/01/2006"} {
			if at, err := time.Parse(layout, written); err == nil {
				return at.Format(time.DateOnly), nil
			}
		}
		if at, ok := parseMoment(written); ok {
			return at.Format(time.DateOnly), nil
		}
		return nil, wrong("n'est pas une date, comme 2026-01-31", "is not a date, such as 2026-01-31")
	case moment:
		if at, ok := parseMoment(written); ok {
			return at, nil
		}
		return nil, wrong("n'est ni une date RFC 3339 ni des secondes Unix", "is neither an RFC 3339 time nor Unix seconds")
	case list:
		parts := strings.FieldsFunc(written, func(r rune) bool { return r == '|' || r == ';' })
		values := make([]any, len(parts))
		for i, part := range parts {
			values[i] = part
		}
		return texts(f, values)
	default:
		return written, nil
	}
}

// parseMoment reads RFC 3339 (a space may stand for the T, and UTC is meant where no zone is given), or Unix seconds;
// over 10¹¹, which as seconds would be the year 5138, milliseconds are meant.
func parseMoment(written string) (time.Time, bool) {
	if n, err := strconv.ParseFloat(written, 64); err == nil {
		const mostSeconds, most = 1e11, 1e14
		switch {
		case math.IsNaN(n) || math.Abs(n) > most:
			return time.Time{}, false
		case math.Abs(n) > mostSeconds:
			return time.UnixMilli(int64(n)).UTC(), true
		}
		whole, part := math.Modf(n)
		return time.Unix(int64(whole), int64(math.Round(part*1e6))*1e3).UTC(), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly} {
		if at, err := time.Parse(layout, written); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// texts makes a list of what may be written as texts, without the empty ones.
func texts(f field, values []any) (any, *fil.Fault) {
	var out []string
	for _, v := range values {
		written, ok := scalar(v)
		if !ok {
			return nil, fil.NewFault(f.name, "doit être une liste de textes", "must be a list of texts")
		}
		if written = strings.TrimSpace(written); written != "" {
			out = append(out, written)
		}
	}
	if len(out) == 0 {
		return nil, nil //nolint:nilnil // an empty cell
	}
	return out, nil
}

// scalar writes what is neither an object nor a list.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	default:
		return "", false
	}
}

// clip bounds what is quoted of a cell.
func clip(cell string) string {
	const most = 60
	if len(cell) <= most {
		return strings.ToValidUTF8(cell, "�")
	}
	return strings.ToValidUTF8(cell[:most], "�") + "…"
}
