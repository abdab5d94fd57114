package ranking_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// following is alice's profile once she follows communities, after what she did.
func following(p ranking.Profile, communities ...string) ranking.Profile {
	for _, name := range communities {
		p = p.Prefer(prefers(fil.PreferFollow, fil.FacetCommunity, name, 1), p.Offset()+1)
	}
	return p
}

// Of each community that is followed, an unseen content is among the first ones as long as one is live, whatever the scores,
// the caps and the draws; and no mandatory or pinned content loses its place.
func TestCommunities_HaveAPlaceAmongTheFirst(t *testing.T) {
	tb := t
	rapid.Check(t, func(t *rapid.T) {
		within, length := 12-rapid.IntRange(0, 12).Draw(t, "left"), rapid.IntRange(1, 60).Draw(t, "length")
		share := rapid.SampledFrom([]float64{0, 0.1, 0.5}).Draw(t, "share")
		p, err := ranking.ParsePolicy([]byte(fmt.Sprintf("rules: {community_within: %d}\nfeed_length: %d\ncandidates: 10\nexploration: {share: %v}", within, length, share)))
		if err != nil {
			t.Fatal(err)
		}
		without := p
		without.Rules.CommunityWithin = 0
		contents := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fil.Content {
			c := fil.Content{PublishedAt: noon.Add(-time.Duration(rapid.IntRange(1, 5000).Draw(t, "age")) * time.Minute), Source: rapid.SampledFrom([]string{"s", "t"}).Draw(t, "source")}
			c.Community = rapid.SampledFrom([]string{"", "", "", "", "", "", "", "", "a", "b", "c"}).Draw(t, "community")
			switch rapid.IntRange(0, 20).Draw(t, "rule") {
			case 17:
				c.MandatoryUntil = noon.Add(time.Hour)
			case 18:
				c.PinnedUntil = noon.Add(time.Hour)
			case 19:
				c.Audiences = []string{"others"}
			}
			return c
		}), 30, 120).Draw(t, "contents")
		var profile ranking.Profile
		seen := map[string]bool{}
		for i := range contents {
			contents[i].ID = fmt.Sprint("c", i)
			if rapid.IntRange(0, 3).Draw(t, "seen") == 0 {
				seen[contents[i].ID], profile = true, profile.Apply(did(fil.Open, contents[i].ID, noon.Add(-time.Minute)), int64(i))
			}
		}
		follows := []string{"a", "b", "c"}[:rapid.IntRange(0, 3).Draw(t, "follows")]
		catalogue, packed := newCatalogue(tb, contents...), following(profile, follows...).Bytes()
		feed := rank(tb, ranking.NewRanker(p, catalogue, town, nil), packed, noon)
		before := ids(tb, catalogue, rank(tb, ranking.NewRanker(without, catalogue, town, nil), packed, noon))
		expectRepresented(t, catalogue, ids(tb, catalogue, feed), before, min(within, length), follows, seen, share)
	})
}

func expectRepresented(t *rapid.T, catalogue *ranking.Catalogue, got, before []string, within int, follows []string, seen map[string]bool, share float64) {
	first := got[:min(within, len(got))]
	of := func(id string) fil.Content { c, _ := catalogue.Content(id); return c }
	above := func(id string) bool { c := of(id); return !c.MandatoryUntil.IsZero() || !c.PinnedUntil.IsZero() }
	missing, free := 0, 0
	for _, name := range follows {
		in := func(id string) bool { return of(id).Community == name }
		live := slices.ContainsFunc(catalogue.Contents(), func(c fil.Content) bool { return in(c.ID) && !seen[c.ID] && len(c.Audiences) == 0 })
		if live && !slices.ContainsFunc(first, in) {
			missing++
		}
	}
	for _, id := range first {
		if !above(id) && !slices.Contains(follows, of(id).Community) {
			free++
		}
	}
	if missing > 0 && float64(free) > share*float64(within) { // those that keep their places were drawn
		t.Fatalf("%d communities that are followed are not among the first %d of %v", missing, within, got)
	}
	if more := len(got) - len(before); more < 0 || more > len(follows) { // one of each may come from beyond the candidates
		t.Fatalf("%d contents, %d without the rule", len(got), len(before))
	}
	for i, id := range before {
		if c := of(id); i < within && !c.MandatoryUntil.IsZero() && got[i] != id {
			t.Fatalf("%s was at %d and %s is: %v, before %v", id, i, got[i], got, before)
		}
	}
	for i, id := range got {
		if slices.Contains(got[:i], id) {
			t.Fatalf("%s is there twice: %v", id, got)
		}
	}
}

