package ranking_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

func TestProfile_IsPure(t *testing.T) {
	before := ranking.Profile{}.Apply(did(fil.Open, "a", noon), 1)
	kept := bytes.Clone(before.Bytes())
	after := before.Apply(did(fil.Read, "a", noon), 2).Apply(did(fil.Read, "b", noon), 3)
	if !bytes.Equal(before.Bytes(), kept) {
		t.Error("Apply changed the profile it was called on")
	}
	if after.Len() != 2 || after.Offset() != 3 {
		t.Errorf("after two contents: %d contents up to offset %d", after.Len(), after.Offset())
	}
}

func TestProfile_IncludesAnOffsetOnce(t *testing.T) {
	p := ranking.Profile{}.Apply(did(fil.Impression, "a", noon), 5)
	for _, offset := range []int64{0, 4, 5} {
		if again := p.Apply(did(fil.Impression, "a", noon), offset); !bytes.Equal(again.Bytes(), p.Bytes()) {
			t.Errorf("offset %d was applied after offset 5", offset)
		}
	}
}

func TestProfile_KeepsTheMostRecentContents(t *testing.T) {
	var p ranking.Profile
	for i := range 600 {
		p = p.Apply(did(fil.Read, fmt.Sprint("c", i), noon.Add(time.Duration(i)*time.Minute)), int64(i))
	}
	if p.Len() != 512 {
		t.Fatalf("600 contents leave %d facts, want 512", p.Len())
	}
	var recent ranking.Profile
	for i := 88; i < 600; i++ {
		recent = recent.Apply(did(fil.Read, fmt.Sprint("c", i), noon.Add(time.Duration(i)*time.Minute)), int64(i))
	}
	if !bytes.Equal(p.Bytes(), recent.Bytes()) {
		t.Error("what is left is not the 512 most recent contents")
	}
	old := p.Apply(did(fil.Read, "late news of long ago", noon.Add(-time.Hour)), 1000)
	if old.Len() != 512 || old.Offset() != 1000 || !bytes.Equal(old.Bytes()[12:], p.Bytes()[12:]) {
		t.Error("an act older than all 512 took the place of a more recent one")
	}
}

func TestProfile_DoesNotDependOnTheOrderOfEvents(t *testing.T) {
	kinds := fil.EngagementKinds()
	events := make([]fil.Engagement, 200)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range events {
		events[i] = did(kinds[random.IntN(len(kinds))], fmt.Sprint("c", random.IntN(40)), noon.Add(time.Duration(random.IntN(1e6))*time.Second))
		events[i].Dwell = float64(random.IntN(300))
	}
	want := profileOf(events...)
	for range 10 {
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if diff := cmp.Diff(want, profileOf(events...)); diff != "" {
			t.Fatalf("another order gave another profile: %s", diff)
		}
	}
}

func TestProfile_KnowsEveryKind(t *testing.T) {
	for i, kind := range fil.EngagementKinds() {
		packed := profileOf(did(kind, "a", noon))
		if bits := uint16(packed[20]) | uint16(packed[21])<<8; bits != 1<<i {
			t.Errorf("%s is packed as %#x, want bit %d as fil.EngagementKinds orders", kind, bits, i)
		}
	}
}

func TestParseProfile_RefusesWhatItDidNotPack(t *testing.T) {
	good := profileOf(did(fil.Read, "a", noon), did(fil.Read, "b", noon))
	mangled := func(change func([]byte) []byte) []byte { return change(bytes.Clone(good)) }
	for name, packed := range map[string][]byte{
		"another version": mangled(func(b []byte) []byte { b[0] = 9; return b }),
		"cut short":       good[:len(good)-1],
		"half a header":   good[:5],
		"out of order": mangled(func(b []byte) []byte {
			return append(append(b[:12:12], b[38:]...), b[12:38]...)
		}),
		"twice the same":  append(bytes.Clone(good[:38]), good[12:38]...),
		"no kind":         mangled(func(b []byte) []byte { b[20], b[21] = 0, 0; return b }),
		"unknown kind":    mangled(func(b []byte) []byte { b[21] |= 0x80; return b }),
		"negative offset": mangled(func(b []byte) []byte { b[8] = 0x80; return b }),
		"too long":        append(bytes.Clone(good), make([]byte, 26*512)...),
		"more facts":      mangled(func(b []byte) []byte { b[10]++; return b }),
		"too many facts":  append(mangled(func(b []byte) []byte { b[11] = 3; return b }), make([]byte, 26*800)...),
		"unknown order":   mangled(func(b []byte) []byte { b[9] = 3; return b }),
	} {
		if _, err := ranking.ParseProfile(packed); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
}

func FuzzParseProfile(f *testing.F) {
	f.Add(profileOf(did(fil.Read, "a", noon), did(fil.Dismiss, "b", noon)), "c", uint8(3))
	f.Add(wished().Bytes(), "Paie", uint8(1))
	f.Add([]byte{}, "", uint8(0))
	kinds := fil.EngagementKinds()
	f.Fuzz(func(t *testing.T, packed []byte, content string, kind uint8) {
		p, err := ranking.ParseProfile(packed)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Bytes(), packed) {
			t.Fatal("a profile that was read is not written as it was")
		}
		next := p.Apply(did(kinds[int(kind)%len(kinds)], content, noon), p.Offset()+1)
		if p.Offset()+1 > p.Offset() && next.Offset() != p.Offset()+1 {
			t.Fatalf("offset %d after %d", next.Offset(), p.Offset())
		}
		if _, err := ranking.ParseProfile(next.Bytes()); err != nil {
			t.Fatalf("Apply made what cannot be read: %v", err)
		}
		asked := fil.Preference{Kind: fil.PreferenceKinds()[int(kind)%9], Facet: fil.Facets()[int(kind)%5], Name: content, Content: content, Time: noon}
		if asked.Validate() == nil || asked.Kind.AboutFacet() && strings.ToValidUTF8(content, "") == content {
			if _, err := ranking.ParseProfile(next.Prefer(asked, next.Offset()+1).Bytes()); err != nil {
				t.Fatalf("Prefer made what cannot be read: %v", err)
			}
		}
		for _, held := range p.Preferences() {
			if held.Name == "" {
				t.Fatal("a preference without a name was read")
			}
		}
	})
}
