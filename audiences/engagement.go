package audiences

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// engaged reads from a record of fil.engagements what rules about behaviour go by, as fil.EngagementOf would, and several
// times as fast when the record is as the door writes it. The record's text is used, and not to be kept.
func (l *lives) engaged(rec *fil.Record) (agent string, content []byte, kind uint8, ok bool) {
	if rec.Event.IsPreference() { // which is no act
		return "", nil, 0, false
	}
	kind, known := l.kinds[fil.EngagementKind(strings.TrimPrefix(rec.Event.Type, fil.TypeEngagement))]
	year := rec.Event.Time.Year()
	if known && strings.HasPrefix(rec.Event.Type, fil.TypeEngagement) && year >= 1970 && year <= 2105 {
		if agent, content, ok = plainEngagement(rec.Event.Data); ok {
			return agent, content, kind, true
		}
	}
	e, err := fil.EngagementOf(*rec)
	return e.Agent, []byte(e.Content), l.kinds[e.Kind], err == nil
}

// plainEngagement reads {"agent":"…","content":"…"}; false when it is anything else, such as a dwell.
func plainEngagement(data []byte) (agent string, content []byte, ok bool) {
	data, ok = bytes.CutPrefix(data, []byte(`{"agent":`))
	if !ok {
		return "", nil, false
	}
	who, data, ok := plainID(data)
	if !ok {
		return "", nil, false
	}
	if data, ok = bytes.CutPrefix(data, []byte(`,"content":`)); !ok {
		return "", nil, false
	}
	content, data, ok = plainID(data)
	return string(who), content, ok && len(data) == 1 && data[0] == '}'
}

// plainID reads a text of 1 to 128 bytes without an escape, that may be an id.
func plainID(data []byte) (id, rest []byte, ok bool) {
	if len(data) == 0 || data[0] != '"' {
		return nil, nil, false
	}
	end := bytes.IndexByte(data[1:], '"')
	if end < 1 || end > 128 {
		return nil, nil, false
	}
	id, rest = data[1:1+end], data[2+end:]
	for _, c := range id {
		if c == '\\' || c < ' ' {
			return nil, nil, false
		}
	}
	return id, rest, id[0] != '}' && utf8.Valid(id)
}
