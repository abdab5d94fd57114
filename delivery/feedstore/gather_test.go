package feedstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/filengine/fil/delivery/feedstore"
)

// gate is a Redis that answers exchanges itself: each profile says whose it is. It holds the exchanges that it is told to.
type gate struct {
	exchanges atomic.Int32
	hold      chan struct{} // nil: none are held
	fails     atomic.Bool
}

func (g *gate) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (g *gate) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (g *gate) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(_ context.Context, cmds []redis.Cmder) error {
		if g.exchanges.Add(1) == 1 && g.hold != nil {
			<-g.hold
		}
		for _, cmd := range cmds {
			switch answer := cmd.(type) {
			case *redis.SliceCmd:
				answer.SetVal(make([]any, len(cmd.Args())-1))
			case *redis.StringCmd:
				answer.SetVal(cmd.Args()[1].(string))
			}
			if g.fails.Load() {
				cmd.SetErr(errors.New("away"))
			}
		}
		return nil
	}
}

func openGate(t *testing.T, g *gate) *feedstore.Store {
	t.Helper()
	client := redis.NewClient(&redis.Options{MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}})
	client.AddHook(g)
	t.Cleanup(func() { _ = client.Close() })
	store, err := feedstore.New(client, feedstore.Config{Window: 24 * time.Hour, Beside: profileKey, Keys: full{}.find}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// reading starts a read, and says when it has its own answer.
func reading(ctx context.Context, t *testing.T, store *feedstore.Store, agent string) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		kept, err := store.Get(ctx, agent)
		if err == nil && (kept.Feed.Agent != agent || string(kept.Profile) != profileKey(agent)) {
			err = fmt.Errorf("%s has the answer of another: %+v", agent, kept)
		}
		done <- err
	}()
	return done
}

func TestStore_ReadsTogetherWhatComesDuringAnExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{hold: make(chan struct{})}
		store := openGate(t, g)
		all := []<-chan error{reading(t.Context(), t, store, "first")}
		synctest.Wait()
		for i := range 300 {
			all = append(all, reading(t.Context(), t, store, fmt.Sprint("agent", i)))
		}
		left, leave := context.WithCancel(t.Context())
		gone := reading(left, t, store, "gone")
		synctest.Wait()
		leave()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("a reader who left has %v", err)
		}
		if n := g.exchanges.Load(); n != 1 {
			t.Errorf("%d exchanges while one is under way", n)
		}
		close(g.hold)
		for _, done := range all {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := g.exchanges.Load(); n != 3 {
			t.Errorf("%d exchanges for 301 readers, want 1, and 2 for the 300 who came during it", n)
		}
	})
}

// An exchange that is held up holds up those that are in it, and those that came in its first moments.
func TestStore_AnExchangeThatIsHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{hold: make(chan struct{})}
		store := openGate(t, g)
		first := reading(t.Context(), t, store, "first")
		synctest.Wait()
		<-time.After(time.Second)
		for i := range 20 {
			if err := <-reading(t.Context(), t, store, fmt.Sprint("agent", i)); err != nil {
				t.Error(err)
			}
		}
		close(g.hold)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

func TestStore_FailsAllWhoReadTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{hold: make(chan struct{})}
		store := openGate(t, g)
		all := []<-chan error{reading(t.Context(), t, store, "first")}
		synctest.Wait()
		for i := range 10 {
			all = append(all, reading(t.Context(), t, store, fmt.Sprint("agent", i)))
		}
		synctest.Wait()
		g.fails.Store(true)
		close(g.hold)
		for _, done := range all {
			if err := <-done; err == nil || !strings.Contains(err.Error(), "read a feed: away") {
				t.Errorf("error is %v", err)
			}
		}
		g.fails.Store(false)
		if err := <-reading(t.Context(), t, store, "later"); err != nil {
			t.Error(err)
		}
	})
}

// Readers come and leave at any moment: whoever stays has their answer.
func TestStore_ReadersWhoLeave(t *testing.T) {
	store, client, _ := open(t)
	var readers sync.WaitGroup
	for i := range 32 {
		agent := fmt.Sprint("agent", i)
		client.Set(t.Context(), profileKey(agent), profileKey(agent), 0)
		readers.Go(func() {
			for n := range 100 {
				ctx, leave := context.WithCancel(t.Context())
				var left <-chan error
				if n%2 == i%2 {
					left = reading(ctx, t, store, agent)
				}
				err := <-reading(t.Context(), t, store, agent)
				leave()
				if err != nil {
					t.Error(err)
				}
				if left != nil {
					if err := <-left; err != nil && !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				}
			}
		})
	}
	readers.Wait()
}
