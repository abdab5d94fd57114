package audiences

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// metWords are words of one field's dictionary that were met lately, at hashes of theirs: most values of a directory are a
// few words, which are found here in a fraction of the time that the dictionary takes. A word here has been read as it
// stands between quotes, so the same bytes before a quote need not be looked at again.
type metWords []metWord

type metWord struct {
	word string
	code uint32
}

const (
	fewestMet = 1 << 6
	mostMet   = 1 << 12
)

// code reads a text, and finds its code: 0 when it has none, and then text is the text. It is not ok when it is no text.
func (s *scanner) code(f *field) (code uint32, text []byte, ok bool) {
	raw, hash := s.quoted()
	met := s.met[f.at]
	if raw != nil && len(met) > 0 {
		if m := &met[hash&uint64(len(met)-1)]; m.word == string(raw) && m.code != 0 {
			s.at += len(raw) + 2
			return m.code, nil, true
		}
	}
	if raw != nil && plain(raw) {
		text, s.at = raw, s.at+len(raw)+2
	} else if text, ok = s.text(); !ok {
		return 0, nil, false
	}
	if code = f.words.findBytes(text); code != 0 && string(raw) == string(text) {
		if words := f.size(); len(met) < mostMet && len(met) < 2*words {
			met = make(metWords, max(fewestMet, 2*len(met), min(mostMet, 2*slotsFor(words))))
			s.met[f.at] = met
		}
		met[hash&uint64(len(met)-1)] = metWord{f.words.word(code), code}
	}
	return code, text, true
}

// plain says whether a text between quotes is all ASCII and stands for itself.
func plain(raw []byte) bool {
	for ; len(raw) >= 8; raw = raw[8:] {
		if !plainWord(binary.LittleEndian.Uint64(raw)) {
			return false
		}
	}
	for _, c := range raw {
		if c < ' ' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// quoted gives the bytes between the quote at hand and the next, and a hash of theirs; nil when that is not simple.
func (s *scanner) quoted() (raw []byte, hash uint64) {
	const ones, highs, odd = 0x0101010101010101, 0x8080808080808080, 0x9e3779b97f4a7c15
	data := s.data
	if s.at >= len(data) || data[s.at] != '"' {
		return nil, 0
	}
	start := s.at + 1
	for at := start; at+8 <= len(data); at += 8 {
		w := binary.LittleEndian.Uint64(data[at:])
		quotes := w ^ ones*'"'
		quotes = (quotes - ones) &^ quotes & highs // the lowest bit is that of the first
		if quotes != 0 {
			n := bits.TrailingZeros64(quotes) &^ 7
			hash = (hash ^ w&(1<<n-1)) * odd
			return data[start : at+n/8], hash ^ hash>>32
		}
		hash = (hash ^ w) * odd
		hash ^= hash >> 29
	}
	return nil, 0
}
