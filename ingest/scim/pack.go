package scim

import (
	"encoding/binary"
	"math"
	"strings"
	"time"
)

// words codes the texts that many users share: names of attributes, services, sites. It never forgets one.
type words struct {
	codes map[string]uint32
	texts []string
}

// maxWords bounds the vocabulary; texts past it are kept with each user.
const maxWords = 1 << 20

func (w *words) code(text string) (uint32, bool) {
	if code, ok := w.codes[text]; ok {
		return code, true
	}
	if len(w.texts) >= maxWords {
		return 0, false
	}
	if w.codes == nil {
		w.codes = map[string]uint32{}
	}
	code := uint32(len(w.texts))
	text = strings.Clone(text)
	w.codes[text], w.texts = code, append(w.texts, text)
	return code, true
}

// packed is a user in some hundred bytes: flags, id, user name, external id unless it is the id, moments in Unix seconds,
// then the other attributes.
type packed string

const (
	flagActive = 1 << iota
	flagSameID // the external id is the id
)

// Tags of packed values.
const (
	tagObject = iota
	tagList
	tagText
	tagWord
	tagTrue
	tagFalse
	tagNumber
)

// alone are the attributes whose texts few users share.
func alone(name string) bool { return name == "value" || name == "employeeNumber" }

func pack(w *words, d document) packed {
	externalID, _ := d.attrs["externalId"].(string)
	userName, _ := d.attrs["userName"].(string)
	var flags byte
	if d.attrs["active"] == true {
		flags |= flagActive
	}
	if externalID == d.id {
		flags |= flagSameID
	}
	b := make([]byte, 0, 256)
	b = append(b, flags)
	b = appendText(b, d.id)
	b = appendText(b, userName)
	if externalID != d.id {
		b = appendText(b, externalID)
	}
	b = binary.AppendVarint(b, d.created.Unix())
	b = binary.AppendVarint(b, d.modified.Unix()-d.created.Unix())
	for _, name := range sortedKeys(d.attrs) {
		if name == "externalId" || name == "userName" || name == "active" {
			continue
		}
		b = packMember(b, w, name, d.attrs[name])
	}
	return packed(b)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func packMember(b []byte, w *words, name string, value any) []byte {
	code, ok := w.code(name)
	if !ok {
		return b // impossible: names are those of the schema, and came first
	}
	return packValue(binary.AppendUvarint(b, uint64(code)), w, value, !alone(name))
}

func packValue(b []byte, w *words, value any, shared bool) []byte {
	switch v := value.(type) {
	case map[string]any:
		b = binary.AppendUvarint(append(b, tagObject), uint64(len(v)))
		for _, name := range sortedKeys(v) {
			b = packMember(b, w, name, v[name])
		}
	case []any:
		b = binary.AppendUvarint(append(b, tagList), uint64(len(v)))
		for _, one := range v {
			b = packValue(b, w, one, shared)
		}
	case bool:
		if v {
			return append(b, tagTrue)
		}
		return append(b, tagFalse)
	case float64:
		return binary.LittleEndian.AppendUint64(append(b, tagNumber), math.Float64bits(v))
	case string:
		if shared {
			if code, ok := w.code(v); ok {
				return binary.AppendUvarint(append(b, tagWord), uint64(code))
			}
		}
		return appendText(append(b, tagText), v)
	}
	return b
}

// head is what a filter finds in a packed user without unpacking the rest.
type head struct {
	id, userName, externalID string
	active                   bool
	rest                     packed
}

func (p packed) head() head {
	h := head{active: p[0]&flagActive != 0}
	rest := p[1:]
	h.id, rest = rest.text()
	h.userName, rest = rest.text()
	if h.externalID = h.id; p[0]&flagSameID == 0 {
		h.externalID, rest = rest.text()
	}
	h.rest = rest
	return h
}

func (p packed) uvarint() (uint64, packed) {
	var v uint64
	for i := range len(p) {
		v |= uint64(p[i]&0x7f) << (7 * i)
		if p[i] < 0x80 {
			return v, p[i+1:]
		}
	}
	return 0, ""
}

func (p packed) varint() (int64, packed) {
	u, rest := p.uvarint()
	return int64(u>>1) ^ -int64(u&1), rest // the zigzag of encoding/binary
}

func (p packed) text() (string, packed) {
	n, rest := p.uvarint()
	return string(rest[:n]), rest[n:]
}

func (w *words) unpack(p packed) document {
	h := p.head()
	d := document{id: h.id, attrs: map[string]any{"active": h.active, "userName": h.userName}}
	if h.externalID != "" {
		d.attrs["externalId"] = h.externalID
	}
	created, rest := h.rest.varint()
	since, rest := rest.varint()
	d.created, d.modified = time.Unix(created, 0).UTC(), time.Unix(created+since, 0).UTC()
	for len(rest) > 0 {
		var name string
		var value any
		name, value, rest = w.unpackMember(rest)
		d.attrs[name] = value
	}
	return d
}

func (w *words) unpackMember(p packed) (string, any, packed) {
	code, rest := p.uvarint()
	value, rest := w.unpackValue(rest)
	return w.texts[code], value, rest
}

func (w *words) unpackValue(p packed) (any, packed) {
	tag, rest := p[0], p[1:]
	switch tag {
	case tagObject:
		n, rest := rest.uvarint()
		object := make(map[string]any, n)
		for range n {
			var name string
			var value any
			name, value, rest = w.unpackMember(rest)
			object[name] = value
		}
		return object, rest
	case tagList:
		n, rest := rest.uvarint()
		list := make([]any, n)
		for i := range list {
			list[i], rest = w.unpackValue(rest)
		}
		return list, rest
	case tagText:
		text, rest := rest.text()
		return text, rest
	case tagWord:
		code, rest := rest.uvarint()
		return w.texts[code], rest
	case tagNumber:
		return math.Float64frombits(binary.LittleEndian.Uint64([]byte(rest[:8]))), rest[8:]
	}
	return tag == tagTrue, rest
}
