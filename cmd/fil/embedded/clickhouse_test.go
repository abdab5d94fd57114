package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/filengine/fil/cmd/fil/embedded"
)

func TestClickHouse_RowsComeBackAsTheyWent(t *testing.T) {
	for name, compression := range map[string]*clickhouse.Compression{
		"plain": nil,
		"lz4":   {Method: clickhouse.CompressionLZ4},
		"zstd":  {Method: clickhouse.CompressionZSTD},
		"gzip":  {Method: clickhouse.CompressionGZIP, Level: 3},
	} {
		t.Run(name, func(t *testing.T) {
			db := database(t, func(o *clickhouse.Options) {
				o.Compression = compression
				o.Settings = clickhouse.Settings{"enable_http_compression": 1}
			})
			run(t, db, `CREATE TABLE facts (
				at DateTime64(3, 'UTC'), day Date, agent UInt64, kind LowCardinality(String), dwell Nullable(Float64),
				topics Array(String), labels Map(String, String), urgent Bool, level Enum8('low' = 1, 'high' = 2)
			) ENGINE = MergeTree ORDER BY (agent, at)`)
			at := time.Date(2026, 3, 2, 9, 30, 0, 250e6, time.UTC)
			batch, err := db.PrepareBatch(t.Context(), "INSERT INTO facts")
			if err != nil {
				t.Fatal(err)
			}
			dwell := 12.5
			const rows = 70_000 // more than one block
			for n := range rows {
				if err := batch.Append(at, at, uint64(n), "read", &dwell, []string{"paie", "congés"}, map[string]string{"a": "b"}, true, "high"); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			var got []struct {
				At     time.Time         `ch:"at"`
				Agent  uint64            `ch:"agent"`
				Kind   string            `ch:"kind"`
				Dwell  *float64          `ch:"dwell"`
				Topics []string          `ch:"topics"`
				Labels map[string]string `ch:"labels"`
				Urgent bool              `ch:"urgent"`
				Level  string            `ch:"level"`
			}
			if err := db.Select(t.Context(), &got, "SELECT at, agent, kind, dwell, topics, labels, urgent, level FROM facts ORDER BY agent"); err != nil {
				t.Fatal(err)
			}
			if len(got) != rows {
				t.Fatalf("%d rows came back, want %d", len(got), rows)
			}
			last := got[rows-1]
			if !last.At.Equal(at) || last.Agent != rows-1 || last.Kind != "read" || *last.Dwell != 12.5 ||
				strings.Join(last.Topics, ",") != "paie,congés" || last.Labels["a"] != "b" || !last.Urgent || last.Level != "high" {
				t.Errorf("the last row came back as %+v", last)
			}
		})
	}
}

func TestClickHouse_ParametersAreBoundByTheEngine(t *testing.T) {
	db := database(t)
	ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{
		"n": "7", "s": "l'agent \\' \"x\" {n:UInt8}", "list": "['a','b']",
	}))
	var n uint64
	var s string
	var list []string
	if err := db.QueryRow(ctx, "SELECT {n:UInt64}, {s:String}, {list:Array(String)}").Scan(&n, &s, &list); err != nil {
		t.Fatal(err)
	}
	if n != 7 || !strings.HasPrefix(s, "l'agent ") || !strings.HasSuffix(s, `{n:UInt8}`) || strings.Join(list, ",") != "a,b" {
		t.Errorf("parameters came back as %d, %q, %q", n, s, list)
	}
}

func TestClickHouse_InsertTokenCountsOnce(t *testing.T) {
	db := database(t)
	run(t, db, `CREATE TABLE facts (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 10000`)
	run(t, db, `CREATE TABLE totals (n UInt64) ENGINE = SummingMergeTree ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 10000`)
	run(t, db, `CREATE MATERIALIZED VIEW to_totals TO totals AS SELECT sum(n) AS n FROM facts`)
	insert := func(token string, n uint64) {
		t.Helper()
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{
			"insert_deduplication_token": token, "async_insert": 0, "deduplicate_blocks_in_dependent_materialized_views": 1,
		}))
		insertNumbers(t, ctx, db, "facts", n)
	}
	insert("events:0:0-9", 5)
	insert("events:0:0-9", 5)
	insert("events:0:10-19", 5)
	if got := count(t, db, "SELECT count() FROM facts"); got != 2 {
		t.Errorf("3 inserts under 2 tokens stored %d rows, want 2", got)
	}
	if got := count(t, db, "SELECT sum(n) FROM totals"); got != 10 {
		t.Errorf("the dependent view holds %d, want 10", got)
	}
}

