package evaluation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking/evaluation"
)

var start = time.Date(2026, time.March, 1, 8, 0, 0, 0, time.UTC)

// did is one row: an agent's act on a content, so many minutes after the start.
func did(agent, content string, minutes float64, kinds ...fil.EngagementKind) evaluation.Row {
	kind := fil.Read
	if len(kinds) > 0 {
		kind = kinds[0]
	}
	return evaluation.Row{Engagement: fil.Engagement{Agent: agent, Content: content, Kind: kind, Time: start.Add(time.Duration(minutes * float64(time.Minute)))}}
}

func logOf(t testing.TB, rows ...evaluation.Row) *evaluation.Log {
	t.Helper()
	b := evaluation.NewBuilder()
	for _, r := range rows {
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return b.Log()
}

// madeUp draws rows of agents who read, come back and dismiss, with times that are often the same.
func madeUp(random *rand.Rand, rows, agents, contents int) []evaluation.Row {
	kinds := []fil.EngagementKind{fil.Read, fil.Read, fil.Read, fil.Reaction, fil.Impression, fil.Dismiss}
	out := make([]evaluation.Row, rows)
	for i := range out {
		newest := 1 + i*contents/rows
		content := max(0, newest-1-int(random.ExpFloat64()*float64(contents)/8))
		out[i] = did(fmt.Sprint("a", random.IntN(agents)), fmt.Sprint("c", content), float64(i/2), kinds[random.IntN(len(kinds))])
	}
	return out
}

// whole judges everything after the start.
func whole() evaluation.Settings {
	return evaluation.Settings{Part: evaluation.Test, Window: &evaluation.Window{After: math.MinInt64, Until: math.MaxInt64}, Now: time.Now, Seed: 1}
}

func judge(t testing.TB, log *evaluation.Log, s evaluation.Settings, orders ...string) *evaluation.Report {
	t.Helper()
	c := evaluation.NewContest(log, s)
	if err := c.EnterBuiltIn(orders...); err != nil {
		t.Fatal(err)
	}
	report, err := c.Judge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func near(a evaluation.Number, b float64) bool { return math.Abs(float64(a)-b) < 1e-9 }
