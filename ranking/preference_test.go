package ranking_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// prefers is a preference of alice's about a facet, stated so many minutes after noon.
func prefers(kind fil.PreferenceKind, facet fil.Facet, name string, minute int) fil.Preference {
	return fil.Preference{Kind: kind, Agent: "alice", Facet: facet, Name: name, Time: noon.Add(time.Duration(minute) * time.Minute)}
}

// wished is what a chronicle with preferences comes to.
func wished() ranking.Profile {
	var p ranking.Profile
	for i, e := range chronicle() {
		p = p.Apply(e, int64(10+i))
	}
	for i, asked := range []fil.Preference{
		prefers(fil.PreferMore, fil.FacetTopic, "Paie", 1), prefers(fil.PreferHide, fil.FacetSource, "DRH", 2),
		prefers(fil.PreferFollow, fil.FacetCommunity, "Réseau des juristes", 3), prefers(fil.PreferLess, fil.FacetKind, "survey", 4),
		{Kind: fil.PreferOrder, Agent: "alice", Order: fil.OrderChronological, Time: noon},
	} {
		p = p.Prefer(asked, int64(14+i))
	}
	return p
}

func TestProfile_PacksVersion4(t *testing.T) {
	p := wished()
	if diff := cmp.Diff(golden(t, "profile_v4", p.Bytes()), p.Bytes()); diff != "" {
		t.Errorf("packed in another way than version 4; write a new version, and read this one: %s", diff)
	}
	for _, version := range []string{"profile_v2", "profile_v3", "profile_v4"} {
		t.Run(version, func(t *testing.T) { isWished(t, golden(t, version, nil)) })
	}
}

// isWished checks that a packed profile is what wished made.
func isWished(t *testing.T, packed []byte) {
	t.Helper()
	read, err := ranking.ParseProfile(packed)
	if err != nil || read.Len() != 3 || read.Offset() != 18 || read.Order() != fil.OrderChronological {
		t.Fatalf("read as %d contents up to offset %d, order %s, error %v", read.Len(), read.Offset(), read.Order(), err)
	}
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	if diff := cmp.Diff([]ranking.Preference{
		{fil.FacetTopic, "Paie", fil.PreferMore, at(1)}, {fil.FacetSource, "DRH", fil.PreferHide, at(2)},
		{fil.FacetKind, "survey", fil.PreferLess, at(4)}, {fil.FacetCommunity, "Réseau des juristes", fil.PreferFollow, at(3)},
	}, read.Preferences()); diff != "" {
		t.Errorf("preferences: %s", diff)
	}
	next, want := read.Apply(did(fil.Read, "d", noon), 19), wished().Apply(did(fil.Read, "d", noon), 19)
	if !bytes.Equal(next.Bytes(), want.Bytes()) || ranking.ChosenOrder(packed) != fil.OrderChronological {
		t.Errorf("goes on as %x, want %x", next.Bytes(), want.Bytes())
	}
}

// A profile of version 1 becomes, at the next record, what it would be had it been of version 2 all along.
func TestProfile_TakesVersion1Up(t *testing.T) {
	old, err := ranking.ParseProfile(golden(t, "profile_v1", nil))
	if err != nil {
		t.Fatal(err)
	}
	if old.Order() != fil.OrderDefault || old.Preferences() != nil {
		t.Errorf("version 1 is read with order %s and preferences %v", old.Order(), old.Preferences())
	}
	var whole ranking.Profile
	for i, e := range chronicle() {
		whole = whole.Apply(e, int64(10+i))
	}
	for name, next := range map[string]func(ranking.Profile) ranking.Profile{
		"known content": func(p ranking.Profile) ranking.Profile { return p.Apply(did(fil.Open, "a", noon), 14) },
		"new content":   func(p ranking.Profile) ranking.Profile { return p.Apply(did(fil.Open, "z", noon), 14) },
		"preference": func(p ranking.Profile) ranking.Profile {
			return p.Prefer(prefers(fil.PreferMore, fil.FacetTopic, "Paie", 1), 14)
		},
		"restored": func(p ranking.Profile) ranking.Profile {
			return p.Prefer(fil.Preference{Kind: fil.Restore, Agent: "alice", Content: "a", Time: noon}, 14)
		},
		"forgotten": func(p ranking.Profile) ranking.Profile {
			return p.Prefer(fil.Preference{Kind: fil.Forget, Agent: "alice", Time: noon}, 14)
		},
	} {
		if !bytes.Equal(next(old).Bytes(), next(whole).Bytes()) {
			t.Errorf("%s: version 1 becomes\n%x, want\n%x", name, next(old).Bytes(), next(whole).Bytes())
		}
	}
}

