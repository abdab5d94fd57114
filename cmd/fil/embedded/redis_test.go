package embedded_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil/cmd/fil/embedded"
)

func TestRedis_ScriptsRunAtomically(t *testing.T) {
	client := startRedis(t, "")
	script := redis.NewScript(`
		local position = tonumber(redis.call('HGET', KEYS[1], 'position') or '-1')
		if tonumber(ARGV[1]) <= position then return 0 end
		redis.call('HSET', KEYS[1], 'position', ARGV[1])
		return 1`)
	for _, step := range []struct{ position, want int }{{5, 1}, {5, 0}, {4, 0}, {6, 1}} {
		got, err := script.Run(t.Context(), client, []string{"{agent}"}, step.position).Int()
		if err != nil {
			t.Fatal(err)
		}
		if got != step.want {
			t.Errorf("position %d: script answered %d, want %d", step.position, got, step.want)
		}
	}
}

func TestRedis_KeysExpireByThemselves(t *testing.T) {
	client := startRedis(t, "")
	if err := client.Set(t.Context(), "short", "x", 50*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Set(t.Context(), "long", "x", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return client.Exists(t.Context(), "short").Val() == 0 })
	if left := client.TTL(t.Context(), "long").Val(); left >= time.Hour || left < 59*time.Minute {
		t.Errorf("a key that had an hour to live has %v left", left)
	}
}

func TestRedis_AsksForThePassword(t *testing.T) {
	client := startRedis(t, "secret")
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	options := *client.Options()
	options.Password = "guess"
	stranger := redis.NewClient(&options)
	defer stranger.Close()
	if err := stranger.Ping(t.Context()).Err(); err == nil {
		t.Fatal("a client with a wrong password was let in")
	}
}

func startRedis(t testing.TB, password string) *redis.Client {
	t.Helper()
	r, err := embedded.StartRedis(embedded.Config{Password: password})
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: r.Addr(), Password: r.Password(), MaxRetries: -1})
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// eventually polls until the condition holds, and gives up after half a minute.
func eventually(t testing.TB, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatal("the condition did not come true in time")
		case <-tick.C:
		}
	}
}
