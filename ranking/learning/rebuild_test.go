package learning_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
)

// tape is one partition of a log, which may grow while it is read.
type tape struct {
	mu      sync.Mutex
	records []fil.Record
	reading func(next int64) // called between two batches
}

func (p *tape) add(records ...fil.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.records = append(p.records, records...)
}

func (p *tape) all() []fil.Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.records
}

func (p *tape) Extent(context.Context, fil.Topic, int) (first, end int64, err error) {
	all := p.all()
	if len(all) == 0 {
		return 0, 0, nil
	}
	return all[0].Offset, all[len(all)-1].Offset + 1, nil
}

func (p *tape) Read(ctx context.Context, _ fil.Topic, _ int, from, to int64, each func([]fil.Record, int64) error) error {
	const page = 37
	for from < to {
		var batch []fil.Record
		for _, rec := range p.all() {
			if rec.Offset >= from && rec.Offset < to && len(batch) < page {
				batch = append(batch, rec)
			}
		}
		if len(batch) == 0 {
			return nil
		}
		from = batch[len(batch)-1].Offset + 1
		if err := each(batch, from); err != nil {
			return err
		}
		if p.reading != nil {
			p.reading(from)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// learned is a Redis that has learned all of a tape's records.
func learned(t testing.TB, records []fil.Record) redis.UniversalClient {
	t.Helper()
	client := enginetest.Redis(t)
	random := rand.New(rand.NewPCG(7, 7))
	l := &lane{records: records, cut: func(left int) int { return 1 + random.IntN(left) }, restart: func() *learning.Learner {
		return newLearner(t, newStore(t, client), prometheus.NewRegistry())
	}}
	l.run(t)
	return client
}

func rebuild(t testing.TB, client redis.UniversalClient, log learning.Log, from int64) learning.Rebuilt {
	t.Helper()
	done, err := rebuilder(t, client, log).Partition(t.Context(), 3, from, func(learning.Rebuilt) {})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func rebuilder(t testing.TB, client redis.UniversalClient, log learning.Log) *learning.Rebuilder {
	return learning.NewRebuilder(learning.RebuildConfig{Memory: 1 << 30, Partitions: 8, Org: orgOf}, newStore(t, client), log, func() time.Time { return noon })
}

// withoutEdition compares popularity but for its edition.
func withoutEdition(all map[string]string) map[string]string {
	if p := all["pop:{3}"]; len(p) > 2 {
		all["pop:{3}"] = p[:1] + p[2:]
	}
	return all
}

func TestRebuild_MendsWhatIsNotAsTheLogSays(t *testing.T) {
	log := &tape{records: history(t, rand.New(rand.NewPCG(1, 2)), 800, 40)}
	alter := func(key string, at int) func(redis.UniversalClient) {
		return func(client redis.UniversalClient) {
			client.SetRange(t.Context(), key, int64(at), "\x55")
		}
	}
	for name, damage := range map[string]struct {
		do      func(redis.UniversalClient)
		changed int
		popular bool
	}{
		"nothing is wrong":                {func(redis.UniversalClient) {}, 0, false},
		"a fact was altered":              {alter("p:{agent3}", 20), 1, false},
		"an offset is too great":          {alter("p:{agent3}", 7), 1, false},
		"an offset is beyond its agent's": {func(c redis.UniversalClient) { c.SetRange(t.Context(), "p:{agent3}", 1, string(rune(0x47))+"\x03") }, 1, false},
		"a profile cannot be read":        {alter("p:{agent3}", 0), 1, false},
		"a profile is gone":               {func(c redis.UniversalClient) { c.Del(t.Context(), "p:{agent3}", "i:{agent3}") }, 1, false},
		"identities are gone":             {func(c redis.UniversalClient) { c.Del(t.Context(), "i:{agent5}") }, 1, false},
		"popularity was altered":          {alter("pop:{3}", 58), 0, true},
		"popularity cannot be read":       {alter("pop:{3}", 31), 0, true},
		"habits were altered":             {func(c redis.UniversalClient) { c.HSet(t.Context(), "hab:{3}", "h", "") }, 0, true},
		"habits cannot be read":           {func(c redis.UniversalClient) { c.HSet(t.Context(), "hab:{3}", "r\x07", "row") }, 0, true},
		"habits are gone":                 {func(c redis.UniversalClient) { c.Del(t.Context(), "hab:{3}") }, 0, true},
		"popularity and profiles were": {func(c redis.UniversalClient) {
			alter("pop:{3}", 30)(c)
			alter("p:{agent1}", 20)(c)
			alter("p:{agent2}", 20)(c)
		}, 2, true},
		"popularity includes what is not so": {alter("pop:{3}", 15), 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			client := learned(t, log.records)
			identities := client.Get(t.Context(), "i:{agent5}").Val()
			damage.do(client)
			done := rebuild(t, client, log, 0)
			if done.Changed != damage.changed || done.Popular != damage.popular || done.Agents != 7 || done.Read != 800 || done.Of != 800 {
				t.Errorf("it says %+v, want %d profiles changed of 7, popularity %v", done, damage.changed, damage.popular)
			}
			if diff := cmp.Diff(withoutEdition(stored(t, learned(t, log.records))), withoutEdition(stored(t, client))); diff != "" {
				t.Errorf("not as the log says: %s", diff)
			}
			if got := client.Get(t.Context(), "i:{agent5}").Val(); len(got) > len(identities) || len(got) == 0 {
				t.Errorf("identities take %d bytes, %d before", len(got), len(identities))
			}
			if again := rebuild(t, client, log, 0); again.Changed != 0 || again.Popular {
				t.Errorf("a second rebuild says %+v", again)
			}
		})
	}
}

// A worker goes on learning, and the log growing, while everything is made again: nothing is lost, and nothing counts twice.
func TestRebuild_WhileAWorkerLearns(t *testing.T) {
	records := history(t, rand.New(rand.NewPCG(3, 4)), 3000, 0)
	for _, lag := range []int{0, 200} { // the worker may be ahead of what the rebuild has read, or far behind
		t.Run(fmt.Sprint("lag ", lag), func(t *testing.T) {
			client, log := enginetest.Redis(t), &tape{records: records[:500]}
			worker := newLearner(t, newStore(t, client), prometheus.NewRegistry())
			start(t, worker)
			at := 0
			step := func(n int) {
				for to := min(at+n, max(0, len(log.all())-lag)); at < to; at = to {
					if _, err := worker.Learn(t.Context(), 3, records[at:to]); errors.Is(err, learning.ErrConflict) {
						to = at // the batch again, as the log does
					} else if _, rest := fil.Rejections(err); rest != nil {
						t.Fatal(rest)
					}
				}
			}
			step(500)
			log.reading = func(int64) {
				if n := len(log.all()); n < len(records) {
					log.add(records[n:min(n+20, len(records))]...)
				}
				step(25)
			}
			for i := 0; len(log.all()) < len(records); i++ {
				client.SetRange(t.Context(), fmt.Sprintf("p:{agent%d}", i%7), 20, "\x55")
				rebuild(t, client, log, 0)
			}
			log.reading, lag = nil, 0
			for at < len(records) {
				step(100)
			}
			rebuild(t, client, log, 0)
			if diff := cmp.Diff(withoutEdition(stored(t, learned(t, records))), withoutEdition(stored(t, client))); diff != "" {
				t.Errorf("not as the log says: %s", diff)
			}
		})
	}
}

// conflicting is the real store, where a worker writes between a read and the write that rests on it.
type conflicting struct {
	learning.Store
	between func()
}

func (c *conflicting) Save(ctx context.Context, changes []learning.Change) error {
	c.between()
	return c.Store.Save(ctx, changes)
}

func (c *conflicting) SavePopularity(ctx context.Context, partition int, change learning.PopularityChange) error {
	c.between()
	return c.Store.SavePopularity(ctx, partition, change)
}

func TestRebuild_YieldsToAWorkerThatWroteFirst(t *testing.T) {
	records := history(t, rand.New(rand.NewPCG(5, 6)), 900, 0)
	client, log := learned(t, records[:300]), &tape{records: records[:300]}
	worker, at := newLearner(t, newStore(t, client), prometheus.NewRegistry()), 300
	for _, key := range []string{"p:{agent0}", "p:{agent4}", "pop:{3}"} {
		client.SetRange(t.Context(), key, 58, "\x55\x55")
	}
	store := &conflicting{newStore(t, client), func() {
		if at >= len(records) {
			return
		}
		log.add(records[at:min(at+60, len(records))]...)
		_, err := worker.Learn(t.Context(), 3, records[at:len(log.all())])
		if _, rest := fil.Rejections(err); rest != nil {
			t.Fatal(rest)
		}
		at = len(log.all())
	}}
	r := learning.NewRebuilder(learning.RebuildConfig{Memory: 1 << 30, Partitions: 8, Org: orgOf}, store, log, func() time.Time { return noon })
	if _, err := r.Partition(t.Context(), 3, 0, func(learning.Rebuilt) {}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(withoutEdition(stored(t, learned(t, records[:at]))), withoutEdition(stored(t, client))); diff != "" {
		t.Errorf("after %d records, not as the log says: %s", at, diff)
	}
}

// A worker that holds popularity in memory takes up the one that was put in its place, though their offsets are equal.
func TestRebuild_ReplacesPopularityUnderAWorker(t *testing.T) {
	log := &tape{records: history(t, rand.New(rand.NewPCG(8, 9)), 300, 0)}
	long := &tape{records: log.records[100:]} // the worker has learned what the log no longer holds
	client := enginetest.Redis(t)
	worker := newLearner(t, newStore(t, client), prometheus.NewRegistry())
	start(t, worker)
	for _, part := range [][]fil.Record{log.records[:100], log.records[100:]} {
		if _, err := worker.Learn(t.Context(), 3, part); err != nil {
			if _, rest := fil.Rejections(err); rest != nil {
				t.Fatal(rest)
			}
		}
	}
	if done := rebuild(t, client, long, 0); !done.Popular {
		t.Fatal("popularity is the same without the first hundred records")
	}
	more := engagementRecord(t, 300, "more", did(fil.Read, "c3", noon))
	learn(t, worker, more)
	want := stored(t, learned(t, append(long.records[:200:200], more)))
	if withoutEdition(want)["pop:{3}"] != withoutEdition(stored(t, client))["pop:{3}"] {
		t.Error("the worker went on from the popularity that it held in memory")
	}
}

func TestRebuild_InterruptedLeavesWhatWas(t *testing.T) {
	log := &tape{records: history(t, rand.New(rand.NewPCG(10, 11)), 400, 0)}
	client := learned(t, log.records)
	before := stored(t, client)
	for at := range 13 {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		_, err := rebuilder(t, client, log).Partition(ctx, 3, 0, func(learning.Rebuilt) {
			if calls++; calls > at {
				cancel()
			}
		})
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, stored(t, client)); diff != "" {
			t.Fatalf("interrupted at %d: %s", at, diff)
		}
	}
}

// With an offset, those who did something from there on are made again, each from all of their records.
func TestRebuild_FromAnOffsetChoosesAgents(t *testing.T) {
	var records []fil.Record
	for i := range 100 {
		e := did(fil.Read, fmt.Sprint("c", i), noon.Add(time.Duration(i-200)*time.Minute))
		e.Agent = map[bool]string{true: "early", false: "late"}[i < 50 && i%2 == 0]
		records = append(records, engagementRecord(t, int64(i), fmt.Sprint("e", i), e))
	}
	client, log := learned(t, records), &tape{records: records}
	right := stored(t, client)
	for _, agent := range []string{"early", "late"} {
		client.Del(t.Context(), "p:{"+agent+"}", "i:{"+agent+"}")
	}
	client.SetRange(t.Context(), "pop:{3}", 30, "\x55")
	popularity := stored(t, client)["pop:{3}"]
	done := rebuild(t, client, log, 60)
	if now := stored(t, client); done.Agents != 1 || now["p:{late}"] != right["p:{late}"] || now["p:{early}"] != "" || now["pop:{3}"] != popularity {
		t.Errorf("it says %+v and left %v", done, now)
	}
	if done := rebuild(t, client, log, 1000); done.Agents != 0 || done.Changed != 0 {
		t.Errorf("from beyond the end: %+v", done)
	}
}

func TestRebuild_Refuses(t *testing.T) {
	log := &tape{records: history(t, rand.New(rand.NewPCG(12, 13)), 300, 0)}
	client := learned(t, log.records)
	expect := func(name string, r *learning.Rebuilder, want error) {
		t.Helper()
		before := stored(t, client)
		if _, err := r.Partition(t.Context(), 3, 0, func(learning.Rebuilt) {}); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", name, err, want)
		}
		if diff := cmp.Diff(before, stored(t, client)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	expect("little memory", learning.NewRebuilder(learning.RebuildConfig{Memory: 3000, Partitions: 8, Org: orgOf}, newStore(t, client), log, time.Now), learning.ErrTooLarge)
	for _, key := range []string{"p:{agent2}", "pop:{3}"} {
		was := client.Get(t.Context(), key).Val()
		client.SetRange(t.Context(), key, 0, string([]byte{was[0] + 1}))
		expect("a newer "+key, rebuilder(t, client, log), ranking.ErrNewer)
		client.Set(t.Context(), key, was, 0)
	}
	// Who sets the mark says that effects are stored: a worker alone knows.
	client.Del(t.Context(), "pop:{3}")
	expect("popularity gone", rebuilder(t, client, log), nil)
}
