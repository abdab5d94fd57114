package delivery

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/filengine/fil"
)

// Cursor is what is left to serve of a feed, in order. It travels whole, so the server remembers nothing of a reader,
// and a feed that changes meanwhile neither repeats nor skips what the reader was promised.
type Cursor []fil.ContentKey

const (
	cursorVersion = 1
	// maxCursor bounds the items of a cursor, and with it those of a feed that can be paged through: 5,463 characters
	// for 512, within the 8 KiB that proxies let through by default.
	maxCursor = 512
	keySize   = 8
)

var cursorText = base64.RawURLEncoding.Strict()

// String is the opaque form: base64url of a version byte and 8 bytes for each item; empty when nothing is left.
func (c Cursor) String() string {
	if len(c) == 0 {
		return ""
	}
	b := make([]byte, 1, 1+keySize*len(c))
	b[0] = cursorVersion
	for _, key := range c {
		b = binary.BigEndian.AppendUint64(b, uint64(key))
	}
	return cursorText.EncodeToString(b)
}

// ParseCursor reads the opaque form. Its error is a fil.Fault of the field "cursor".
func ParseCursor(text string) (Cursor, error) {
	wrong := fil.NewFault("cursor",
		"n'est pas un curseur de ce fil : reprenez tel quel le « next » d'une page, ou relisez depuis le début sans curseur",
		"is not a cursor of this feed: take the 'next' of a page as it is, or read from the start without a cursor")
	b, err := cursorText.DecodeString(text)
	if err != nil || len(b) <= keySize || b[0] != cursorVersion || len(b)%keySize != 1 || len(b)/keySize > maxCursor {
		return nil, wrong
	}
	c := make(Cursor, 0, len(b)/keySize)
	seen := make(map[fil.ContentKey]struct{}, cap(c))
	for b = b[1:]; len(b) > 0; b = b[keySize:] {
		key := fil.ContentKey(binary.BigEndian.Uint64(b))
		if _, twice := seen[key]; twice {
			return nil, wrong
		}
		seen[key] = struct{}{}
		c = append(c, key)
	}
	return c, nil
}
