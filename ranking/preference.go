package ranking

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// MaxPreferences bounds the preferences about facets of one profile. When one more comes, the one stated longest ago is
// forgotten.
const MaxPreferences = 64

// wish is one preference about a facet, packed as: facet (1, its place in fil.Facets), kind (1, its place in
// fil.PreferenceKinds), when it was stated in Unix seconds (4), length of the name in bytes (2), name. Wishes are in
// ascending order of facet and name.
type wish struct {
	facet uint8 // also the column of the catalogue
	kind  uint8
	since uint32
	name  []byte // in the profile: not to be kept
}

const wishSize = 8 // without the name

// Kinds of wishes: places in fil.PreferenceKinds.
const (
	wishMore = iota
	wishLess
	wishFollow
	wishHide
	wishKinds
)

// Orders as they are packed.
const (
	orderNone = iota
	orderRanked
	orderChronological
	orders
)

// Preference is what a profile holds of one preference about a facet.
type Preference struct {
	Facet fil.Facet
	Name  string
	Kind  fil.PreferenceKind // more, less, follow or hide
	Since time.Time          // UTC, to the second
}

// Preferences lists the preferences about facets, by facet and name.
func (p Profile) Preferences() []Preference {
	facets, kinds := fil.Facets(), fil.PreferenceKinds()
	var all []Preference
	for w := range p.wishes {
		all = append(all, Preference{Facet: facets[w.facet], Name: string(w.name), Kind: kinds[w.kind], Since: time.Unix(int64(w.since), 0).UTC()})
	}
	return all
}

// Order is the order that the agent chose; fil.OrderDefault when they chose none.
func (p Profile) Order() fil.Order {
	switch p.order() {
	case orderRanked:
		return fil.OrderRanked
	case orderChronological:
		return fil.OrderChronological
	}
	return fil.OrderDefault
}

func (p Profile) order() byte {
	if len(p.packed) == 0 || p.packed[0] == 1 {
		return orderNone
	}
	return p.packed[orderAt]
}

// ChosenOrder is the order that a packed profile says the agent chose, fil.OrderDefault when it says none or cannot be read.
// Its first 10 bytes are enough.
func ChosenOrder(profile []byte) fil.Order {
	if len(profile) <= orderAt || profile[0] == 1 || profile[0] > profileVersion {
		return fil.OrderDefault
	}
	return Profile{profile}.Order()
}

// Prefer gives the profile with one more preference, the one at offset in the agent's partition. The receiver is not
// changed. An offset that the profile already includes changes nothing.
func (p Profile) Prefer(asked fil.Preference, offset int64) Profile {
	if offset <= p.Offset() {
		return p
	}
	next := p.advanced(offset, wishSize+len(asked.Name))
	switch asked.Kind {
	case fil.Forget:
		return Profile{}.advanced(offset, 0)
	case fil.Restore:
		next.takeBack(asked.Content, dismissBit)
	case fil.Unsave:
		next.takeBack(asked.Content, saveBit)
	case fil.PreferOrder:
		next.packed[orderAt] = byte(max(0, slices.Index([]fil.Order{fil.OrderDefault, fil.OrderRanked, fil.OrderChronological}, asked.Order)))
	default:
		next.wish(asked)
	}
	return next
}

// takeBack takes an act on a content back.
func (p *Profile) takeBack(content string, bit int) {
	i, found := p.search(fil.KeyOf(content))
	if !found {
		return
	}
	f := p.at(i)
	if f.kinds &^= 1 << bit; f.kinds == 0 {
		p.forget(i)
		return
	}
	if bit == saveBit {
		f.saved = 0
	}
	p.put(i, f)
}

// Saved lists the contents that a packed profile says the agent saved and did not take back, the last saved first; none when
// it cannot be read.
func Saved(packed []byte) []fil.ContentKey {
	p, err := ParseProfile(packed)
	if err != nil {
		return nil
	}
	var saved []fact
	for i := range p.Len() {
		if f := p.at(i); f.kinds&(1<<saveBit) != 0 {
			saved = append(saved, f)
		}
	}
	slices.SortFunc(saved, func(a, b fact) int { return cmp.Or(cmp.Compare(b.saved, a.saved), cmp.Compare(a.content, b.content)) })
	keys := make([]fil.ContentKey, len(saved))
	for i, f := range saved {
		keys[i] = f.content
	}
	return keys
}