func TestClickHouse_SettingsDoNotReachTheNextRequest(t *testing.T) {
	db := database(t, func(o *clickhouse.Options) { o.MaxOpenConns = 1 })
	const question = "SELECT toUInt64(getSetting('max_block_size'))"
	before := count(t, db, question)
	var with uint64
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 1234}))
	if err := db.QueryRow(ctx, question).Scan(&with); err != nil {
		t.Fatal(err)
	}
	run(t, db, "SET max_block_size = 4321")
	if after := count(t, db, question); with != 1234 || after != before {
		t.Errorf("max_block_size was %d, then %d with the setting, then %d; want %d, 1234, %d", before, with, after, before, before)
	}
	if got := count(t, db, "SELECT toUInt64(getSetting('max_threads'))"); got != 2 {
		t.Errorf("a statement may take %d threads, want 2", got)
	}
}

func TestClickHouse_FailuresLookLikeClickHouse(t *testing.T) {
	db := database(t)
	run(t, db, "CREATE TABLE facts (n UInt64) ENGINE = MergeTree ORDER BY n")
	for name, test := range map[string]struct {
		statement    string
		code, status int
	}{
		"broken":         {"SELEC 1", 62, 400},
		"unknown table":  {"SELECT * FROM nowhere", 60, 404},
		"unknown column": {"SELECT nothing FROM facts", 47, 404},
		"unknown insert": {"INSERT INTO nowhere VALUES (1)", 60, 404},
		"several":        {"SELECT 1; SELECT 2", 62, 400},
		"several writes": {"DROP TABLE facts; DROP TABLE facts", 62, 400},
		"empty":          {"-- nothing", 62, 400},
	} {
		t.Run(name, func(t *testing.T) {
			err := db.Exec(t.Context(), test.statement)
			var exception *clickhouse.Exception
			var answer *clickhouse.HTTPError
			if !errors.As(err, &exception) || !errors.As(err, &answer) {
				t.Fatalf("got %v, want an exception", err)
			}
			if int(exception.Code) != test.code || answer.StatusCode != test.status {
				t.Errorf("got code %d and status %d, want %d and %d: %v", exception.Code, answer.StatusCode, test.code, test.status, err)
			}
			if got := count(t, db, "SELECT count() FROM facts"); got != 0 {
				t.Errorf("%d rows are there afterwards, want none", got)
			}
		})
	}
}

func TestClickHouse_FailureInTheMiddleOfAnAnswer(t *testing.T) {
	for name, method := range map[string]clickhouse.CompressionMethod{"plain": clickhouse.CompressionNone, "lz4": clickhouse.CompressionLZ4} {
		t.Run(name, func(t *testing.T) {
			db := database(t, func(o *clickhouse.Options) { o.Compression = &clickhouse.Compression{Method: method} })
			rows, err := db.Query(t.Context(), "SELECT throwIf(number = 900000, 'halfway') FROM numbers(1000000) SETTINGS max_block_size = 10000, max_threads = 1")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			seen := 0
			for rows.Next() {
				seen++
			}
			var exception *clickhouse.Exception
			if err := rows.Err(); !errors.As(err, &exception) || exception.Code != 395 {
				t.Errorf("after %d rows the answer ended with %v, want exception 395", seen, err)
			}
			if seen == 0 {
				t.Error("no row came before the failure: the answer did not stream")
			}
			var one uint8
			if err := db.QueryRow(t.Context(), "SELECT 1").Scan(&one); err != nil || one != 1 {
				t.Errorf("the next statement answered %d, %v", one, err)
			}
		})
	}
}

func TestClickHouse_SlowStatementsDoNotBlockOthers(t *testing.T) {
	db := database(t)
	ctx, cancel := context.WithCancel(t.Context())
	slow := make(chan error, 1)
	go func() {
		slow <- db.Exec(ctx, "SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0")
	}()
	eventually(t, func() bool {
		return count(t, db, "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow(1) FROM numbers(60)%' AND query NOT LIKE '%system%'") == 1
	})
	for range 20 {
		if got := count(t, db, "SELECT 7"); got != 7 {
			t.Fatalf("a quick statement beside a slow one answered %d", got)
		}
	}
	select {
	case err := <-slow:
		t.Fatalf("the slow statement had ended already: %v", err)
	default:
	}
	cancel()
	if err := <-slow; err == nil {
		t.Error("the statement of a client that has gone ended well")
	}
	eventually(t, func() bool {
		return count(t, db, "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow(1) FROM numbers(60)%' AND query NOT LIKE '%system%'") == 0
	})
}

