package audiences

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// scanner reads the JSON of an agent as the door writes it, many times as fast as encoding/json makes maps. It gives up
// on whatever is unusual (a name it does not know, a name twice, a value of another type, bytes that are not UTF-8),
// and encoding/json decides.
type scanner struct {
	index *Index
	data  []byte
	at    int
	usual []expected // the attributes, in the order that records have had them
	seen  []uint32   // by field, and for the id: the record that had it
	turn  uint32
	list  []uint32
	met   []metWords // by field
}

func newScanner(ix *Index) *scanner {
	return &scanner{index: ix, seen: make([]uint32, len(ix.fields)+1), met: make([]metWords, len(ix.fields))}
}

// expected is an attribute, and its name as records have it.
type expected struct {
	name  string // with quotes and colon
	field *field
}

// scan reads a record into a draft; false when encoding/json should.
func (s *scanner) scan(rec *fil.Record, d *draft) bool {
	s.data, s.at = rec.Event.Data, 0
	s.turn++
	if !s.object(func(name []byte) bool { return s.member(string(name), rec, d) }) {
		return false
	}
	s.space()
	return s.at == len(s.data) && d.id != ""
}

// member reads the value of a member of the record.
func (s *scanner) member(name string, rec *fil.Record, d *draft) bool {
	switch name {
	case "id":
		id, ok := s.text()
		if !ok || !s.first(len(s.index.fields)) || rec.Key != "" && rec.Key != string(id) {
			return false
		}
		if d.id = rec.Key; d.id == "" {
			d.id = string(id)
		}
		return true
	case "org":
		return s.word(s.index.fields[atOrg], d, true)
	case "site":
		return s.word(s.index.fields[atSite], d, true)
	case "language":
		return s.word(s.index.fields[atLanguage], d, true)
	case "attributes":
		return s.attributes(d)
	case "directory":
		return s.skip()
	default:
		return false
	}
}

// object reads the members of an object.
func (s *scanner) object(member func(name []byte) bool) bool {
	if !s.token('{') {
		return false
	}
	if s.token('}') {
		return true
	}
	for {
		name, ok := s.text()
		if !ok || !s.token(':') || !member(name) {
			return false
		}
		if !s.token(',') {
			return s.token('}')
		}
	}
}

// first says whether a record has a field for the first time.
func (s *scanner) first(at int) bool {
	if s.seen[at] == s.turn {
		return false
	}
	s.seen[at] = s.turn
	return true
}

// attributes reads the object of the attributes.
func (s *scanner) attributes(d *draft) bool {
	if !s.token('{') {
		return false
	}
	if s.token('}') {
		return true
	}
	for next := 0; ; {
		f := s.attribute(&next)
		if f == nil || !s.value(f, d) {
			return false
		}
		if !s.token(',') {
			return s.token('}')
		}
	}
}

// attribute reads the name of a declared attribute. Records have them in the same order, as a rule, and lack some: next is
// the first that may come.
func (s *scanner) attribute(next *int) *field {
	rest := s.data[s.at:]
	for i := *next; i < len(s.usual); i++ {
		if e := &s.usual[i]; len(rest) > len(e.name) && string(rest[:len(e.name)]) == e.name {
			s.at += len(e.name)
			*next = i + 1
			return e.field
		}
	}
	name, ok := s.text()
	if !ok || !s.token(':') {
		return nil
	}
	f, ok := s.index.byName[string(name)]
	if !ok || f.at < atAttributes {
		return nil
	}
	if !slices.ContainsFunc(s.usual, func(e expected) bool { return e.field == f }) {
		s.usual = slices.Insert(s.usual, *next, expected{`"` + f.name + `":`, f})
		*next++
	}
	return f
}

// value reads the value of an attribute.
func (s *scanner) value(f *field, d *draft) bool {
	s.space()
	if s.at == len(s.data) {
		return false
	}
	if s.data[s.at] == 'n' {
		return s.literal("null") && s.first(f.at)
	}
	switch f.kind {
	case fil.KindText, fil.KindAgent:
		return s.word(f, d, false)
	case fil.KindBoolean:
		if d.codes[f.at] = codeFalse; s.data[s.at] == 't' {
			d.codes[f.at] = codeTrue
			return s.literal("true") && s.first(f.at)
		}
		return s.literal("false") && s.first(f.at)
	case fil.KindDate:
		text, ok := s.text()
		day, isDay := dayOf(text)
		if !ok || !isDay || !s.first(f.at) {
			return false
		}
		code := f.keys.find(day)
		if code == 0 {
			d.missing = append(d.missing, missing{field: f, value: string(text)})
		}
		d.codes[f.at] = code
		return true
	case fil.KindNumber:
		number, ok := s.number()
		if !ok || !s.first(f.at) {
			return false
		}
		code := f.keys.find(keyOfNumber(number))
		if code == 0 {
			d.missing = append(d.missing, missing{field: f, value: number})
		}
		d.codes[f.at] = code
		return true
	default:
		return s.texts(f, d)
	}
}

