package warehouse_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/filengine/fil/analytics"
)

var millions = flag.Int("millions", 1, "millions of facts that BenchmarkCells asks about")

// BenchmarkCells asks what dashboards ask, of facts of 25 months about an agent for each 500 of them: half about contents for
// everyone, half about contents of one organisation of fifty, read mostly in the days after they came out, by agents some of
// whom do much more than others. Beside the time it tells the processor's, which a machine that does other things does not
// lengthen much. It needs 4 GB of disk for 100 million.
func BenchmarkCells(b *testing.B) {
	cfg := settings(b)
	w := open(b, cfg)
	db := operator(b, cfg)
	town(b, w, db, *millions)
	month, year := today.AddDate(0, 0, -28), today.AddDate(-1, 0, 0)
	contents := make([]string, 300)
	for i := range contents {
		contents[i] = fmt.Sprintf("c%d", 5*i+1)
	}
	ask := func(q analytics.CellQuestion) func() error {
		return func() error { _, err := w.Cells(b.Context(), q); return err }
	}
	for _, c := range []struct {
		name string
		ask  func() error
	}{
		{"overview", ask(question(month, analytics.CellQuestion{}))},
		{"overview by org", ask(question(month, analytics.CellQuestion{By: "org"}))},
		{"overview every day", ask(question(month, analytics.CellQuestion{Every: "day"}))},
		{"overview filtered", ask(question(month, analytics.CellQuestion{By: "grade", Where: []analytics.Condition{{Axis: "org", Values: []string{"body/o1", "body/o2"}}}}))},
		{"overview of a year by month", ask(question(year, analytics.CellQuestion{Every: "month"}))},
		{"content for everyone", ask(question(year, analytics.CellQuestion{Contents: []string{"c2990"}}))},
		{"content by org every day", ask(question(month, analytics.CellQuestion{Contents: []string{"c2990"}, By: "org", Every: "day"}))},
		{"300 contents by org", ask(question(month, analytics.CellQuestion{Contents: contents, By: "org"}))},
		{"pressure", func() error { _, err := w.Pressure(b.Context(), question(month, analytics.CellQuestion{})); return err }},
		{"hours", func() error { _, err := w.Hours(b.Context(), question(month, analytics.CellQuestion{})); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			before := processor(b)
			for b.Loop() {
				began := time.Now()
				if err := c.ask(); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			b.ReportMetric(float64((processor(b)-before).Microseconds())/1e3/float64(len(took)), "cpu-ms/op")
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1e3, "p95-ms")
		})
	}
}

func question(from time.Time, q analytics.CellQuestion) analytics.CellQuestion {
	q.From, q.To, q.Threshold, q.Round, q.Key = from, today, 10, 3, 1
	return q
}

func processor(b *testing.B) time.Duration {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// town fills the tables in the engine itself, five million facts at a time, and counts them as after a rebuild.
func town(b *testing.B, w interface {
	CountAgain(ctx context.Context, since uint64) error
}, db driver.Conn, millions int) {
	b.Helper()
	agents := millions * 2000
	run := func(statement string, params ...any) {
		b.Helper()
		ctx := clickhouse.Context(b.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": 3600}))
		if err := db.Exec(ctx, statement, params...); err != nil {
			b.Fatal(err)
		}
	}
	run(fmt.Sprintf("INSERT INTO seats SELECT cityHash64(number), intDiv(number, 48) + 1, number %% 48, 1, 1, 1 FROM numbers(%d)", agents))
	run(fmt.Sprintf(`INSERT INTO blocks SELECT number + 1, 48, map('top', 'body', 'org', concat('body/o', toString(intDiv(number * 48 * 50, %d))),
		'grade', toString(number %% 3), 'site', toString(number %% 7)), 1 FROM numbers(%d)`, agents, agents/48+1))
	began := time.Now()
	for i := 0; i < millions; i += 5 {
		run(fmt.Sprintf(`INSERT INTO facts (time, admitted, kind, content, agent, dwell, identity, partition, offset)
			WITH floor(3000 * sqrt(rand(1) / 4294967296)) AS n, pow(rand(2) / 4294967296, 4) AS late, rand(3) / 4294967296 AS who, pow(rand(6) / 4294967296, 1.5) AS much
			SELECT toDateTime64(toStartOfDay(now() - INTERVAL 1 DAY), 3, 'UTC') - (3000 - n) * 21000 + late * 1500000 AS time, time,
				['impression','impression','impression','impression','impression','impression','open','open','read','click','reaction','acknowledge'][1 + rand(4) %% 12],
				concat('c', toString(toUInt32(n))),
				cityHash64(toUInt64(if(toUInt32(n) %% 5 = 0, floor(who * %[1]d) , (toUInt32(n) %% 50 + much) * %[1]d / 50))), 0, rand64(5), number %% 8, number
			FROM numbers(%[2]d) WHERE time < now()`, agents, min(5, millions)*1_000_000))
	}
	b.Logf("%d million facts stored in %v", millions, time.Since(began).Round(time.Second))
	began = time.Now()
	if err := w.CountAgain(b.Context(), 0); err != nil {
		b.Fatal(err)
	}
	b.Logf("counted in %v", time.Since(began).Round(time.Second))
	for _, table := range []string{"facts", "marks", "days", "hours"} {
		var rows, bytes uint64
		if err := db.QueryRow(b.Context(), "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase() AND table = '"+table+"'").Scan(&rows, &bytes); err != nil {
			b.Fatal(err)
		}
		b.Logf("%s: %d rows, %d MB", table, rows, bytes>>20)
	}
}
