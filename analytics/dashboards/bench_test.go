package dashboards_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/filengine/fil"
)

var (
	millions = flag.Int("millions", 1, "millions of facts that BenchmarkDashboards asks about")
	loaded   = flag.String("database", "", "of a server that the environment names: the town that BenchmarkDashboards made there before")
)

// BenchmarkDashboards asks what dashboards ask, over HTTP, of facts of 25 months about an agent for each 500 of them: half about
// contents for everyone, half about contents of one organisation of fifty, read mostly in the days after they came out, by agents
// some of whom do much more than others. Parts of tables are merged, as they are after a night. Beside the time it tells the
// processor's, of the whole process with its engine, which a machine that does other things does not lengthen much. It needs
// 4 GB of disk for 100 million.
func BenchmarkDashboards(b *testing.B) {
	of := &town{}
	for i := range 3000 {
		of.contents = append(of.contents, fil.Content{ID: fmt.Sprint("c", i), PublishedAt: today.AddDate(0, 0, -i/4), Source: fmt.Sprint("com ", i%40), Audiences: []string{fmt.Sprint("t", i/300)}})
	}
	w := build(b, of)
	db := operator(b, w)
	if *loaded == "" {
		fill(b, w.store, db, *millions)
	}
	days := func(n int) string { return "from=" + dayAgo(n) + "&to=" + dayAgo(1) }
	for _, c := range []struct{ name, path string }{
		{"overview", "overview?" + days(28)},
		{"overview by org", "overview?by=org&" + days(28)},
		{"overview every day", "overview?every=day&" + days(28)},
		{"overview every week", "overview?every=week&compare=true&" + days(28)},
		{"overview filtered", "overview?by=grade&where=org:body/o1,body/o2&" + days(28)},
		{"overview of a year by month", "overview?every=month&" + days(365)},
		{"content for everyone", "contents/c2990?" + days(365)},
		{"content by org every day", "contents/c2990?by=org&every=day&" + days(28)},
		{"an audience of 300 contents by org", "audiences/t9?by=org&" + days(28)},
		{"funnel", "funnel?" + days(28)},
		{"equity", "equity?by=org&" + days(28)},
		{"services", "services?" + days(28)},
		{"pressure", "pressure?" + days(28)},
		{"hours", "hours?" + days(28)},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			before := processor(b, db)
			for b.Loop() {
				began := time.Now()
				if status, body, _ := w.ask(c.path); status != 200 {
					b.Fatal(status, body)
				}
				took = append(took, time.Since(began))
			}
			b.ReportMetric(float64((processor(b, db)-before).Microseconds())/1e3/float64(len(took)), "cpu-ms/op")
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1e3, "p50-ms")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1e3, "p95-ms")
		})
	}
}

// operator is a connection to the tables themselves.
func operator(b *testing.B, w *world) driver.Conn {
	b.Helper()
	db, err := clickhouse.Open(&clickhouse.Options{Protocol: clickhouse.HTTP, Addr: w.cfg.Addrs, ReadTimeout: time.Hour,
		Auth: clickhouse.Auth{Database: w.cfg.Database, Username: w.cfg.User, Password: w.cfg.Password}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// processor is what this process has used, and the engine's threads when they are of another process.
func processor(b *testing.B, db driver.Conn) time.Duration {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	own := time.Duration(use.Utime.Nano() + use.Stime.Nano())
	if os.Getenv("FIL_TEST_CLICKHOUSE") == "" {
		return own
	}
	var used uint64
	if err := db.QueryRow(b.Context(), "SELECT sum(value) FROM system.events WHERE event IN ('UserTimeMicroseconds', 'SystemTimeMicroseconds')").Scan(&used); err != nil {
		b.Fatal(err)
	}
	return own + time.Duration(used)*time.Microsecond
}

// fill fills the tables in the engine itself, five million facts at a time, and counts them as after a rebuild.
func fill(b *testing.B, w interface {
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
	for _, table := range []string{"facts", "marks", "months", "weekdays", "shown"} {
		if table != "facts" {
			run("OPTIMIZE TABLE " + table + " FINAL")
		}
		var rows, bytes uint64
		if err := db.QueryRow(b.Context(), "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase() AND table = '"+table+"'").Scan(&rows, &bytes); err != nil {
			b.Fatal(err)
		}
		b.Logf("%s: %d rows, %d MB", table, rows, bytes>>20)
	}
}
