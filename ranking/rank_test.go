package ranking_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// newsroom makes believable contents: some expired, some to come, of several topics, sources, authors and audiences.
func newsroom(random *rand.Rand, n int) []fil.Content {
	contents := make([]fil.Content, n)
	for i := range contents {
		c := news(fmt.Sprint("content-", i), noon.Add(-time.Duration(random.IntN(60*24*60))*time.Minute))
		c.Kind = fil.ContentKinds()[random.IntN(6)]
		c.Topics = []string{fmt.Sprint("topic", random.IntN(12)), fmt.Sprint("topic", random.IntN(12))}
		c.Source, c.Author = fmt.Sprint("source", random.IntN(20)), fmt.Sprint("author", random.IntN(50))
		c.Priority = random.IntN(7) - 3
		switch random.IntN(12) {
		case 0:
			c.Audiences = []string{"managers"}
		case 1:
			c.Audiences = []string{"abroad", "interns"}
		case 2:
			c.PinnedUntil = noon.Add(time.Duration(random.IntN(100)-50) * time.Hour)
		case 3:
			c.MandatoryUntil = noon.Add(time.Duration(random.IntN(100)-50) * time.Hour)
		case 4:
			c.ExpiresAt = c.PublishedAt.Add(time.Duration(random.IntN(2000)) * time.Hour)
		}
		contents[i] = c
	}
	return contents
}

// reader packs a profile of acts on some of those contents.
func reader(random *rand.Rand, contents []fil.Content, acts int) []byte {
	kinds := fil.EngagementKinds()
	engagements := make([]fil.Engagement, acts)
	for i := range engagements {
		engagements[i] = did(kinds[random.IntN(len(kinds))], contents[random.IntN(len(contents))].ID, noon.Add(-time.Duration(random.IntN(60*24))*time.Hour))
		engagements[i].Dwell = float64(random.IntN(400))
	}
	return profileOf(engagements...)
}

var town = directory{"alice": {"managers"}, "bob": {"interns"}, "carol": nil}

func TestRank_HoldsForATick(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	contents := newsroom(random, 400)
	for i := range contents { // no moment of theirs comes in the months ahead
		contents[i].PinnedUntil, contents[i].MandatoryUntil, contents[i].ExpiresAt = time.Time{}, time.Time{}, time.Time{}
		contents[i].PublishedAt = contents[i].PublishedAt.Add(-time.Minute)
	}
	ranker := ranking.NewRanker(policy(t, "tick_minutes: 30"), newCatalogue(t, contents...), town, nil)
	profile := reader(random, contents, 150)
	want := rank(t, ranker, profile, noon)
	if end := noon.Add(30 * time.Minute); !want.Until.Equal(end) {
		t.Fatalf("until %v, want %v", want.Until, end)
	}
	for _, later := range []time.Duration{time.Second, 29 * time.Minute, 30*time.Minute - 1} {
		if diff := cmp.Diff(want.Entries, rank(t, ranker, profile, noon.Add(later)).Entries); diff != "" {
			t.Errorf("%v later, the feed is another: %s", later, diff)
		}
	}
	if cmp.Equal(want.Entries, rank(t, ranker, profile, noon.Add(90*24*time.Hour)).Entries) {
		t.Error("in 90 days, no score changed")
	}
}

func TestRank_HoldsUntilTheMomentItAnnounces(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	contents := newsroom(random, 300)
	catalogue := newCatalogue(t, contents...)
	for _, p := range []ranking.Policy{ranking.DefaultPolicy(), policy(t, "")} {
		ranker := ranking.NewRanker(p, catalogue, town, nil)
		profile, now, changes := reader(random, contents, 80), noon, 0
		for range 40 {
			feed := rank(t, ranker, profile, now)
			if !feed.Until.After(now) || feed.Until.Sub(now) > 24*time.Hour {
				t.Fatalf("at %v, until %v", now, feed.Until)
			}
			if !ranker.Fresh(feed, profile, feed.Until.Add(-time.Nanosecond)) || ranker.Fresh(feed, profile, feed.Until) {
				t.Fatal("a feed is not fresh exactly until its moment")
			}
			if diff := cmp.Diff(feed.Entries, rank(t, ranker, profile, feed.Until.Add(-time.Nanosecond)).Entries); diff != "" {
				t.Fatalf("the feed changed before its moment: %s", diff)
			}
			now = feed.Until
			if !cmp.Equal(feed.Entries, rank(t, ranker, profile, now).Entries) {
				changes++
			}
		}
		if changes == 0 {
			t.Error("in 40 moments, time changed nothing: the contents of this test have none")
		}
	}
}

