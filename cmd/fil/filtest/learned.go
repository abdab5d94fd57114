package filtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/ranking/learning"
	"github.com/filengine/fil/ranking/profiles"
)

// AwaitLearned waits until the profiles hold the first n events that Engagements writes for 60 agents, and popularity,
// which is saved right after them, has come to rest.
func (p *Program) AwaitLearned(store *profiles.Store, popularity *learning.Popularity, n int) {
	p.T.Helper()
	queries := make([]profiles.Query, n)
	for i := range queries {
		queries[i] = profiles.Query{Agent: fmt.Sprintf("a%d", i%60), Identity: fil.Event{Source: "test", ID: fmt.Sprint(i)}.Identity(), At: time.Now()}
	}
	Eventually(p.T, "every event to be learned", func() bool {
		known, err := store.Known(context.Background(), queries)
		return err == nil && !slices.Contains(known, false)
	})
	stamp, same := uint64(0), 0
	Eventually(p.T, "popularity to rest", func() bool {
		if err := popularity.Refresh(context.Background()); err != nil {
			return false
		}
		if same++; popularity.Stamp() != stamp {
			stamp, same = popularity.Stamp(), 0
		}
		return same > 25
	})
}

// Facts is a connection of the test's own to what is recorded.
func Facts(t testing.TB, cfg config.ClickHouse) clickhouse.Conn {
	t.Helper()
	db, err := clickhouse.Open(&clickhouse.Options{Protocol: clickhouse.HTTP, Addr: cfg.Addresses,
		Auth: clickhouse.Auth{Database: cfg.Database, Username: cfg.Username, Password: cfg.Password}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
