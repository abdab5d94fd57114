package audiences

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
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
	at    int           // its column in segments and its code in rows
	words *dictionary   // nil for numbers and dates; the words in lists
	keys  *keyring      // of numbers and dates
	lists *combinations // of lists

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
		if f.ordered() {
			f.keys = newKeyring()
		} else {
			f.words = newDictionary()
		}
		if f.kind == fil.KindList {
			f.lists = newCombinations()
		}
		if f.kind == fil.KindBoolean {
			f.words.intern("false") // codeFalse
			f.words.intern("true")  // codeTrue
		}
	}
	return fields
}

// groups says whether breakdowns may group by the field.
func (f *field) groups() bool { return !f.sensitive && f.kind != fil.KindAgent }

// ordered says whether values have an order that rules can use.
func (f *field) ordered() bool { return f.kind == fil.KindNumber || f.kind == fil.KindDate }

func (ix *Index) field(name string) (*field, bool) {
	f, ok := ix.byName[name]
	return f, ok
}

// Codes of the words of booleans.
const (
	codeFalse = 1
	codeTrue  = 2
)

// row is one agent, value by value.
type row struct {
	id    string
	stamp uint64    // digest of the agent's record
	codes []uint32  // by field: the code of the value in the field's dictionary, 0 for none
	now   time.Time // when the row was read, in the configured zone
	past  *past     // what the agent did; nil when it was not read with the row
}

// word gives the text, path or boolean that a code stands for; key the number's or date's key; list the codes of a list's
// words.
func (f *field) word(code uint32) string { return f.words.word(code) }

func (f *field) key(code uint32) uint64 { return f.keys.key(code) }

func (f *field) list(code uint32) []uint32 { return f.lists.list(code) }

// size is how many codes there are, 0 among them.
func (f *field) size() int {
	if f.ordered() {
		return len(f.keys.all())
	}
	return len(f.words.all())
}

// holds says whether a code is a value; the empty list is none to rules, though it is kept.
func (f *field) holds(code uint32) bool {
	return code != 0 && (f.lists == nil || code != emptyList)
}

// posted lists the codes of the sets that an agent with this value is in: for a path, those of each unit above it too,
// for a list those of its words. Numbers and dates are in none.
func (f *field) posted(code uint32, into []uint32) []uint32 {
	switch {
	case code == 0:
	case f.kind == kindPath:
		for parents := *f.words.parents.Load(); code != 0; code = parents[code] {
			into = append(into, code)
		}
	case f.lists != nil:
		for _, word := range f.lists.list(code) {
			if !slices.Contains(into, word) {
				into = append(into, word)
			}
		}
	default:
		into = append(into, code)
	}
	return into
}

// find gives the code of a value that came as JSON, and whether it has one yet; an error says which type was wanted.
func (f *field) find(value any) (code uint32, known bool, err error) {
	switch v := value.(type) {
	case nil:
		return 0, true, nil
	case string:
		if f.kind == fil.KindText || f.kind == fil.KindAgent {
			code = f.words.find(v)
			return code, code != 0, nil
		}
		if f.kind == fil.KindDate {
			if day, err := time.Parse(time.DateOnly, v); err == nil {
				code = f.keys.find(keyOfDay(day))
				return code, code != 0, nil
			}
		}
	case float64:
		if f.kind == fil.KindNumber && !math.IsNaN(v) {
			code = f.keys.find(keyOfNumber(v))
			return code, code != 0, nil
		}
	case bool:
		if f.kind == fil.KindBoolean {
			return f.words.find(strconv.FormatBool(v)), true, nil
		}
	case []any:
		if f.kind == fil.KindList {
			return f.findList(v)
		}
	}
	return 0, false, fmt.Errorf("attribute %s is declared as a %s and cannot hold a %T", f.name, f.kind, value)
}

func (f *field) findList(items []any) (code uint32, known bool, err error) {
	codes, known := make([]uint32, len(items)), true
	for i, item := range items {
		text, ok := item.(string)
		if !ok {
			return 0, false, fmt.Errorf("attribute %s is a list of texts and cannot hold a %T", f.name, item)
		}
		if codes[i] = f.words.find(text); codes[i] == 0 {
			known = false
		}
	}
	if known {
		code = f.lists.find(codes)
	}
	return code, code != 0, nil
}

// intern gives the code of a value that find had none for, a new one if need be. Only the writer calls it.
func (f *field) intern(value any) uint32 {
	switch v := value.(type) {
	case string:
		switch f.kind {
		case kindPath:
			return f.words.internPath(v)
		case fil.KindDate:
			day, _ := time.Parse(time.DateOnly, v) // find has read it
			return f.keys.intern(keyOfDay(day))
		default:
			return f.words.intern(v)
		}
	case float64:
		return f.keys.intern(keyOfNumber(v))
	case []any:
		codes := make([]uint32, len(v))
		for i, item := range v {
			word, _ := item.(string)
			codes[i] = f.words.intern(word)
		}
		return f.lists.intern(codes)
	}
	return 0
}

// internText does as intern with a text.
func (f *field) internText(text []byte) uint32 {
	if code := f.words.findBytes(text); code != 0 {
		return code
	}
	return f.intern(string(text))
}

// decode makes the Go value of a code, as fil.AttributeKind says; nil when there is none.
func (f *field) decode(code uint32) any {
	if code == 0 {
		return nil
	}
	switch f.kind {
	case fil.KindNumber:
		return numberOfKey(f.key(code))
	case fil.KindDate:
		return dayOfKey(f.key(code))
	case fil.KindBoolean:
		return f.word(code) == "true"
	case fil.KindList:
		codes := f.list(code)
		items := make([]string, len(codes))
		for i, word := range codes {
			items[i] = f.word(word)
		}
		return items
	default:
		return f.word(code)
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