func TestRank_GoesBackInTime(t *testing.T) {
	random := rand.New(rand.NewPCG(26, 27))
	contents := newsroom(random, 200)
	catalogue, profile := newCatalogue(t, contents...), reader(random, contents, 50)
	ranker := ranking.NewRanker(ranking.DefaultPolicy(), catalogue, town, nil)
	for range 50 {
		now := noon.Add(-time.Duration(random.IntN(1000*3600)) * time.Second)
		want := rank(t, ranking.NewRanker(ranking.DefaultPolicy(), catalogue, town, nil), profile, now)
		if diff := cmp.Diff(want, rank(t, ranker, profile, now)); diff != "" {
			t.Fatalf("at %v, a ranker that has served other moments gives another feed: %s", now, diff)
		}
	}
}

func TestRank_IsTheSameInEveryProcess(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	contents := newsroom(random, 500)
	profile := reader(random, contents, 200)
	here := ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(t, contents...), town, nil)
	want := rank(t, here, profile, noon)
	random.Shuffle(len(contents), func(i, j int) { contents[i], contents[j] = contents[j], contents[i] })
	there := ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(t, contents...), town, nil)
	if diff := cmp.Diff(want, rank(t, there, profile, noon)); diff != "" {
		t.Errorf("contents learned in another order give another feed: %s", diff)
	}
	if !there.Fresh(want, profile, noon) {
		t.Error("a feed ranked in one process is not fresh in another")
	}
}

func TestFresh_FollowsEverythingTheFeedRestsOn(t *testing.T) {
	contents := newsroom(rand.New(rand.NewPCG(11, 12)), 50)
	catalogue, agents := newCatalogue(t, contents...), directory{"alice": {"managers"}}
	ranker := ranking.NewRanker(ranking.DefaultPolicy(), catalogue, agents, nil)
	profile := profileOf(did(fil.Read, "content-1", noon))
	feed := rank(t, ranker, profile, noon)
	expectStale := func(what string, r *ranking.Ranker, profile []byte) {
		t.Helper()
		if r.Fresh(feed, profile, noon) {
			t.Errorf("after %s, the feed is still taken for fresh", what)
		}
	}
	expectStale("one more act", ranker, profileOf(did(fil.Read, "content-1", noon), did(fil.Open, "content-2", noon)))
	expectStale("losing the profile", ranker, nil)
	expectStale("an unreadable profile", ranker, []byte("x"))
	expectStale("another policy", ranking.NewRanker(policy(t, "name: other"), catalogue, agents, nil), profile)
	agents["alice"] = []string{"abroad"}
	expectStale("a transfer", ranker, profile)
	delete(agents, "alice")
	expectStale("a departure", ranker, profile)
	agents["alice"] = []string{"managers"}
	if !ranker.Fresh(feed, profile, noon) {
		t.Error("with everything as it was, the feed is not fresh")
	}
	if err := catalogue.Apply([]fil.Record{contentRecord(t, 1000, news("flash", noon))}); err != nil {
		t.Fatal(err)
	}
	expectStale("a publication", ranker, profile)
}

func TestRank_GivesOnlyWhatIsForTheAgent(t *testing.T) {
	all, managers, abroad := news("all", noon), news("managers", noon), news("abroad", noon)
	managers.Audiences, abroad.Audiences = []string{"nobody", "managers"}, []string{"abroad"}
	catalogue := newCatalogue(t, all, managers, abroad, news("to come", noon.Add(time.Minute)), news("hidden", noon))
	ranker := ranking.NewRanker(policy(t, ""), catalogue, town, nil)
	for _, order := range []fil.Order{fil.OrderRanked, fil.OrderChronological} {
		feed, _, err := ranker.Rank("alice", profileOf(did(fil.Dismiss, "hidden", noon)), order, noon)
		if err != nil {
			t.Fatal(err)
		}
		got := ids(t, catalogue, feed)
		slices.Sort(got)
		if fmt.Sprint(got) != "[all managers]" {
			t.Errorf("%s: alice is given %v, want all and managers", order, got)
		}
	}
	if _, known, err := ranker.Rank("zoe", nil, fil.OrderRanked, noon); known || err != nil {
		t.Errorf("an agent out of the directory: known %v, error %v", known, err)
	}
	if _, _, err := ranker.Rank("alice", []byte("garbage"), fil.OrderRanked, noon); err == nil {
		t.Error("an unreadable profile was ranked")
	}
}

