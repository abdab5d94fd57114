package audiences

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filengine/fil"
)

// kindPath is the kind of the organisation path, which no attribute may have: a text whose prefixes are units too.
const kindPath fil.AttributeKind = "path"

// fieldID is the agent's id, which rules may read but which has no column.
const fieldID = "id"

// field is one property of agents that rules and breakdowns can name.
type field struct {
	name  string
	kind  fil.AttributeKind
	at    int         // its column in segments and its cell in rows
	words *dictionary // nil for numbers and dates

	values    []string // the only ones that there may be; none when any may
	sensitive bool     // rules and breakdowns may not name it
}

// Places of the fields that every agent has; the schema's attributes follow.
const (
	atOrg = iota
	atSite
	atLanguage
	atAttributes
)

func fieldsOf(schema fil.Schema) []*field {
	fields := []*field{
		{name: "org", kind: kindPath}, {name: "site", kind: fil.KindText}, {name: "language", kind: fil.KindText},
	}
	for _, a := range schema {
		fields = append(fields, &field{name: a.Name, kind: a.Kind, values: a.Values, sensitive: a.Sensitive})
	}
	for i, f := range fields {
		f.at = i
		if !f.ordered() {
			f.words = newDictionary()
		}
		if f.kind == fil.KindBoolean {
			f.words.intern("false")
			f.words.intern("true")
		}
	}
	return fields
}

// groups says whether breakdowns may group by the field.
func (f *field) groups() bool { return !f.sensitive && f.kind != fil.KindAgent }

// ordered says whether values have an order that rules can use.
func (f *field) ordered() bool { return f.kind == fil.KindNumber || f.kind == fil.KindDate }

func (ix *Index) field(name string) (*field, bool) {
	for _, f := range ix.fields {
		if f.name == name {
			return f, true
		}
	}
	return nil, false
}

// cell is one value of one agent. n is 0 when there is none; otherwise the code of a word, the key of a number or
// date, or 1 for a list, whose words' codes are in list.
type cell struct {
	n    uint64
	list []uint32 // never written again once it is in a cell
}

// row is one agent, value by value.
type row struct {
	id    string
	stamp uint64    // digest of the agent's record
	cells []cell    // by field
	now   time.Time // when the row was read, in the configured zone
}

// encode makes the cell of a value that came as JSON; an error says which type was wanted.
func (f *field) encode(value any) (cell, error) {
	switch v := value.(type) {
	case nil:
		return cell{}, nil
	case string:
		if f.kind == fil.KindText || f.kind == fil.KindAgent {
			return cell{n: uint64(f.words.intern(v))}, nil
		}
		if f.kind == fil.KindDate {
			day, err := time.Parse(time.DateOnly, v)
			if err == nil {
				return cell{n: keyOfDay(day)}, nil
			}
		}
	case float64:
		if f.kind == fil.KindNumber && !math.IsNaN(v) {
			return cell{n: keyOfNumber(v)}, nil
		}
	case bool:
		if f.kind == fil.KindBoolean {
			return cell{n: uint64(f.words.intern(strconv.FormatBool(v)))}, nil
		}
	case []any:
		if f.kind == fil.KindList {
			return f.encodeList(v)
		}
	}
	return cell{}, fmt.Errorf("attribute %s is declared as a %s and cannot hold a %T", f.name, f.kind, value)
}

// encodeText makes the cell of a text that is empty when there is none. The units above a path are interned with it.
func (f *field) encodeText(text string) cell {
	if text == "" {
		return cell{}
	}
	if f.kind == kindPath {
		for i := range len(text) {
			if text[i] == '/' {
				f.words.intern(text[:i])
			}
		}
	}
	return cell{n: uint64(f.words.intern(text))}
}

func (f *field) encodeList(items []any) (cell, error) {
	codes := make([]uint32, 0, len(items))
	for _, item := range items {
		text, ok := item.(string)
		if !ok {
			return cell{}, fmt.Errorf("attribute %s is a list of texts and cannot hold a %T", f.name, item)
		}
		codes = append(codes, f.words.intern(text))
	}
	return cell{n: 1, list: codes}, nil
}

// decode makes the Go value of a cell, as fil.AttributeKind says; nil when there is none.
func (f *field) decode(c cell) any {
	if c.n == 0 {
		return nil
	}
	switch f.kind {
	case fil.KindNumber:
		return numberOfKey(c.n)
	case fil.KindDate:
		return dayOfKey(c.n)
	case fil.KindBoolean:
		return f.words.word(uint32(c.n)) == "true"
	case fil.KindList:
		items := make([]string, len(c.list))
		for i, code := range c.list {
			items[i] = f.words.word(code)
		}
		return items
	default:
		return f.words.word(uint32(c.n))
	}
}

// Keys are unsigned integers in the order of the values they stand for, and never 0, which means no value.
const (
	lowestKey  = 1
	highestKey = math.MaxUint64
	dayBefore0 = 719529 // days from the eve of 0000-01-01 to 1970-01-01
)

// keyOfNumber orders floats as integers: the bits of positive ones above, those of negative ones reversed below.
func keyOfNumber(v float64) uint64 {
	bits := math.Float64bits(v + 0) // -0 and 0 are the same number
	if bits>>63 == 1 {
		return ^bits
	}
	return bits | 1<<63
}

func numberOfKey(key uint64) float64 {
	if key>>63 == 1 {
		return math.Float64frombits(key &^ (1 << 63))
	}
	return math.Float64frombits(^key)
}

func keyOfDay(day time.Time) uint64 { return uint64(day.Unix()/86400 + dayBefore0) }

func dayOfKey(key uint64) string {
	return time.Unix((int64(key)-dayBefore0)*86400, 0).UTC().Format(time.DateOnly)
}

// dictionary gives small integers to words. It only grows: a word that nobody uses any more costs its bytes until the
// next start. One writer; any number of readers.
type dictionary struct {
	lock  sync.RWMutex
	codes map[string]uint32
	list  atomic.Pointer[[]string] // by code; code 0 is no word
}

func newDictionary() *dictionary {
	d := &dictionary{codes: map[string]uint32{}}
	d.list.Store(&[]string{""})
	return d
}

// intern gives the word's code, a new one if need be. Only the writer calls it.
func (d *dictionary) intern(word string) uint32 {
	if code, ok := d.codes[word]; ok { // no lock: nobody else writes
		return code
	}
	word = strings.Clone(word) // words live long; the record they came with should not
	words := append(*d.list.Load(), word)
	code := uint32(len(words) - 1)
	d.list.Store(&words) // before the code can be found
	d.lock.Lock()
	d.codes[word] = code
	d.lock.Unlock()
	return code
}

func (d *dictionary) word(code uint32) string { return (*d.list.Load())[code] }

func (d *dictionary) all() []string { return *d.list.Load() }

func (d *dictionary) code(word string) (uint32, bool) {
	d.lock.RLock()
	defer d.lock.RUnlock()
	code, ok := d.codes[word]
	return code, ok
}

// under says whether a unit is another or beneath it: "a/b/c" is under "a/b", "a/bc" is not.
func under(unit, top string) bool {
	return strings.HasPrefix(unit, top) && (len(unit) == len(top) || unit[len(top)] == '/')
}

// top gives the first levels of a path.
func top(path string, levels int) string {
	for i := range len(path) {
		if path[i] == '/' {
			if levels--; levels == 0 {
				return path[:i]
			}
		}
	}
	return path
}