// What was saved is listed by when it was saved last, whatever was done with it since, until it is taken back.
func TestSaved_LastSavedFirst(t *testing.T) {
	at := func(kind fil.EngagementKind, content string, minute int) fil.Engagement {
		return did(kind, content, noon.Add(time.Duration(minute)*time.Minute))
	}
	var p ranking.Profile
	saved := func(want ...string) {
		t.Helper()
		keys := make([]fil.ContentKey, len(want))
		for i, id := range want {
			keys[i] = fil.KeyOf(id)
		}
		if diff := cmp.Diff(keys, ranking.Saved(p.Bytes())); diff != "" {
			t.Errorf("saved, want %v: %s", want, diff)
		}
	}
	if got := ranking.Saved(nil); len(got) != 0 {
		t.Errorf("nothing has %v saved", got)
	}
	for i, e := range []fil.Engagement{at(fil.Save, "a", 1), at(fil.Save, "b", 2), at(fil.Read, "a", 9), at(fil.Read, "c", 10), at(fil.Save, "d", 3)} {
		p = p.Apply(e, int64(i))
	}
	saved("d", "b", "a")
	p = p.Apply(at(fil.Save, "a", 4), 10)
	saved("a", "d", "b")
	p = p.Prefer(fil.Preference{Kind: fil.Unsave, Content: "d"}, 11).Prefer(fil.Preference{Kind: fil.Unsave, Content: "c"}, 12).Prefer(fil.Preference{Kind: fil.Unsave, Content: "never seen"}, 13)
	saved("a", "b")
	p = p.Apply(at(fil.Save, "d", 3), 14) // at the moment when it was before
	saved("a", "d", "b")
	if got := ranking.Saved([]byte("no profile")); got != nil {
		t.Errorf("what is no profile has %v saved", got)
	}
}

// What is taken back leaves no trace but the offset.
func TestProfile_TakesPreferencesBack(t *testing.T) {
	var p ranking.Profile
	p = p.Apply(did(fil.Impression, "a", noon), 0).Apply(did(fil.Impression, "b", noon), 1)
	before := p.Bytes()[9:]
	after := p.Apply(did(fil.Dismiss, "b", noon), 2).Apply(did(fil.Dismiss, "c", noon), 3).
		Prefer(prefers(fil.PreferMore, fil.FacetTopic, "Paie", 1), 4).Prefer(prefers(fil.PreferHide, fil.FacetTopic, "Paie", 2), 5).
		Prefer(fil.Preference{Kind: fil.PreferOrder, Order: fil.OrderRanked}, 6).
		Prefer(prefers(fil.PreferNothing, fil.FacetTopic, "Paie", 3), 7).Prefer(prefers(fil.PreferNothing, fil.FacetTopic, "Congés", 3), 8).
		Prefer(fil.Preference{Kind: fil.Restore, Content: "b"}, 9).Prefer(fil.Preference{Kind: fil.Restore, Content: "c"}, 10).
		Prefer(fil.Preference{Kind: fil.Restore, Content: "never seen"}, 11).
		Apply(did(fil.Save, "e", noon), 12).Prefer(fil.Preference{Kind: fil.Unsave, Content: "e"}, 13).Prefer(fil.Preference{Kind: fil.PreferOrder, Order: fil.OrderDefault}, 14)
	if after.Offset() != 14 || after.Len() != 2 {
		t.Errorf("%d contents up to offset %d", after.Len(), after.Offset())
	}
	if !bytes.Equal(after.Bytes()[9:], before) {
		t.Errorf("left\n%x, want\n%x", after.Bytes()[9:], before)
	}
	if again := after.Prefer(prefers(fil.PreferMore, fil.FacetTopic, "Paie", 1), 14); !bytes.Equal(again.Bytes(), after.Bytes()) {
		t.Error("an offset was applied twice")
	}
	if gone := after.Prefer(fil.Preference{Kind: fil.Forget}, 20); gone.Len() != 0 || gone.Offset() != 20 || len(gone.Bytes()) != 12 {
		t.Errorf("after being forgotten: %x", gone.Bytes())
	}
}

