package feedstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/delivery"
	"github.com/filengine/fil/delivery/feedstore"
)

var _ delivery.Store = (*feedstore.Store)(nil)

func TestStore_GivesBackTheFeedAndTheProfileBesideIt(t *testing.T) {
	store, client, _ := open(t)
	feed := feedOf(5)
	feed.Agent = "zoé"
	if err := store.Put(t.Context(), feed, built); err != nil {
		t.Fatal(err)
	}
	client.Set(t.Context(), profileKey("zoé"), "\x00profile\xff", 0)
	client.Set(t.Context(), profileKey("new"), "profile only", 0)
	want := []delivery.Kept{
		{Feed: feed, Found: true, Read: built.Truncate(24 * time.Hour), Profile: []byte("\x00profile\xff")},
		{Feed: fil.Feed{Agent: "new"}, Profile: []byte("profile only")},
		{Feed: fil.Feed{Agent: "nobody"}},
	}
	many, err := store.GetMany(t.Context(), []string{"zoé", "new", "nobody"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, many); diff != "" {
		t.Error(diff)
	}
	for i, agent := range []string{"zoé", "new", "nobody"} {
		one, err := store.Get(t.Context(), agent)
		if diff := cmp.Diff(want[i], one); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
}

func TestStore_UnreadableIsMissingAndCounted(t *testing.T) {
	store, client, reg := open(t)
	packed, err := feedstore.Pack(feedOf(5), built)
	if err != nil {
		t.Fatal(err)
	}
	packed[9] ^= 1
	future := sealed([]byte{9, 1, 2, 3})
	for agent, value := range map[string][]byte{"altered": packed, "future": future, "empty": {}} {
		client.Set(t.Context(), feedstore.Key(agent), value, 0)
		kept, err := store.Get(t.Context(), agent)
		if err != nil || kept.Found || kept.Feed.Agent != agent {
			t.Errorf("%s: %+v, %v", agent, kept, err)
		}
	}
	if got := counter(t, reg, "fil_delivery_unreadable_feeds_total"); got != 3 {
		t.Errorf("%v counted, want 3", got)
	}
}

func TestStore_PutManyReplacesWhatIsThereAndItsTime(t *testing.T) {
	store, client, _ := open(t)
	feed := feedOf(2)
	feed.Agent = "marie"
	if err := store.Put(t.Context(), feed, built); err != nil {
		t.Fatal(err)
	}
	client.Expire(t.Context(), feedstore.Key("marie"), time.Hour)
	feed.Entries = feed.Entries[:1]
	gone := feedOf(1)
	gone.Agent = "gone"
	if err := store.PutMany(t.Context(), []delivery.Kept{{Feed: feed, Found: true, Read: built}, {Feed: gone, Found: true, Read: built}}); err != nil {
		t.Fatal(err)
	}
	if kept, _ := store.Get(t.Context(), "marie"); len(kept.Feed.Entries) != 1 {
		t.Errorf("not replaced: %+v", kept)
	}
	if ttl := client.TTL(t.Context(), feedstore.Key("marie")).Val(); ttl <= 0 || ttl > time.Hour {
		t.Errorf("has %v left, had an hour", ttl)
	}
	if kept, _ := store.Get(t.Context(), "gone"); kept.Found {
		t.Error("a feed that was gone is back")
	}
	for name, err := range map[string]error{"PutMany": store.PutMany(t.Context(), nil), "GetMany": second(store.GetMany(t.Context(), nil))} {
		if err != nil {
			t.Errorf("%s of none: %v", name, err)
		}
	}
}

// What was not found is kept for what is left of the window since its read, unless a reader was faster; what cannot be
// read is replaced, and keeps its time.
func TestStore_PutManyMakesWhatIsMissing(t *testing.T) {
	store, client, _ := open(t)
	of := func(agent string, entries int) fil.Feed {
		feed := feedOf(entries)
		feed.Agent = agent
		return feed
	}
	now := time.Now()
	if err := store.Put(t.Context(), of("faster", 1), now); err != nil {
		t.Fatal(err)
	}
	client.Set(t.Context(), feedstore.Key("damaged"), "x", time.Hour)
	kept, err := store.GetMany(t.Context(), []string{"missing", "damaged"})
	if err != nil || kept[0].Damaged || kept[0].Found || !kept[1].Damaged || kept[1].Found {
		t.Fatalf("%+v, error %v", kept, err)
	}
	kept[0].Feed, kept[0].Read, kept[1].Feed = of("missing", 2), now.Add(-48*time.Hour), of("damaged", 2)
	if err := store.PutMany(t.Context(), append(kept, delivery.Kept{Feed: of("faster", 2), Read: now})); err != nil {
		t.Fatal(err)
	}
	for agent, want := range map[string]struct {
		entries int
		left    time.Duration
	}{
		"missing": {2, feedstore.DefaultConfig().Window - 48*time.Hour}, "damaged": {2, time.Hour}, "faster": {1, feedstore.DefaultConfig().Window},
	} {
		got, err := store.Get(t.Context(), agent)
		if err != nil || !got.Found || len(got.Feed.Entries) != want.entries {
			t.Errorf("%s has %+v, want %d entries, error %v", agent, got, want.entries, err)
		}
		if left := client.TTL(t.Context(), feedstore.Key(agent)).Val(); left > want.left+time.Minute || left < want.left-time.Minute {
			t.Errorf("%s has %v left, want %v", agent, left, want.left)
		}
	}
}

func TestStore_ListsWhoHasAFeed(t *testing.T) {
	store, client, _ := open(t)
	want := map[string]bool{}
	for i := range 1300 {
		feed := feedOf(1)
		feed.Agent = fmt.Sprintf("agent {%d} *", i)
		want[feed.Agent] = true
		if err := store.Put(t.Context(), feed, built); err != nil {
			t.Fatal(err)
		}
		client.Set(t.Context(), fmt.Sprintf("p:{%d}", i), "x", 0)
	}
	err := store.Agents(t.Context(), func(agents []string) error {
		for _, agent := range agents {
			if !strings.HasPrefix(agent, "agent {") || !strings.HasSuffix(agent, "} *") {
				t.Errorf("%q has no feed", agent)
			}
			delete(want, agent)
		}
		return nil
	})
	if err != nil || len(want) > 0 {
		t.Errorf("%d agents are missing, error %v", len(want), err)
	}
}

func TestStore_SaysWhatItAttempted(t *testing.T) {
	store, client, _ := open(t)
	_ = client.Close()
	feed := feedOf(1)
	feed.Agent = "marie"
	for want, err := range map[string]error{
		"read a feed: redis: client is closed":   second(store.Get(t.Context(), "marie")),
		"read 1 feeds: redis: client is closed":  second(store.GetMany(t.Context(), []string{"marie"})),
		"store a feed: redis: client is closed":  store.Put(t.Context(), feed, built),
		"store 1 feeds: redis: client is closed": store.PutMany(t.Context(), []delivery.Kept{{Feed: feed}}),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

func TestConfig_NamesEveryFault(t *testing.T) {
	if faults := fil.FaultsOf(feedstore.Config{}.Validate()); len(faults) != 3 {
		t.Errorf("faults are %v", faults)
	}
	if _, err := feedstore.New(nil, feedstore.DefaultConfig(), prometheus.NewRegistry()); fil.FaultsOf(err) == nil {
		t.Errorf("a store that does not know the profile's key: %v", err)
	}
}

func profileKey(agent string) string { return "p:{" + agent + "}" }

func second[T any](_ T, err error) error { return err }

func open(t *testing.T) (*feedstore.Store, redis.UniversalClient, *prometheus.Registry) {
	t.Helper()
	client := enginetest.Redis(t)
	cfg := feedstore.DefaultConfig()
	cfg.Beside = profileKey
	known := fullOf(feedOf(10))
	cfg.Keys = known.find
	reg := prometheus.NewRegistry()
	store, err := feedstore.New(client, cfg, reg)
	if err != nil {
		t.Fatal(err)
	}
	return store, client, reg
}

func counter(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