// word reads a text of a field; when none is true the empty text is no value.
func (s *scanner) word(f *field, d *draft, none bool) bool {
	if !s.first(f.at) {
		return false
	}
	code, text, ok := s.code(f)
	if !ok || code != 0 {
		d.codes[f.at] = code
		return ok
	}
	if !none || len(text) > 0 {
		d.missing = append(d.missing, missing{field: f, text: text})
	}
	return true
}

// texts reads a list.
func (s *scanner) texts(f *field, d *draft) bool {
	if !s.token('[') || !s.first(f.at) {
		return false
	}
	s.list = s.list[:0]
	var items []any // as soon as one has no code
	for more := !s.token(']'); more; {
		code, text, ok := s.code(f)
		if !ok {
			return false
		}
		if items == nil && code == 0 {
			for _, before := range s.list {
				items = append(items, f.words.word(before))
			}
		}
		switch {
		case code == 0:
			items = append(items, string(text))
		case items != nil:
			items = append(items, f.words.word(code))
		}
		s.list = append(s.list, code)
		if more = s.token(','); !more && !s.token(']') {
			return false
		}
	}
	if items == nil {
		if d.codes[f.at] = f.lists.find(s.list); d.codes[f.at] != 0 {
			return true
		}
		for _, code := range s.list {
			items = append(items, f.words.word(code))
		}
	}
	d.missing = append(d.missing, missing{field: f, value: items})
	return true
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// token reads one character, after space, if it is there.
func (s *scanner) token(c byte) bool {
	s.space()
	if s.at < len(s.data) && s.data[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) literal(word string) bool {
	if end := s.at + len(word); end <= len(s.data) && string(s.data[s.at:end]) == word {
		s.at = end
		return true
	}
	return false
}

// text reads a string. The bytes are good as long as the record is.
func (s *scanner) text() ([]byte, bool) {
	if !s.token('"') {
		return nil, false
	}
	start, plain, escaped := s.at, true, false
	for s.at < len(s.data) {
		for s.at+8 <= len(s.data) && plainWord(binary.LittleEndian.Uint64(s.data[s.at:])) {
			s.at += 8
		}
		if s.at == len(s.data) {
			return nil, false
		}
		switch c := s.data[s.at]; {
		case c == '"':
			raw := s.data[start:s.at]
			s.at++
			if escaped {
				var text string
				err := json.Unmarshal(s.data[start-1:s.at], &text)
				return []byte(text), err == nil
			}
			return raw, plain || utf8.Valid(raw)
		case c < ' ':
			return nil, false
		case c == '\\':
			escaped = true
			s.at++ // the next is no end, whatever it is
		case c >= utf8.RuneSelf:
			plain = false
		}
		s.at++
	}
	return nil, false
}

// plainWord says whether eight bytes are ASCII letters, digits and signs that a string may have as they are.
func plainWord(w uint64) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^ones*'"', w^ones*'\\'
	return (w|(w-ones*' ')|(quote-ones)|(slash-ones))&highs == 0
}

// number reads a number, which any comma, bracket or space ends.
func (s *scanner) number() (float64, bool) {
	start := s.at
	whole := 0
	for s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9' && s.at-start < 15 {
		whole = 10*whole + int(s.data[s.at]-'0')
		s.at++
	}
	ended := s.at < len(s.data) && (s.data[s.at] == ',' || s.data[s.at] == '}')
	if ended && s.at > start && (s.data[start] != '0' || s.at == start+1) {
		return float64(whole), true
	}
	for s.at < len(s.data) && s.data[s.at] > ' ' && s.data[s.at] != ',' && s.data[s.at] != '}' {
		s.at++
	}
	raw := s.data[start:s.at]
	if !json.Valid(raw) || len(raw) > 0 && raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return 0, false
	}
	number, err := strconv.ParseFloat(string(raw), 64)
	return number, err == nil
}

// skip passes over an object that means nothing here.
func (s *scanner) skip() bool {
	s.space()
	start, depth := s.at, 0
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case '"':
			if _, ok := s.text(); !ok {
				return false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.at++
		if depth == 0 {
			break
		}
	}
	return json.Valid(s.data[start:s.at])
}

// dayOf gives the key of a day written as 2006-01-02.
func dayOf(text []byte) (key uint64, ok bool) {
	if len(text) != len(time.DateOnly) || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	const daysMoved = 400*365 + 97 - 60 // by the 400 years added below, and from March to January
	wrong := byte(0)
	digits := func(at int) int { // two of them
		tens, units := text[at]-'0', text[at+1]-'0'
		if tens > 9 || units > 9 {
			wrong = 1
		}
		return 10*int(tens) + int(units)
	}
	year, month, day := 100*digits(0)+digits(2), digits(5), digits(8)
	if wrong != 0 || month < 1 || month > 12 || day < 1 || day > 28 && day > time.Date(year, time.Month(month+1), 0, 0, 0, 0, 0, time.UTC).Day() {
		return 0, false
	}
	// The days of the years that begin in March come first, then those of the months (Hinnant, chrono-compatible algorithms).
	if month -= 3; month < 0 {
		year, month = year-1, month+12
	}
	year += 400 // for the first months of the year 0
	return uint64(365*year + year/4 - year/100 + year/400 + (153*month+2)/5 + day - daysMoved), true
}