func TestClickHouse_OneDirectoryPerProcess(t *testing.T) {
	if _, err := startClickHouse(); err != nil {
		t.Fatal(err)
	}
	c, err := embedded.StartClickHouse(embedded.Config{Dir: t.TempDir()})
	if err == nil {
		c.Close()
		t.Fatal("a second engine started in the same process")
	}
	if !strings.Contains(err.Error(), "one data directory at a time") {
		t.Errorf("the error does not say why: %v", err)
	}
}

func TestClickHouse_MissingLibraryIsOneClearLine(t *testing.T) {
	_, err := embedded.Start(t.Context(), embedded.Config{Dir: t.TempDir(), Library: "/nowhere/libchdb.so"})
	if !errors.Is(err, embedded.ErrNoLibrary) {
		t.Fatalf("got %v, want ErrNoLibrary", err)
	}
	if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, "make") || !strings.Contains(text, "FIL_EMBEDDED_LIBRARY") {
		t.Errorf("the error is not one line that says what to do: %q", text)
	}
}

// database gives a client on a new database of the shared engine.
func database(t testing.TB, change ...func(*clickhouse.Options)) driver.Conn {
	t.Helper()
	c, err := startClickHouse()
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune("/=#-. ", r) {
			return '_'
		}
		return r
	}, t.Name()))
	admin := connect(t, c, "default")
	run(t, admin, "DROP DATABASE IF EXISTS "+name)
	run(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		if err := admin.Exec(context.Background(), "DROP DATABASE "+name); err != nil {
			t.Error(err)
		}
	})
	return connect(t, c, name, change...)
}

func connect(t testing.TB, c *embedded.ClickHouse, database string, change ...func(*clickhouse.Options)) driver.Conn {
	t.Helper()
	options := &clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: []string{c.Addr()},
		Auth: clickhouse.Auth{Database: database, Username: c.Username(), Password: c.Password()},
	}
	for _, f := range change {
		f(options)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Ping(t.Context()); err != nil {
		t.Fatalf("ping: %v", err)
	}
	return conn
}

func run(t testing.TB, db driver.Conn, statement string) {
	t.Helper()
	if err := db.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func count(t testing.TB, db driver.Conn, question string) uint64 {
	t.Helper()
	var n uint64
	if err := db.QueryRow(t.Context(), "SELECT toUInt64(("+question+"))").Scan(&n); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return n
}

func insertNumbers(t testing.TB, ctx context.Context, db driver.Conn, table string, numbers ...uint64) {
	t.Helper()
	batch, err := db.PrepareBatch(ctx, fmt.Sprintf("INSERT INTO %s (n)", table))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range numbers {
		if err := batch.Append(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkClickHouse_Insert(b *testing.B) {
	for _, rows := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			db := database(b)
			run(b, db, factsTable)
			for b.Loop() {
				insertFacts(b, db, rows)
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkClickHouse_Read(b *testing.B) {
	db := database(b)
	run(b, db, factsTable)
	insertFacts(b, db, 500_000)
	b.Run("one row", func(b *testing.B) {
		for b.Loop() {
			count(b, db, "SELECT 1")
		}
	})
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			count(b, db, "SELECT uniq(agent) FROM facts WHERE kind = 'read'")
		}
	})
	b.Run("rows", func(b *testing.B) {
		for b.Loop() {
			rows, err := db.Query(b.Context(), "SELECT at, agent, kind FROM facts")
			if err != nil {
				b.Fatal(err)
			}
			var at time.Time
			var agent uint64
			var kind string
			for rows.Next() {
				if err := rows.Scan(&at, &agent, &kind); err != nil {
					b.Fatal(err)
				}
			}
			if err := rows.Err(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(500_000*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

const factsTable = "CREATE TABLE facts (at DateTime64(3, 'UTC'), agent UInt64, kind LowCardinality(String)) ENGINE = MergeTree ORDER BY (agent, at)"

func insertFacts(b *testing.B, db driver.Conn, rows int) {
	b.Helper()
	batch, err := db.PrepareBatch(b.Context(), "INSERT INTO facts")
	if err != nil {
		b.Fatal(err)
	}
	at := time.UnixMilli(1_770_000_000_000)
	for n := range rows {
		if err := batch.Append(at, uint64(n%100_000), "read"); err != nil {
			b.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		b.Fatal(err)
	}
}
