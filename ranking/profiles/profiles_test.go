package profiles_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
	"github.com/filengine/fil/ranking/profiles"
)

var noon = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)

func setup(t testing.TB) (*profiles.Store, redis.UniversalClient) {
	t.Helper()
	client := enginetest.Redis(t)
	store, err := profiles.New(client, profiles.Config{Retention: 30 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return store, client
}

// change is what the learner saves when an agent reads a content.
func change(agent string, before ranking.Profile, offset int64) learning.Change {
	header := before.Bytes()
	return learning.Change{
		Agent: agent, Before: header[:min(len(header), 9)],
		Profile: before.Apply(fil.Engagement{Kind: fil.Read, Agent: agent, Content: fmt.Sprint("c", offset), Time: noon}, offset).Bytes(),
		Claims:  bytes.Repeat([]byte{byte(offset)}, 16),
	}
}

func TestSave_WritesOnlyWhatNobodyElseWrote(t *testing.T) {
	store, _ := setup(t)
	first := change("alice", ranking.Profile{}, 1)
	if err := store.Save(t.Context(), []learning.Change{first}); err != nil {
		t.Fatal(err)
	}
	for name, stale := range map[string]learning.Change{
		"a writer that saw no profile":    change("alice", ranking.Profile{}, 2),
		"a writer that saw another":       {Agent: "alice", Before: []byte("\x01\x09\x00\x00\x00\x00\x00\x00\x00"), Profile: []byte("other")},
		"a writer that saw one of nobody": change("bob", parse(t, first.Profile), 2),
	} {
		if err := store.Save(t.Context(), []learning.Change{stale}); !errors.Is(err, profiles.ErrConflict) {
			t.Errorf("%s: error %v, want a conflict", name, err)
		}
	}
	second := change("alice", parse(t, first.Profile), 2)
	second.Forget = 16
	third := change("carol", ranking.Profile{}, 3)
	if err := store.Save(t.Context(), []learning.Change{second, third}); err != nil {
		t.Fatal(err)
	}
	header, stored, err := store.Load(t.Context(), 0, []string{"carol", "bob", "alice"})
	if err != nil || len(header) != 0 {
		t.Fatalf("header %q, error %v", header, err)
	}
	for i, want := range []learning.Change{third, {}, second} {
		if !bytes.Equal(stored[i].Profile, want.Profile) || !bytes.Equal(stored[i].Identities, want.Claims) {
			t.Errorf("agent %d: stored %q, want the profile and the claims of %q", i, stored[i], want.Agent)
		}
	}
	if alone, err := store.Profile(t.Context(), "alice"); err != nil || !bytes.Equal(alone, second.Profile) {
		t.Errorf("alice's profile alone is %q, error %v", alone, err)
	}
}

func TestSave_Expires(t *testing.T) {
	store, client := setup(t)
	if err := store.Save(t.Context(), []learning.Change{change("alice", ranking.Profile{}, 1)}); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]time.Duration{profiles.Key("alice"): 30 * 24 * time.Hour, "i:{alice}": 33 * 24 * time.Hour} {
		if left := client.TTL(t.Context(), key).Val(); left <= want-time.Minute || left > want {
			t.Errorf("%s has %v to live, want %v", key, left, want)
		}
	}
}

func TestSave_BringsItsScriptsBack(t *testing.T) {
	store, client := setup(t)
	if err := store.Save(t.Context(), []learning.Change{change("alice", ranking.Profile{}, 1)}); err != nil {
		t.Fatal(err)
	}
	if err := client.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := store.Save(t.Context(), []learning.Change{change("bob", ranking.Profile{}, 1), change("carol", ranking.Profile{}, 2)}); err != nil {
		t.Fatalf("after the scripts were flushed: %v", err)
	}
}

func TestSave_ReportsARedisThatIsGone(t *testing.T) {
	server, err := embedded.StartRedis(embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	defer client.Close()
	store, err := profiles.New(client, profiles.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, loadErr := store.Load(t.Context(), 0, []string{"alice"})
	_, popularitiesErr := store.Popularities(t.Context(), make([][]byte, 2), true)
	_, knownErr := store.Known(t.Context(), []profiles.Query{{Agent: "alice"}})
	saveErr := store.Save(t.Context(), []learning.Change{change("alice", ranking.Profile{}, 1)})
	for call, err := range map[string]error{"Load": loadErr, "Popularities": popularitiesErr, "Known": knownErr, "Save": saveErr} {
		if err == nil || errors.Is(err, profiles.ErrConflict) {
			t.Errorf("%s on a Redis that is gone: error %v", call, err)
		}
	}
}

func TestSavePopularity_PatchesWhatIsThere(t *testing.T) {
	store, client := setup(t)
	header := func(n byte) []byte { return bytes.Repeat([]byte{n}, 25) }
	habit := func(field, value string) learning.Habit { return learning.Habit{Field: field, Bytes: []byte(value)} }
	steps := []struct {
		change       learning.PopularityChange
		want, habits string
		err          error
	}{
		{learning.PopularityChange{Whole: true, At: []int{0}, Bytes: [][]byte{append(header('a'), "0123456789"...)}, Habits: []learning.Habit{habit("h", "x"), habit("r\x00", "y")}}, "0123456789", "map[h:x r\x00:y]", nil},
		{learning.PopularityChange{Whole: true, At: []int{0}, Bytes: [][]byte{header('b')}}, "0123456789", "map[h:x r\x00:y]", profiles.ErrConflict},
		{learning.PopularityChange{Before: header('a'), At: []int{0, 25 + 4, 25 + 10}, Bytes: [][]byte{header('b'), []byte("xy"), []byte("new")}, Habits: []learning.Habit{habit("r\x00", ""), habit("o\xff", "z")}}, "0123xy6789new", "map[h:x o\xff:z]", nil},
		{learning.PopularityChange{Before: header('a'), At: []int{0}, Bytes: [][]byte{header('c')}, Habits: []learning.Habit{habit("h", "w")}}, "0123xy6789new", "map[h:x o\xff:z]", profiles.ErrConflict},
		{learning.PopularityChange{Before: header('b'), Whole: true, At: []int{0}, Bytes: [][]byte{append(header('c'), "short"...)}, Habits: []learning.Habit{habit("h", "v")}}, "short", "map[h:v]", nil},
	}
	for i, step := range steps {
		if err := store.SavePopularity(t.Context(), 5, step.change); !errors.Is(err, step.err) {
			t.Fatalf("step %d: error %v, want %v", i, err, step.err)
		}
		packed, err := store.LoadPopularity(t.Context(), 5)
		habits := map[string]string{}
		for _, h := range packed.Habits {
			habits[h.Field] = string(h.Bytes)
		}
		if err != nil || string(packed.Counts[25:]) != step.want || fmt.Sprint(habits) != step.habits {
			t.Errorf("step %d: stored %q and %q, want %q and %q (error %v)", i, packed.Counts, habits, step.want, step.habits, err)
		}
	}
	for _, key := range []string{"pop:{5}", "hab:{5}"} {
		if left := client.TTL(t.Context(), key).Val(); left >= 0 {
			t.Errorf("%s, which marks that effects are stored, expires in %v", key, left)
		}
	}
}

func TestPopularities_ReadsOnlyWhatChanged(t *testing.T) {
	store, _ := setup(t)
	whole := append(bytes.Repeat([]byte{'h'}, 25), "body"...)
	habits := []learning.Habit{{Field: "h", Bytes: []byte("history")}, {Field: "r1", Bytes: []byte("row")}}
	if err := store.SavePopularity(t.Context(), 1, learning.PopularityChange{Whole: true, At: []int{0}, Bytes: [][]byte{whole}, Habits: habits}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		headers [][]byte
		want    [][]byte
	}{
		"at first":    {[][]byte{nil, nil}, [][]byte{nil, whole}},
		"unchanged":   {[][]byte{nil, whole[:25]}, [][]byte{nil, nil}},
		"lost since":  {[][]byte{whole[:25], whole[:25]}, [][]byte{{}, nil}},
		"other since": {[][]byte{nil, bytes.Repeat([]byte{'x'}, 25)}, [][]byte{nil, whole}},
	} {
		for _, all := range []bool{false, true} {
			got, err := store.Popularities(t.Context(), c.headers, all)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if !bytes.Equal(got[i].Counts, c.want[i]) || (got[i].Counts == nil) != (c.want[i] == nil) {
					t.Errorf("%s: partition %d is %q, want %q", name, i, got[i].Counts, c.want[i])
				}
				slices.SortFunc(got[i].Habits, func(a, b learning.Habit) int { return strings.Compare(a.Field, b.Field) })
				if n := map[bool]int{false: 1, true: 2}[all]; len(c.want[i]) > 0 && !reflect.DeepEqual(got[i].Habits, habits[:n]) {
					t.Errorf("%s: habits of partition %d are %q, want %d fields", name, i, got[i].Habits, n)
				}
			}
		}
	}
}

func TestKnown_RemembersFor32Days(t *testing.T) {
	store, _ := setup(t)
	day := uint16(noon.Unix() / 86400)
	claim := []byte{1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, byte(day), byte(day >> 8)}
	saved := change("alice", ranking.Profile{}, 9)
	saved.Claims = claim
	if err := store.Save(t.Context(), []learning.Change{saved}); err != nil {
		t.Fatal(err)
	}
	known, err := store.Known(t.Context(), []profiles.Query{
		{"alice", 1, noon}, {"alice", 2, noon}, {"bob", 1, noon}, {"alice", 1, noon.Add(32 * 24 * time.Hour)}, {"alice", 1, noon.Add(33 * 24 * time.Hour)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(known), "[true false false true false]"; got != want {
		t.Errorf("known %s, want %s", got, want)
	}
	if none, err := store.Known(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("no query: %v, %v", none, err)
	}
}

// slots notes the hash tags of the keys that each script is given.
type slots struct{ tags [][]string }

func (s *slots) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *slots) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (s *slots) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		for _, command := range commands {
			if !strings.HasPrefix(command.Name(), "eval") {
				continue
			}
			var tags []string
			for _, key := range command.Args()[3 : 3+command.Args()[2].(int)] {
				_, tag, _ := strings.Cut(key.(string), "{")
				tag, _, _ = strings.Cut(tag, "}")
				tags = append(tags, tag)
			}
			s.tags = append(s.tags, tags)
		}
		return next(ctx, commands)
	}
}

func TestSave_KeepsEachScriptInOneSlotOfACluster(t *testing.T) {
	server, err := embedded.StartRedis(embedded.Config{}) // the cluster is pretended: its one node knows of none
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	one := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer one.Close()
	cluster := redis.NewClusterClient(&redis.ClusterOptions{ClusterSlots: func(context.Context) ([]redis.ClusterSlot, error) {
		return []redis.ClusterSlot{{Start: 0, End: 16383, Nodes: []redis.ClusterNode{{Addr: one.Options().Addr}}}}, nil
	}})
	defer cluster.Close()
	for name, c := range map[string]struct {
		client  redis.UniversalClient
		scripts int
	}{"a cluster": {cluster, 6}, "one Redis": {one, 4}} {
		if err := one.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if err := one.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		var seen slots
		c.client.AddHook(&seen)
		store, err := profiles.New(c.client, profiles.DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Save(t.Context(), []learning.Change{change("alice", ranking.Profile{}, 1), change("bob", ranking.Profile{}, 2)}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := store.SavePopularity(t.Context(), 3, learning.PopularityChange{At: []int{0}, Bytes: [][]byte{[]byte("counts")}, Habits: []learning.Habit{{Field: "h", Bytes: []byte("history")}}}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p, err := store.LoadPopularity(t.Context(), 3); err != nil || string(p.Counts) != "counts" || len(p.Habits) != 1 {
			t.Errorf("%s: popularity is %q, error %v", name, p, err)
		}
		if len(seen.tags) != c.scripts { // each is tried by its digest, then given in full
			t.Errorf("%s: scripts were given the hash tags %v, want %d calls", name, seen.tags, c.scripts)
		}
		if name == "a cluster" {
			for _, tags := range seen.tags {
				if len(slices.Compact(tags)) != 1 {
					t.Errorf("one script was given keys of the tags %v", tags)
				}
			}
		}
		if _, stored, err := store.Load(t.Context(), 0, []string{"bob"}); err != nil || len(stored[0].Profile) == 0 {
			t.Errorf("%s: bob's profile is %v, error %v", name, stored, err)
		}
	}
}

func TestConfig_RefusesWhatTheLawDoes(t *testing.T) {
	if err := profiles.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for _, retention := range []time.Duration{0, time.Hour, 800 * 24 * time.Hour} {
		if _, err := profiles.New(nil, profiles.Config{Retention: retention}); len(fil.FaultsOf(err)) != 1 {
			t.Errorf("retention %v: error %v", retention, err)
		}
	}
}

func parse(t testing.TB, packed []byte) ranking.Profile {
	t.Helper()
	p, err := ranking.ParseProfile(packed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
