package access

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// Authenticator says who bears a credential. Keys and signed tokens meet it today.
type Authenticator interface {
	Authenticate(bearer string) (fil.Caller, error)
}

// ErrUnknown is returned for a credential that is no key of the ring and no valid token.
var ErrUnknown = errors.New("unknown, revoked or expired key")

// Bearers authenticates keys of a ring and tokens of a signer. It remembers up to 10,000 tokens that it has verified,
// until they expire, since a feed is read far more often than a token is made.
type Bearers struct {
	ring   *Keyring
	signer *Signer
	now    func() time.Time

	mu       sync.RWMutex // guards verified
	verified map[string]verdict
}

type verdict struct {
	caller fil.Caller
	until  time.Time
}

const maxVerified = 10_000

// NewBearers authenticates by the ring and the signer.
func NewBearers(ring *Keyring, signer *Signer, now func() time.Time) *Bearers {
	return &Bearers{ring: ring, signer: signer, now: now, verified: map[string]verdict{}}
}

// Authenticate meets Authenticator. Its only error is ErrUnknown: a caller is not told why.
func (b *Bearers) Authenticate(bearer string) (fil.Caller, error) {
	if strings.HasPrefix(bearer, "fil_") {
		if caller, ok := b.ring.find(bearer); ok {
			return caller, nil
		}
		return fil.Caller{}, ErrUnknown
	}
	b.mu.RLock()
	known, ok := b.verified[bearer]
	b.mu.RUnlock()
	if ok && b.now().Before(known.until) {
		return known.caller, nil
	}
	if bearer == "" || len(bearer) > 2048 {
		return fil.Caller{}, ErrUnknown
	}
	caller, until, err := b.signer.verify(bearer)
	if err != nil {
		return fil.Caller{}, ErrUnknown
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.verified) >= maxVerified {
		clear(b.verified)
	}
	b.verified[bearer] = verdict{caller: caller, until: until}
	return caller, nil
}
