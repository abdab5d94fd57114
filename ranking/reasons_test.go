package ranking_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
)

// readBy is what is known of contents that a hundred agents read in the last hours.
func readBy(contents []fil.Content) func() ranking.Trends {
	memory := learning.NewMemory(nil)
	for i := range 100 * len(contents) {
		e := did(fil.Read, contents[i%len(contents)].ID, noon.Add(-time.Duration(i%600)*time.Minute))
		e.Agent = fmt.Sprint("agent", i)
		memory.Observe(e)
	}
	return memory.Trends
}

// What a feed keeps of its reasons is enough to give them, as long as the feed is fresh, as if all were computed then.
func TestBrief_SaysWhatPlaceSays(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	contents := newsroom(random, 300)
	ranker := ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(t, contents...), town, readBy(contents[:40]))
	said := map[string]int{}
	for _, profile := range [][]byte{nil, reader(random, contents, 5), reader(random, contents, 400)} {
		for _, order := range []fil.Order{fil.OrderRanked, fil.OrderChronological} {
			feed, _, err := ranker.Rank("alice", profile, order, noon)
			if err != nil {
				t.Fatal(err)
			}
			for _, now := range []time.Time{noon, noon.Add(feed.Until.Sub(noon) / 2), feed.Until.Add(-1)} {
				for _, language := range []string{"fr-FR", "en"} {
					briefs, fresh := ranker.Brief(feed, profile[:min(9, len(profile))], feed.Entries, order, now)
					placements, contents, err := ranker.Place("alice", profile, feed.Entries, order, language, now)
					if err != nil || !fresh || len(briefs) != len(placements) {
						t.Fatalf("fresh %v, %d briefs of %d placements, error %v", fresh, len(briefs), len(placements), err)
					}
					for i, b := range briefs {
						want := fil.Brief{Content: &contents[i], Score: float64(feed.Entries[i].Score), Note: b.Note, Acknowledged: placements[i].Acknowledged}
						if diff := cmp.Diff(want, b); diff != "" {
							t.Fatalf("%s at %v: %s", order, now, diff)
						}
						reasons := ranker.Sentences(b.Content, b.Note, language, now)
						if diff := cmp.Diff(placements[i].Reasons, reasons); diff != "" || len(reasons) == 0 || len(reasons) > 3 {
							t.Fatalf("%s at %v: %s", order, now, diff)
						}
						said[reasons[0]]++
					}
				}
			}
		}
	}
	if len(said) < 20 {
		t.Errorf("too little was compared: %v", said)
	}
}

// What time takes away, it takes at full hours.
func TestBrief_LetsTimeTakeReasonsAway(t *testing.T) {
	read := news("read", noon.Add(-time.Hour))
	ranker := ranking.NewRanker(policy(t, "half_lives: {publication_hours: 4}\ntick_minutes: 1440"), newCatalogue(t, read), town, readBy([]fil.Content{read}))
	feed := rank(t, ranker, nil, noon)
	last := []string{"Très lu dans l'organisation", "Récent"}
	for later := time.Duration(0); later < 12*time.Hour; later += 20 * time.Minute {
		briefs, fresh := ranker.Brief(feed, nil, feed.Entries, fil.OrderRanked, noon.Add(later))
		if !fresh {
			t.Fatal("not fresh")
		}
		if got := ranker.Sentences(briefs[0].Content, briefs[0].Note, "fr", noon); !slices.Equal(got, last) {
			if (noon.Add(later)).Truncate(time.Hour) != noon.Add(later) || !slices.Equal(got, last[:1]) {
				t.Errorf("%v later: %q, after %q", later, got, last)
			}
			last = got
		}
	}
	if len(last) == 2 {
		t.Error("still recent after three half-lives")
	}
}

