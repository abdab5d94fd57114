package ingest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// Bounds of what is read. An event has 64 KiB of data at most; the rest is for its attributes.
const (
	maxBody   = 8 << 20  // bytes of a body that is not a stream
	maxRecord = 80 << 10 // bytes of one record, one event or one line
	maxEvents = 10_000   // events of a body that is not a stream
	maxDepth  = 32       // levels of JSON
	maxFaults = 20       // faults named of one record
)

var (
	errTooLarge = errors.New("larger than accepted")
	errTooDeep  = errors.New("nested deeper than accepted")
)

// readAll reads a body of at most most bytes.
func readAll(r io.Reader, most int) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	if len(raw) > most {
		return nil, errTooLarge
	}
	return raw, nil
}

// lines reads the lines of a stream one by one. A line longer than most bytes is skipped and reported as errTooLarge;
// the next ones can be read. Blank lines are skipped but counted.
type lines struct {
	r    *bufio.Reader
	most int
	n    int // number of the last line read, from 1
}

func newLines(r io.Reader, most int) *lines {
	return &lines{r: bufio.NewReaderSize(r, 64<<10), most: most}
}

// next gives a copy of the next line, without its end; io.EOF when there is none.
func (l *lines) next() ([]byte, error) {
	for {
		var line []byte
		tooLong := false
		for {
			part, err := l.r.ReadSlice('\n')
			if tooLong = tooLong || len(line)+len(part) > l.most+2; !tooLong {
				line = append(line, part...)
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !tooLong) {
				return nil, err //nolint:wrapcheck // io.EOF as it is; others are wrapped by the caller
			}
			break
		}
		l.n++
		line = []byte(strings.Trim(string(line), " \t\r\n"))
		switch {
		case tooLong || len(line) > l.most:
			return nil, errTooLarge
		case len(line) > 0:
			return line, nil
		}
	}
}

// Deeper says whether JSON text nests objects and arrays over most levels. Text that is not JSON gets any answer.
func Deeper(raw []byte, most int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// shape is what the JSON of a struct may hold: decoding by it refuses what is unknown, and gathers every fault.
type shape struct {
	fields map[string]place
	names  string
}

type place struct {
	index int
	child *shape // of the values, when the field is a map of structs
}

func shapeOf[T any]() *shape { return newShape(reflect.TypeFor[T]()) }

func newShape(t reflect.Type) *shape {
	s := &shape{fields: map[string]place{}}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "-" || name == "" {
			continue
		}
		p := place{index: i}
		if ft := t.Field(i).Type; ft.Kind() == reflect.Map && ft.Elem().Kind() == reflect.Struct {
			p.child = newShape(ft.Elem())
		}
		s.fields[name] = p
	}
	s.names = strings.Join(slices.Sorted(maps.Keys(s.fields)), ", ")
	return s
}

// without refuses a field of the struct: it is not for senders to say.
func (s *shape) without(name string) *shape {
	delete(s.fields, name)
	s.names = strings.Join(slices.Sorted(maps.Keys(s.fields)), ", ")
	return s
}

// decode fills into, a pointer to the struct the shape is of. prefix comes before the fields in faults. An error that
// holds no fault says that raw is not JSON, or too deep.
func (s *shape) decode(raw []byte, into any, prefix string) error {
	if Deeper(raw, maxDepth) {
		return errTooDeep
	}
	if !utf8.Valid(raw) { // the JSON package would put U+FFFD in its place and say nothing
		return notUTF8(strings.TrimSuffix(prefix, "."))
	}
	var faults fil.Faults
	if err := s.fill(raw, reflect.ValueOf(into).Elem(), prefix, &faults); err != nil {
		return err
	}
	return faults.Err()
}

func notUTF8(field string) error {
	return fil.NewFault(field, "doit être de l'UTF-8", "must be UTF-8")
}

func (s *shape) fill(raw []byte, v reflect.Value, path string, faults *fil.Faults) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil || members == nil {
		var wrong *json.UnmarshalTypeError
		if err != nil && !errors.As(err, &wrong) {
			return fmt.Errorf("decode JSON: %w", err)
		}
		faults.Add(strings.TrimSuffix(path, "."), "doit être un objet JSON", "must be a JSON object")
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if len(*faults) == maxFaults {
			break
		}
		p, known := s.fields[name]
		switch field := path + name; {
		case name == "$schema": // left by clients that send back what they read
		case !known:
			faults.Add(clip(field), "n'est pas un champ connu ("+s.names+")", "is not a known field ("+s.names+")")
		case p.child != nil:
			fillMap(p.child, members[name], v.Field(p.index), field, faults)
		default:
			if json.Unmarshal(members[name], v.Field(p.index).Addr().Interface()) != nil {
				problem := expected(v.Field(p.index).Type())
				faults.Add(field, problem.FR, problem.EN)
			}
		}
	}
	return nil
}

func fillMap(s *shape, raw []byte, v reflect.Value, path string, faults *fil.Faults) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		faults.Add(path, "doit être un objet JSON", "must be a JSON object")
		return
	}
	if len(members) == 0 {
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(members)))
	for key, member := range members {
		value := reflect.New(v.Type().Elem()).Elem()
		_ = s.fill(member, value, path+"."+clip(key)+".", faults) // its syntax has been checked with the whole
		v.SetMapIndex(reflect.ValueOf(key), value)
	}
}

func expected(t reflect.Type) fil.Bilingual {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return fil.Bilingual{FR: "doit être une date RFC 3339, comme 2026-01-31T08:30:00Z", EN: "must be an RFC 3339 time, such as 2026-01-31T08:30:00Z"}
	case t.Kind() == reflect.String:
		return fil.Bilingual{FR: "doit être un texte", EN: "must be a text"}
	case t.Kind() == reflect.Bool:
		return fil.Bilingual{FR: "doit être true ou false", EN: "must be true or false"}
	case t.Kind() == reflect.Int:
		return fil.Bilingual{FR: "doit être un nombre entier", EN: "must be a whole number"}
	case t.Kind() == reflect.Float64:
		return fil.Bilingual{FR: "doit être un nombre", EN: "must be a number"}
	case t.Kind() == reflect.Slice:
		return fil.Bilingual{FR: "doit être une liste de textes", EN: "must be a list of texts"}
	default:
		return fil.Bilingual{FR: "doit être un objet JSON", EN: "must be a JSON object"}
	}
}

// clip bounds a name that came from outside before it goes into an answer.
func clip(name string) string {
	const most = 80
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "…"
}