func TestRank_AppliesRulesInOrder(t *testing.T) {
	day := func(d int) time.Time { return noon.Add(time.Duration(d) * 24 * time.Hour) }
	mandatory, overdue, pinned, unpinned := news("mandatory", day(-9)), news("overdue", day(-8)), news("pinned", day(-7)), news("unpinned", day(-6))
	mandatory.MandatoryUntil, overdue.MandatoryUntil = noon.Add(time.Second), noon
	pinned.PinnedUntil, unpinned.PinnedUntil = noon.Add(time.Second), noon
	catalogue := newCatalogue(t, mandatory, overdue, pinned, unpinned, news("read", day(0)), news("shown", day(-1)), news("plain", day(-2)))
	ranker := ranking.NewRanker(policy(t, "rules: {seen_after_shown: 2}\nsignals: {open: 0, read: 0, acknowledge: 0, impression: 0}"), catalogue, town, nil)
	acts := []fil.Engagement{did(fil.Read, "read", noon), did(fil.Impression, "shown", noon), did(fil.Impression, "shown", noon), did(fil.Impression, "plain", noon)}
	got := strings.Join(ids(t, catalogue, rank(t, ranker, profileOf(acts...), noon)), " ")
	if want := "mandatory pinned plain unpinned overdue read shown"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	acts = append(acts, did(fil.Acknowledge, "mandatory", noon))
	got = strings.Join(ids(t, catalogue, rank(t, ranker, profileOf(acts...), noon)), " ")
	if want := "pinned plain unpinned overdue read shown mandatory"; got != want {
		t.Errorf("acknowledged: got  %s\nwant %s", got, want)
	}
}

func TestRank_KeepsSourcesAndTopicsApart(t *testing.T) {
	var contents []fil.Content
	for i := range 30 { // the thirty newest are of one source; older ones of others, five of them of one topic
		c := news(fmt.Sprint("loud", i), noon.Add(-time.Duration(i)*time.Minute))
		c.Source = "loud"
		contents = append(contents, c)
	}
	for i := range 5 {
		c := news(fmt.Sprint("quiet", i), noon.Add(-time.Duration(i+1)*time.Hour))
		c.Source, c.Topics = fmt.Sprint("quiet", i), []string{"same"}
		contents = append(contents, c)
	}
	for i := range 20 {
		contents = append(contents, news(fmt.Sprint("bare", i), noon.Add(-time.Duration(i+100)*time.Hour)))
	}
	catalogue := newCatalogue(t, contents...)
	ranker := ranking.NewRanker(policy(t, "rules: {caps_among_first: 10, cap_per_source: 3, cap_per_topic: 4}"), catalogue, town, nil)
	got := ids(t, catalogue, rank(t, ranker, nil, noon))
	want := []string{"loud0", "loud1", "loud2", "quiet0", "quiet1", "quiet2", "quiet3", "bare0", "bare1", "bare2", "loud3", "loud4"}
	if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
		t.Errorf("among the first: %s", diff)
	}
	if slices.Sort(got); len(slices.Compact(got)) != 55 {
		t.Errorf("%d of 55 contents are in the feed", len(slices.Compact(got)))
	}
}

func TestRank_ReservesPlacesForDiscovery(t *testing.T) {
	contents := newsroom(rand.New(rand.NewPCG(13, 14)), 200)
	for i := range contents {
		contents[i].MandatoryUntil, contents[i].PinnedUntil = time.Time{}, time.Time{}
	}
	catalogue := newCatalogue(t, contents...)
	with := ranking.NewRanker(ranking.DefaultPolicy(), catalogue, town, nil)
	without := ranking.NewRanker(policy(t, ""), catalogue, town, nil)
	plain := ids(t, catalogue, rank(t, without, nil, noon))
	today := ids(t, catalogue, rank(t, with, nil, noon))
	if diff := cmp.Diff(today, ids(t, catalogue, rank(t, with, nil, noon.Add(4*time.Minute)))); diff != "" {
		t.Errorf("the draw changed within the day: %s", diff)
	}
	if tomorrow := ids(t, catalogue, rank(t, with, nil, noon.Add(24*time.Hour))); tomorrow[9] == today[9] && tomorrow[19] == today[19] {
		t.Error("the draw is the same on the next day")
	}
	if diff := cmp.Diff(plain[:9], today[:9]); diff != "" {
		t.Errorf("the first nine places are not those by score: %s", diff)
	}
	rest := slices.DeleteFunc(slices.Clone(plain), func(id string) bool { return id == today[9] })
	if diff := cmp.Diff(rest[9:18], today[10:19]); diff != "" {
		t.Errorf("after the reserved place, the order is not that of scores: %s", diff)
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(today))); len(unique) != len(today) {
		t.Error("a content has two places")
	}
}