func TestBrief_OfAFeedThatIsNotFresh(t *testing.T) {
	catalogue, agents := newCatalogue(t, news("a", noon), news("b", noon)), directory{"alice": {"managers"}}
	ranker := ranking.NewRanker(ranking.DefaultPolicy(), catalogue, agents, nil)
	profile := profileOf(did(fil.Read, "a", noon))
	feed := rank(t, ranker, profile, noon)
	brief := func(profile []byte, entries []fil.Entry, order fil.Order, now time.Time) bool {
		briefs, fresh := ranker.Brief(feed, profile, entries, order, now)
		if !fresh && briefs != nil {
			t.Errorf("not fresh, and %d briefs", len(briefs))
		}
		return fresh
	}
	if !brief(profile, feed.Entries, fil.OrderRanked, noon) {
		t.Fatal("a feed that was just ranked is not fresh")
	}
	for name, fresh := range map[string]bool{
		"after its moment":      brief(profile, feed.Entries, fil.OrderRanked, feed.Until),
		"in another order":      brief(profile, feed.Entries, fil.OrderChronological, noon),
		"with another profile":  brief(profileOf(did(fil.Read, "a", noon), did(fil.Dismiss, "b", noon)), feed.Entries, fil.OrderRanked, noon),
		"of what is not in it":  brief(profile, []fil.Entry{{Content: 1}}, fil.OrderRanked, noon),
		"with a newer profile":  brief(append([]byte{9}, profile[1:]...), feed.Entries, fil.OrderRanked, noon),
		"with a damaged header": brief(profile[:5], feed.Entries, fil.OrderRanked, noon),
	} {
		if fresh {
			t.Errorf("a feed %s is taken for fresh", name)
		}
	}
	agents["alice"] = nil
	if brief(profile, feed.Entries, fil.OrderRanked, noon) {
		t.Error("a feed of an agent who changed is taken for fresh")
	}
	agents["alice"] = []string{"managers"}
	if err := catalogue.Apply([]fil.Record{{Key: "b"}}); err != nil {
		t.Fatal(err)
	}
	if brief(profile, feed.Entries[:1], fil.OrderRanked, noon) {
		t.Error("a feed whose contents changed is taken for fresh")
	}
}

func TestPlace_SaysWhatItRestsOn(t *testing.T) {
	catalogue := newCatalogue(t, news("a", noon))
	ranker := ranking.NewRanker(ranking.DefaultPolicy(), catalogue, town, nil)
	profile := profileOf(did(fil.Read, "x", noon), did(fil.Read, "y", noon))
	digest := func(b []byte) uint64 {
		h := fnv.New64a()
		_, _ = h.Write(b)
		return h.Sum64()
	}
	for _, profile := range [][]byte{nil, profile} {
		for _, order := range []fil.Order{fil.OrderRanked, fil.OrderChronological} {
			feed, _, err := ranker.Rank("alice", profile, order, noon)
			if err != nil {
				t.Fatal(err)
			}
			known, err := ranking.ParseProfile(profile)
			if err != nil {
				t.Fatal(err)
			}
			want := fil.Basis{Policy: feed.Policy, Profile: known.Offset(), Order: order, Stamp: fmt.Sprintf("%016x", feed.Stamp), At: noon,
				Contents: fmt.Sprintf("%016x", catalogue.Stamp()), Signals: "0000000000000000", Reader: fmt.Sprintf("%016x", citizen{town["alice"]}.Stamp()),
				Acts: fmt.Sprintf("%016x", digest(profile))}
			if diff := cmp.Diff(want, place(t, ranker, profile, feed, order, "fr")[0].Explanation.Basis); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestCatalogue_FindsKeysBySixBytes(t *testing.T) {
	contents := newsroom(rand.New(rand.NewPCG(23, 24)), 500)
	catalogue := newCatalogue(t, contents...)
	const short = 1<<48 - 1
	for _, c := range contents {
		if key, ok := catalogue.Lengthen(uint64(fil.KeyOf(c.ID)) & short); !ok || key != fil.KeyOf(c.ID) {
			t.Fatalf("%s: %#x, %v", c.ID, uint64(key), ok)
		}
	}
	if key, ok := catalogue.Lengthen(uint64(fil.KeyOf("unknown")) & short); ok {
		t.Errorf("an unknown content has the key %#x", uint64(key))
	}
}