func TestProfile_BoundsPreferences(t *testing.T) {
	var p ranking.Profile
	long := strings.Repeat("x", 250)
	for i := range 100 {
		p = p.Prefer(prefers(fil.PreferMore, fil.Facets()[i%5], fmt.Sprint(long, i*7919%1000), i), int64(i))
	}
	kept := p.Preferences()
	if len(kept) != 64 {
		t.Fatalf("100 preferences leave %d, want 64", len(kept))
	}
	for _, k := range kept {
		if k.Since.Before(noon.Add(36 * time.Minute)) {
			t.Errorf("kept one stated at %s, though later ones are gone", k.Since)
		}
	}
	if _, err := ranking.ParseProfile(p.Bytes()); err != nil {
		t.Error(err)
	}
}

// wishing draws records of an agent: acts and preferences, about few things so that they meet.
func wishing(t *rapid.T) []func(ranking.Profile, int64) ranking.Profile {
	names := []string{"Paie", "Congés", "é"}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) func(ranking.Profile, int64) ranking.Profile {
		content, minute := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "content"), rapid.IntRange(0, 100).Draw(t, "minute")
		if rapid.Bool().Draw(t, "act") {
			act := did(rapid.SampledFrom(fil.EngagementKinds()).Draw(t, "kind"), content, noon.Add(time.Duration(minute)*time.Minute))
			return func(p ranking.Profile, offset int64) ranking.Profile { return p.Apply(act, offset) }
		}
		asked := prefers(rapid.SampledFrom(fil.PreferenceKinds()).Draw(t, "preference"), rapid.SampledFrom(fil.Facets()).Draw(t, "facet"), rapid.SampledFrom(names).Draw(t, "name"), minute)
		asked.Content, asked.Order = content, rapid.SampledFrom([]fil.Order{fil.OrderRanked, fil.OrderChronological, fil.OrderDefault}).Draw(t, "order")
		return func(p ranking.Profile, offset int64) ranking.Profile { return p.Prefer(asked, offset) }
	}), 1, 40).Draw(t, "records")
}

// However a history is delivered again, the profile is the one that it makes in one go; and a simple model of preferences
// says the same as the packed one.
func TestProfile_RedeliveryChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		history := wishing(rt)
		var want ranking.Profile
		for i, apply := range history {
			want = apply(want, int64(i))
			if _, err := ranking.ParseProfile(want.Bytes()); err != nil {
				rt.Fatalf("after record %d: %v", i, err)
			}
		}
		var got ranking.Profile
		for at := 0; at < len(history); {
			from := rapid.IntRange(0, at).Draw(rt, "from")
			to := rapid.IntRange(at+1, len(history)).Draw(rt, "to")
			for i := from; i < to; i++ {
				got = history[i](got, int64(i))
			}
			at = to
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			rt.Fatalf("delivered again\n%x, in one go\n%x", got.Bytes(), want.Bytes())
		}
	})
}

func TestProfile_PreferencesAreAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	type key struct {
		facet fil.Facet
		name  string
	}
	model, kinds := map[key]ranking.Preference{}, fil.PreferenceKinds()[:5]
	var p ranking.Profile
	for i := range 3000 {
		asked := prefers(kinds[random.IntN(5)], fil.Facets()[random.IntN(5)], fmt.Sprint("n", random.IntN(12)), i)
		p = p.Prefer(asked, int64(i))
		if k := (key{asked.Facet, asked.Name}); asked.Kind == fil.PreferNothing {
			delete(model, k)
		} else {
			model[k] = ranking.Preference{Facet: asked.Facet, Name: asked.Name, Kind: asked.Kind, Since: asked.Time}
		}
		if i%100 != 0 {
			continue
		}
		got := map[key]ranking.Preference{}
		for _, held := range p.Preferences() {
			got[key{held.Facet, held.Name}] = held
		}
		if diff := cmp.Diff(model, got); diff != "" {
			t.Fatalf("after %d: %s", i, diff)
		}
	}
}
