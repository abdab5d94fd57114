package census_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/filengine/fil/cmd/fil/census"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

// engines are this package's tests' own, or those that the environment names.
var engines enginetest.Engines

func TestMain(m *testing.M) { os.Exit(engines.Run(m)) }

// clickHouse opens ClickHouse as the warehouse does, in a database of the test's own.
func clickHouse(t testing.TB) driver.Conn {
	t.Helper()
	engine := engines.ClickHouse(t)
	open := func(database string) driver.Conn {
		db, err := clickhouse.Open(&clickhouse.Options{
			Protocol: clickhouse.HTTP, Addr: engine.Addresses[:1], Auth: clickhouse.Auth{Username: engine.Username, Password: engine.Password, Database: database},
			DialTimeout: time.Minute, ReadTimeout: 10 * time.Minute, Compression: &clickhouse.Compression{Method: clickhouse.CompressionLZ4},
		})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	name := fmt.Sprintf("census%d", time.Now().UnixNano())
	first := open("default")
	if err := first.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	db := open(name)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err := first.Exec(context.Background(), "DROP DATABASE "+name+" SYNC"); err != nil {
			t.Error(err)
		}
		if err := first.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// insert puts a directory in a table that suits it: words are coded by dictionary, and rows sorted by unit, then corps,
// so that the primary key finds units and neighbours are alike.
func insert(t testing.TB, db driver.Conn, d *census.Directory) {
	t.Helper()
	const word = "LowCardinality(String)"
	columns := []struct{ name, kind string }{
		{"id", "String"}, {"org", word}, {"site", word}, {"branch", word}, {"category", word}, {"corps", word}, {"grade", word}, {"status", word}, {"region", word}, {"departement", word},
		{"employer", word}, {"email_domain", word}, {"job", word}, {"supervisor", "String"}, {"hired", "Date"}, {"contract_end", "Date"}, {"birth_decade", "UInt16"}, {"telework_days", "UInt8"},
		{"working_time", "UInt8"}, {"manager", "Bool"}, {"opted_out", "Bool"}, {"skills", "Array(" + word + ")"}, {"languages", "Array(" + word + ")"},
	}
	statement := "CREATE TABLE agents ("
	for i, c := range columns {
		if i > 0 {
			statement += ", "
		}
		statement += c.name + " " + c.kind
	}
	if err := db.Exec(t.Context(), statement+") ENGINE = MergeTree ORDER BY (org, corps)"); err != nil {
		t.Fatal(err)
	}
	const page = 400_000
	var a census.Agent
	dates := map[string]time.Time{"": time.Unix(0, 0).UTC()}
	date := func(text string) time.Time {
		at, ok := dates[text]
		if !ok {
			at, _ = time.Parse(time.DateOnly, text)
			dates[text] = at
		}
		return at
	}
	for first := 0; first < d.Len(); first += page {
		batch, err := db.PrepareBatch(t.Context(), "INSERT INTO agents")
		if err != nil {
			t.Fatal(err)
		}
		for rank := first; rank < min(first+page, d.Len()); rank++ {
			d.Read(rank, &a)
			if err := batch.Append(a.ID, a.Org, a.Site, a.Branch, a.Category, a.Corps, a.Grade, a.Status, a.Region, a.Departement, a.Employer, a.EmailDomain, a.Job, a.Supervisor,
				date(a.Hired), date(a.ContractEnd), uint16(a.BirthDecade), uint8(a.TeleworkDays), uint8(a.WorkingTime), a.Manager, a.OptedOut, a.Skills, a.Languages); err != nil {
				t.Fatal(err)
			}
		}
		if err := batch.Send(); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Exec(t.Context(), "OPTIMIZE TABLE agents FINAL"); err != nil {
		t.Fatal(err)
	}
}

// counted asks ClickHouse how many agents satisfy a clause.
func counted(t testing.TB, db driver.Conn, c *clause) int {
	t.Helper()
	var n uint64
	if err := db.QueryRow(t.Context(), "SELECT count() FROM agents WHERE "+c.sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", c.sql, err)
	}
	return int(n)
}