func TestRank_FollowsTastes(t *testing.T) {
	var contents []fil.Content
	for i := range 10 {
		for _, topic := range []string{"transport", "budget"} {
			c := news(fmt.Sprint(topic, i), noon.Add(-time.Duration(i)*time.Hour))
			c.Topics = []string{topic}
			contents = append(contents, c)
		}
	}
	catalogue := newCatalogue(t, contents...)
	ranker := ranking.NewRanker(policy(t, "rules: {cap_per_topic: 0}"), catalogue, town, nil)
	var acts []fil.Engagement
	for i := 5; i < 10; i++ {
		acts = append(acts, did(fil.Read, fmt.Sprint("budget", i), noon), did(fil.Dismiss, fmt.Sprint("transport", i), noon))
	}
	got := ids(t, catalogue, rank(t, ranker, profileOf(acts...), noon))
	for i, id := range got[:5] {
		if !strings.HasPrefix(id, "budget") {
			t.Errorf("place %d is %s, though the agent reads budget and dismisses transport", i+1, id)
		}
	}
}

func TestRank_CountsWhatBecomesKnownLater(t *testing.T) {
	catalogue := newCatalogue(t, news("b", noon))
	ranker := ranking.NewRanker(policy(t, ""), catalogue, town, nil)
	profile := profileOf(did(fil.Dismiss, "late", noon))
	if err := catalogue.Apply([]fil.Record{contentRecord(t, 2, news("late", noon))}); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, catalogue, rank(t, ranker, profile, noon)); len(got) != 1 {
		t.Errorf("feed is %v: a content dismissed before it was known is shown", got)
	}
}

func TestRank_Chronological(t *testing.T) {
	contents := newsroom(rand.New(rand.NewPCG(15, 16)), 300)
	catalogue := newCatalogue(t, contents...)
	feed, _, err := ranking.NewRanker(ranking.DefaultPolicy(), catalogue, town, nil).Rank("alice", nil, fil.OrderChronological, noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(feed.Entries) != 100 {
		t.Fatalf("%d entries, want 100", len(feed.Entries))
	}
	for i := 1; i < len(feed.Entries); i++ {
		newer, _ := catalogue.ByKey(feed.Entries[i-1].Content)
		older, _ := catalogue.ByKey(feed.Entries[i].Content)
		if newer.PublishedAt.Before(older.PublishedAt) {
			t.Errorf("place %d is newer than place %d", i+1, i)
		}
	}
}

func TestRank_WhileContentsAreWritten(t *testing.T) {
	contents := newsroom(rand.New(rand.NewPCG(32, 33)), 200)
	catalogue := newCatalogue(t, contents...)
	ranker := ranking.NewRanker(ranking.DefaultPolicy(), catalogue, town, nil)
	profile := profileOf(did(fil.Read, "content-1", noon))
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				feed, _, err := ranker.Rank("alice", profile, fil.OrderRanked, noon)
				if err != nil || len(feed.Entries) == 0 {
					t.Errorf("feed of %d entries, error %v", len(feed.Entries), err)
					return
				}
				if _, _, err := ranker.Place("alice", profile, feed.Entries[:1], fil.OrderRanked, "fr", noon); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 200 {
		c := news(fmt.Sprint("flash", i%20), noon.Add(-time.Duration(i)*time.Minute))
		c.Topics, c.Source, c.Audiences = []string{fmt.Sprint("new topic ", i)}, fmt.Sprint("new source ", i), []string{fmt.Sprint("audience ", i)}
		rec := contentRecord(t, int64(1000+i), c)
		if i%3 == 0 {
			rec.Event.Data = nil
		}
		if err := catalogue.Apply([]fil.Record{rec}); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	readers.Wait()
	fresh := ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(t, catalogue.Contents()...), town, nil)
	if diff := cmp.Diff(rank(t, fresh, profile, noon).Entries, rank(t, ranker, profile, noon).Entries); diff != "" {
		t.Errorf("after the writes, the feed is not that of a catalogue made anew: %s", diff)
	}
}
