package ranking_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// noon is the moment at which most stories here take place.
var noon = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)

// directory is a small town: agents by id, with the audiences that each is in.
type directory map[string][]string

type citizen struct{ audiences []string }

func (d directory) Member(id string) (ranking.Member, bool) {
	audiences, ok := d[id]
	return citizen{audiences}, ok
}

func (c citizen) In(audience string) bool { return slices.Contains(c.audiences, audience) }

func (citizen) Org() string { return "" }

func (citizen) Language() string { return "" }

func (c citizen) Stamp() (sum uint64) {
	for _, audience := range c.audiences {
		sum = sum*31 + uint64(fil.KeyOf(audience))
	}
	return sum
}

// orgOf is where agents work: nobody at first, the others by the last byte of their id.
func orgOf(agent string) string {
	return []string{"", "town", "town/roads", "town/roads/north/depot", "region"}[int(agent[len(agent)-1])%5]
}

// contentRecord is a content as the log gives it.
func contentRecord(t testing.TB, offset int64, c fil.Content) fil.Record {
	t.Helper()
	event, err := fil.NewEvent(fil.TypeContent, "test", fmt.Sprint("content-", offset), c.PublishedAt, c)
	if err != nil {
		t.Fatal(err)
	}
	return fil.Record{Position: fil.Position{Topic: fil.TopicContents, Offset: offset}, Key: c.ID, Admitted: c.PublishedAt, Event: event}
}

func newCatalogue(t testing.TB, contents ...fil.Content) *ranking.Catalogue {
	t.Helper()
	catalogue := ranking.NewCatalogue()
	records := make([]fil.Record, len(contents))
	for i, c := range contents {
		records[i] = contentRecord(t, int64(i), c)
	}
	if err := catalogue.Apply(records); err != nil {
		t.Fatal(err)
	}
	return catalogue
}

// profileOf packs what one agent did.
func profileOf(engagements ...fil.Engagement) []byte {
	var p ranking.Profile
	for i, e := range engagements {
		p = p.Apply(e, int64(i))
	}
	return p.Bytes()
}

func did(kind fil.EngagementKind, content string, at time.Time) fil.Engagement {
	return fil.Engagement{Kind: kind, Agent: "alice", Content: content, Time: at}
}

// ids lists the contents of a feed, in order.
func ids(t testing.TB, catalogue *ranking.Catalogue, feed fil.Feed) (ids []string) {
	t.Helper()
	for _, entry := range feed.Entries {
		content, ok := catalogue.ByKey(entry.Content)
		if !ok {
			t.Fatalf("entry %#x is no content", uint64(entry.Content))
		}
		ids = append(ids, content.ID)
	}
	return ids
}

func rank(t testing.TB, r *ranking.Ranker, profile []byte, now time.Time) fil.Feed {
	t.Helper()
	feed, known, err := r.Rank("alice", profile, fil.OrderRanked, now)
	if err != nil || !known {
		t.Fatalf("rank alice's feed: known %v, error %v", known, err)
	}
	return feed
}

// policy is the default one, without discovery, as the lines given change it.
func policy(t testing.TB, lines string) ranking.Policy {
	t.Helper()
	p, err := ranking.ParsePolicy([]byte("exploration: {share: 0}\n" + lines))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
