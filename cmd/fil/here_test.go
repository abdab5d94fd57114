package main

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/filtest"
	"github.com/filengine/fil/cmd/fil/roles"
	"github.com/filengine/fil/ranking/learning"
	"github.com/filengine/fil/ranking/profiles"
)

// here is a server in the test's own process, and what opens it and the stores under it: to try commands against it.
type here struct {
	*filtest.Program

	cfg    config.Config
	ring   *access.Keyring
	signer *access.Signer
	redis  *redis.Client
}

// startHere starts every role in this process, on the engines that the environment names or on embedded ones. One test
// at a time may do so.
func startHere(t testing.TB, adjust ...func(*config.Config)) *here {
	t.Helper()
	h := &here{cfg: config.Default()}
	h.cfg.Data = t.TempDir()
	if !filtest.OnNamedEngines(t, &h.cfg) {
		engines := filtest.StartEmbedded(t, h.cfg.Data)
		h.cfg = h.cfg.On(engines.Kafka, engines.Redis, engines.ClickHouse)
	}
	for _, change := range adjust {
		change(&h.cfg)
	}
	h.redis = redis.NewClient(&redis.Options{Addr: h.cfg.Redis.Addresses[0], Password: h.cfg.Redis.Password, DB: h.cfg.Redis.Database})
	t.Cleanup(func() { _ = h.redis.Close() })
	h.Program = filtest.Host(t, h.cfg, func(ctx context.Context, p filtest.Hosted) error {
		all := process(p.Config, p.Listener, roles.All(), p.Logger)
		all.Ready = func(_ context.Context, ring *access.Keyring, signer *access.Signer) error {
			h.ring, h.signer = ring, signer
			p.Ready()
			return nil
		}
		return all.Run(ctx)
	})
	for _, role := range []fil.Role{fil.RoleIngest, fil.RoleCommunicator, fil.RoleLeader, fil.RoleService, fil.RolePolicy} {
		var err error
		if h.Keys[string(role)], err = h.ring.CreateScoped(role, "test", access.Scope{Sample: role == fil.RoleLeader}); err != nil { // who counts facts
			t.Fatal(err)
		}
	}
	return h
}

// token makes a token of an agent.
func (h *here) token(agent string) string {
	h.T.Helper()
	token, err := h.signer.Token(fil.Caller{Role: fil.RoleAgent, Agent: agent}, time.Hour)
	if err != nil {
		h.T.Fatal(err)
	}
	return token
}

// command runs a command against this server, in the test's process, and gives what it wrote and its status.
func (h *here) command(role string, args ...string) (string, int) {
	h.T.Helper()
	var out bytes.Buffer
	args = append(args, "--server", h.Base, "--key", h.Keys[role])
	status := Run(context.Background(), args, Streams{Out: &out, Err: &out, Environ: []string{"LANG=en_GB.UTF-8"}})
	return out.String(), status
}

// popularityLooked is longer than a process takes to look for a change of popularity in Redis.
const popularityLooked = 1500 * time.Millisecond

// awaitLearned waits until the profiles hold the first n events that filtest.Engagements writes, and popularity with them.
func (h *here) awaitLearned(n int) {
	h.T.Helper()
	store, err := profiles.New(h.redis, profiles.DefaultConfig())
	if err != nil {
		h.T.Fatal(err)
	}
	h.AwaitLearned(store, learning.NewPopularity(h.cfg.Log.Partitions, store.Popularities), n)
}

// awaitHabits waits until processes have looked at the habits of popularity, which they do once each half minute of the clock.
func awaitHabits() {
	now := time.Now()
	<-time.After(now.Truncate(30*time.Second).Add(30*time.Second).Sub(now) + popularityLooked)
}
