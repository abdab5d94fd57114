package syndication

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Digest is the first 128 bits of the SHA-256 of a secret, which has 192 bits of chance and so needs no salt.
type Digest [16]byte

// MarshalText writes it in base64url.
func (d Digest) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, d[:]), nil
}

// UnmarshalText reads base64url.
func (d *Digest) UnmarshalText(text []byte) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw) != len(d) {
		return errors.New("a digest is 22 characters of base64url")
	}
	copy(d[:], raw)
	return nil
}

// Subscription is one address at which another application reads an agent's feed. Its secret is not in it.
type Subscription struct {
	ID      string    `json:"id"`
	Label   string    `json:"label,omitempty"` // what the agent calls it; forgotten when it is revoked
	Digest  Digest    `json:"digest"`
	Made    time.Time `json:"made"`
	Revoked time.Time `json:"revoked,omitzero"` // zero: it serves
}

// Holder is what the log keeps of one agent: all their subscriptions, so that one record removes them all.
type Holder struct {
	Agent         string         `json:"agent"`
	Subscriptions []Subscription `json:"subscriptions"`
}

// TypeSubscriptions is the type of the events of fil.subscriptions.
const TypeSubscriptions = "fil.subscriptions"

// Bounds of an agent's record. A revoked address is told from one that never was for as long as 40 later ones have not been
// revoked.
const (
	maxRevoked = 40
	maxLabel   = 60 // characters
	secretSize = 24 // bytes
)

// check says what is wrong with a holder that was read.
func (h Holder) check(key string) error {
	if h.Agent == "" || h.Agent != key {
		return fmt.Errorf("subscriptions of %q are under the key %q", h.Agent, key)
	}
	ids, digests := map[string]bool{}, map[Digest]bool{}
	for _, s := range h.Subscriptions {
		if s.ID == "" || ids[s.ID] || digests[s.Digest] || s.Digest == (Digest{}) {
			return fmt.Errorf("subscription %q has no name or no digest of its own", s.ID)
		}
		ids[s.ID], digests[s.Digest] = true, true
	}
	return nil
}

// merged joins two states of one agent that were written without knowing of each other: nothing made is lost, and nothing
// revoked serves again, in whatever order they come.
func merged(a, b []Subscription) []Subscription {
	byID := make(map[string]Subscription, len(a)+len(b))
	for _, s := range slices.Concat(a, b) {
		before, twice := byID[s.ID]
		if twice && before.revoked() && (!s.revoked() || before.Revoked.Before(s.Revoked)) {
			s = before
		}
		byID[s.ID] = s
	}
	all := make([]Subscription, 0, len(byID))
	for _, s := range byID {
		all = append(all, s)
	}
	slices.SortFunc(all, func(x, y Subscription) int {
		return cmp.Or(x.Revoked.Compare(y.Revoked), x.Made.Compare(y.Made), cmp.Compare(x.ID, y.ID))
	})
	first := slices.IndexFunc(all, Subscription.revoked)
	if excess := len(all) - first - maxRevoked; first >= 0 && excess > 0 {
		all = slices.Delete(all, first, first+excess)
	}
	return all
}

func (s Subscription) revoked() bool { return !s.Revoked.IsZero() }

// serving are those that are not revoked, the oldest first.
func serving(all []Subscription) []Subscription {
	return slices.DeleteFunc(slices.Clone(all), Subscription.revoked)
}

// newSubscription makes one, and its secret, which nobody has but whoever gets it here.
func newSubscription(label string, now time.Time) (s Subscription, secret string) {
	raw, id := make([]byte, secretSize), make([]byte, 8)
	_, _ = rand.Read(raw) // never fails
	_, _ = rand.Read(id)
	secret = base64.RawURLEncoding.EncodeToString(raw)
	return Subscription{ID: hex.EncodeToString(id), Label: label, Digest: digestOf(secret), Made: now.UTC().Truncate(time.Microsecond)}, secret
}

func digestOf(secret string) (d Digest) {
	sum := sha256.Sum256([]byte(secret))
	copy(d[:], sum[:])
	return d
}

// Format is one of the three.
type Format string

// The formats, by the end of an address.
const (
	RSS  Format = "rss"  // RSS 2.0
	Atom Format = "atom" // RFC 4287
	JSON Format = "json" // JSON Feed 1.1
)

// ParseName reads the last part of an address, such as SECRET.rss, and gives the digest of its secret.
func ParseName(name string) (of Digest, format Format, ok bool) {
	secret, end, _ := strings.Cut(name, ".")
	format = Format(end)
	if format != RSS && format != Atom && format != JSON || len(secret) != base64.RawURLEncoding.EncodedLen(secretSize) {
		return Digest{}, "", false
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(secret); err != nil {
		return Digest{}, "", false
	}
	return digestOf(secret), format, true
}

// tidy takes the white space around a label, and says whether it may be one.
func tidy(label string) (string, bool) {
	label = strings.TrimSpace(label)
	n := utf8.RuneCountInString(label)
	return label, n > 0 && n <= maxLabel && utf8.ValidString(label) && !strings.ContainsFunc(label, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
}