// wish puts a preference about a facet in the place of the one before it, or takes that away.
func (p *Profile) wish(asked fil.Preference) {
	facet := slices.Index(fil.Facets(), asked.Facet)
	kind := slices.Index(fil.PreferenceKinds(), asked.Kind)
	if facet < 0 || kind < 0 || asked.Name == "" || len(asked.Name) > fil.MaxPreferenceName {
		return
	}
	at, n := p.wishesAt(), 0
	for at < len(p.packed) {
		w, end := p.wishAt(at)
		order := cmp.Or(cmp.Compare(int(w.facet), facet), bytes.Compare(w.name, []byte(asked.Name)))
		if order == 0 {
			p.packed = slices.Delete(p.packed, at, end)
		}
		if order >= 0 {
			break
		}
		at = end
	}
	if kind >= wishKinds {
		return
	}
	for range p.wishes {
		n++
	}
	packed := []byte{byte(facet), byte(kind)}
	packed = binary.LittleEndian.AppendUint32(packed, uint32(min(max(asked.Time.Unix(), 0), math.MaxUint32)))
	packed = append(binary.LittleEndian.AppendUint16(packed, uint16(len(asked.Name))), asked.Name...)
	if n == MaxPreferences {
		at -= p.forgetWish(at)
	}
	p.packed = slices.Insert(p.packed, at, packed...)
}

// forgetWish takes out the preference stated longest ago, and says how many bytes before a place that was.
func (p *Profile) forgetWish(place int) (before int) {
	oldest, from, to := uint32(math.MaxUint32), 0, 0
	for at := p.wishesAt(); at < len(p.packed); {
		w, end := p.wishAt(at)
		if to == 0 || w.since < oldest {
			oldest, from, to = w.since, at, end
		}
		at = end
	}
	p.packed = slices.Delete(p.packed, from, to)
	if from < place {
		return to - from
	}
	return 0
}

// wishesAt is where the preferences begin.
func (p Profile) wishesAt() int { return p.factsFrom() + p.Len()*p.size() }

// wishAt gives the preference that begins at a place, and where it ends.
func (p Profile) wishAt(at int) (w wish, end int) {
	b := p.packed[at:]
	end = at + wishSize + int(binary.LittleEndian.Uint16(b[6:]))
	return wish{facet: b[0], kind: b[1], since: binary.LittleEndian.Uint32(b[2:]), name: p.packed[at+wishSize : end]}, end
}

// wishes calls visit with each preference about a facet, by facet and name, until it says false.
func (p Profile) wishes(visit func(wish) bool) {
	for at := p.wishesAt(); at < len(p.packed); {
		w, end := p.wishAt(at)
		if !visit(w) {
			return
		}
		at = end
	}
}

// checkWishes says what is wrong with the order and the preferences of a packed profile, whose facts are all there.
func (p Profile) checkWishes() error {
	if p.order() >= orders {
		return fmt.Errorf("unknown order %d", p.order())
	}
	before, n := wish{}, 0
	for at := p.wishesAt(); at < len(p.packed); n++ {
		if left := p.packed[at:]; len(left) < wishSize || len(left) < wishSize+int(binary.LittleEndian.Uint16(left[6:])) {
			return fmt.Errorf("preference %d is cut", n)
		}
		w, end := p.wishAt(at)
		switch {
		case w.facet >= columns || w.kind >= wishKinds:
			return fmt.Errorf("preference %d is of an unknown facet or kind", n)
		case len(w.name) == 0 || len(w.name) > fil.MaxPreferenceName || !utf8.Valid(w.name):
			return fmt.Errorf("preference %d has no name that may be", n)
		case n > 0 && cmp.Or(cmp.Compare(before.facet, w.facet), bytes.Compare(before.name, w.name)) >= 0:
			return fmt.Errorf("preference %d is out of order", n)
		}
		before, at = w, end
	}
	if n > MaxPreferences {
		return errors.New("more preferences than are kept")
	}
	return nil
}
