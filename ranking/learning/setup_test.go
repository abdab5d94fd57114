package learning_test

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
	"github.com/filengine/fil/ranking/profiles"
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

func newStore(t testing.TB, client redis.UniversalClient) *profiles.Store {
	t.Helper()
	store, err := profiles.New(client, profiles.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func newLearner(t testing.TB, store learning.Store, metrics prometheus.Registerer) *learning.Learner {
	t.Helper()
	return newLearnerOf(t, learning.LearnerParts{Store: store, Metrics: metrics})
}

// newLearnerOf makes a learner of one of 8 partitions, unless it is told otherwise.
func newLearnerOf(t testing.TB, parts learning.LearnerParts) *learning.Learner {
	t.Helper()
	parts.Partitions, parts.Org, parts.Log = cmp.Or(parts.Partitions, 8), orgOf, quiet()
	learner, err := learning.NewLearner(parts)
	if err != nil {
		t.Fatal(err)
	}
	return learner
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

// engagementRecord is an engagement as the log gives it, admitted a second after it happened.
func engagementRecord(t testing.TB, offset int64, id string, e fil.Engagement) fil.Record {
	t.Helper()
	event, err := e.Event("test", id)
	if err != nil {
		t.Fatal(err)
	}
	return fil.Record{Position: fil.Position{Topic: fil.TopicEngagements, Offset: offset}, Key: e.Agent, Admitted: e.Time.Add(time.Second), Event: event}
}

func did(kind fil.EngagementKind, content string, at time.Time) fil.Engagement {
	return fil.Engagement{Kind: kind, Agent: "alice", Content: content, Time: at}
}

// prefers is a preference of alice's about a facet, stated so many minutes after noon.
func prefers(kind fil.PreferenceKind, facet fil.Facet, name string, minute int) fil.Preference {
	return fil.Preference{Kind: kind, Agent: "alice", Facet: facet, Name: name, Time: noon.Add(time.Duration(minute) * time.Minute)}
}

// preferenceRecord is a preference as the log gives it.
func preferenceRecord(t testing.TB, offset int64, id string, p fil.Preference) fil.Record {
	t.Helper()
	event, err := p.Event("test", id)
	if err != nil {
		t.Fatal(err)
	}
	return fil.Record{Position: fil.Position{Topic: fil.TopicEngagements, Offset: offset}, Key: p.Agent, Admitted: p.Time.Add(time.Second), Event: event}
}

func news(id string, published time.Time) fil.Content {
	return fil.Content{ID: id, Kind: "news", Title: id, PublishedAt: published}
}