func TestCommunities_AreToldAsTheReason(t *testing.T) {
	var contents []fil.Content
	for i := range 30 {
		contents = append(contents, fil.Content{ID: fmt.Sprint("c", i), PublishedAt: noon.Add(-time.Duration(i+1) * time.Minute), Priority: 3})
	}
	late := fil.Content{ID: "late", Community: "Juristes", PublishedAt: noon.Add(-2000 * time.Hour), Priority: -3}
	catalogue := newCatalogue(t, append(contents, late)...)
	ranker := ranking.NewRanker(policy(t, "feed_length: 30\nrules: {community_within: 8}"), catalogue, town, nil)
	profile := following(ranking.Profile{}, "Juristes").Bytes()
	feed := rank(t, ranker, profile, noon)
	got := ids(t, catalogue, feed)
	if got[7] != "late" || got[6] != "c6" || got[8] != "c7" || len(got) != 30 {
		t.Fatalf("the feed is %v", got)
	}
	p := place(t, ranker, profile, feed, fil.OrderRanked, "fr")[7]
	if said := strings.Join(p.Reasons, ", "); said != "Vous suivez la communauté « Juristes »" {
		t.Errorf("reasons: %s", said)
	}
	if done := strings.Join(p.Explanation.Operations, " "); !strings.Contains(done, "remonté parmi les 8 premiers") {
		t.Errorf("operations: %s", done)
	}
	if known, _ := ranker.Brief(feed, profile, feed.Entries[7:8], fil.OrderRanked, noon); len(known) != 1 || ranker.Sentences(known[0].Content, known[0].Note, "en", noon)[0] != "You follow the community “Juristes”" {
		t.Errorf("briefs: %+v", known)
	}
	// A taste that comes from reading alone is not said to be a community that is followed.
	read := []fil.Content{{ID: "r", Community: "Juristes", PublishedAt: noon.Add(-time.Hour)}, {ID: "n", Community: "Juristes", PublishedAt: noon.Add(-time.Minute)}}
	again := ranking.NewRanker(policy(t, "priors: {affinity: 0.1}"), newCatalogue(t, read...), town, nil)
	reader := profileOf(did(fil.Read, "r", noon.Add(-30*time.Minute)))
	if said := place(t, again, reader, rank(t, again, reader, noon), fil.OrderRanked, "fr")[0].Reasons; !slices.Contains(said, "Vous lisez ou suivez la communauté « Juristes »") {
		t.Errorf("reasons of a reader: %v", said)
	}
}

// A policy that was published before there was the rule goes on without it.
func TestCommunities_AreOffInAnOlderPolicy(t *testing.T) {
	p := policy(t, "rules: {order: [mandatory, pinned, unseen, caps, discovery]}")
	if p.Rules.CommunityWithin != 0 {
		t.Errorf("within is %d", p.Rules.CommunityWithin)
	}
	for _, wrong := range []string{"rules: {order: [mandatory, pinned, unseen, communities, caps, discovery]}", "rules: {community_within: 101}"} {
		if _, err := ranking.ParsePolicy([]byte(wrong)); err == nil {
			t.Errorf("%s was read", wrong)
		}
	}
}

// Following communities costs no allocation.
func TestCommunities_AllocateNothing(t *testing.T) {
	var contents []fil.Content
	for i := range 200 {
		contents = append(contents, fil.Content{ID: fmt.Sprint("c", i), Community: []string{"", "", "", "a", "b"}[i%5], PublishedAt: noon.Add(-time.Duration(i/5%7*i+1) * time.Minute)})
	}
	ranker := ranking.NewRanker(policy(t, "rules: {community_within: 3}\nfeed_length: 20"), newCatalogue(t, contents...), town, nil)
	count := func(profile []byte) float64 {
		return testing.AllocsPerRun(50, func() { rank(t, ranker, profile, noon) })
	}
	with, without := count(following(ranking.Profile{}, "a", "b").Bytes()), count(profileOf(did(fil.Open, "c1", noon)))
	if with > without {
		t.Errorf("%v allocations a feed, %v without communities", with, without)
	}
}
