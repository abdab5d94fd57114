package audiences

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// scanner reads the JSON of an agent as the door writes it, several times as fast as encoding/json makes maps. It gives up
// on whatever is unusual (a name it does not know, a name twice, a value of another type, bytes that are not UTF-8),
// and encoding/json decides.
type scanner struct {
	index *Index
	data  []byte
	at    int
	usual []*field // the attributes, in the order that records have had them
	seen  []uint32 // by field, and for the id: the record that had it
	turn  uint32
	list  []uint32
	met   [metWords]metWord // words met lately, at a hash of theirs
}

// metWord is a word that a field's dictionary has. Most values of a directory are a few hundred words: those are found
// here in half the time that the dictionary takes.
type metWord struct {
	field *field
	word  string
	code  uint32
}

const (
	metWords = 1 << 11
	fewWords = metWords / 4 // of a dictionary whose words are worth a place
)

// code finds a word's code.
func (s *scanner) code(f *field, text []byte) (code uint32, known bool) {
	h := uint64(len(text))<<8 ^ uint64(f.at)
	if n := len(text); n >= 8 {
		h ^= binary.LittleEndian.Uint64(text) ^ binary.LittleEndian.Uint64(text[n-8:])*3
	} else {
		for _, c := range text {
			h = h<<8 ^ uint64(c)
		}
	}
	met := &s.met[h*0x9e3779b97f4a7c15>>(64-11)]
	if met.field == f && met.word == string(text) {
		return met.code, true
	}
	if code, known = f.words.codes[string(text)]; known && len(f.words.codes) <= fewWords {
		*met = metWord{f, f.words.word(code), code}
	}
	return code, known
}

// scan reads a record into a draft; false when encoding/json should.
func (s *scanner) scan(rec *fil.Record, d *draft) bool {
	s.data, s.at = rec.Event.Data, 0
	s.turn++
	if !s.object(func(name []byte, _ int) bool { return s.member(string(name), rec, d) }) {
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
		return s.object(func(name []byte, i int) bool {
			f := s.attribute(name, i)
			return f != nil && s.value(f, d)
		})
	case "directory":
		return s.skip()
	default:
		return false
	}
}

// object reads the members of an object.
func (s *scanner) object(member func(name []byte, i int) bool) bool {
	if !s.token('{') {
		return false
	}
	if s.token('}') {
		return true
	}
	for i := 0; ; i++ {
		name, ok := s.text()
		if !ok || !s.token(':') || !member(name, i) {
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

// attribute finds a declared attribute; records have them in the same order, as a rule.
func (s *scanner) attribute(name []byte, i int) *field {
	if i < len(s.usual) && s.usual[i].name == string(name) {
		return s.usual[i]
	}
	f, ok := s.index.byName[string(name)]
	if !ok || f.at < atAttributes {
		return nil
	}
	if i < len(s.usual) {
		s.usual[i] = f
	} else if i == len(s.usual) {
		s.usual = append(s.usual, f)
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
		code, known := f.keys.codes[day]
		if !known {
			d.missing = append(d.missing, missing{f, string(text)})
		}
		d.codes[f.at] = code
		return true
	case fil.KindNumber:
		number, ok := s.number()
		if !ok || !s.first(f.at) {
			return false
		}
		code, known := f.keys.codes[keyOfNumber(number)]
		if !known {
			d.missing = append(d.missing, missing{f, number})
		}
		d.codes[f.at] = code
		return true
	default:
		return s.texts(f, d)
	}
}

// word reads a text of a field; when none is true the empty text is no value.
func (s *scanner) word(f *field, d *draft, none bool) bool {
	text, ok := s.text()
	if !ok || !s.first(f.at) {
		return false
	}
	if none && len(text) == 0 {
		return true
	}
	code, known := s.code(f, text)
	if !known {
		d.missing = append(d.missing, missing{f, string(text)})
	}
	d.codes[f.at] = code
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
		text, ok := s.text()
		if !ok {
			return false
		}
		code, known := s.code(f, text)
		if items == nil && !known {
			for _, before := range s.list {
				items = append(items, f.words.word(before))
			}
		}
		if items != nil || !known {
			items = append(items, string(text))
		}
		s.list = append(s.list, code)
		if more = s.token(','); !more && !s.token(']') {
			return false
		}
	}
	if items == nil {
		if _, d.codes[f.at] = f.lists.find(s.list); d.codes[f.at] != 0 {
			return true
		}
		for _, code := range s.list {
			items = append(items, f.words.word(code))
		}
	}
	d.missing = append(d.missing, missing{f, items})
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
	number := func(from, to int) int {
		n := 0
		for _, c := range text[from:to] {
			if c < '0' || c > '9' {
				ok = false
			}
			n = 10*n + int(c-'0')
		}
		return n
	}
	ok = true
	year, month, day := number(0, 4), number(5, 7), number(8, 10)
	if !ok || month < 1 || month > 12 || day < 1 {
		return 0, false
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return keyOfDay(date), date.Day() == day
}
