package census_test

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/filengine/fil"
)

var events = flag.Int("census.events", 50_000, "engagements that rules about behaviour are measured on, at the largest size")

// kept is how long acts are kept: all that a directory's agents did.
const kept = 100 * 24 * time.Hour

// lately are five rules about behaviour, each with SQL on the tables agents and acts.
func lately() [][2]string {
	const since = "time > toDateTime('2026-01-01 00:00:00', 'UTC') - INTERVAL %d DAY"
	ago := func(days int) string { return fmt.Sprintf(since, days) }
	return [][2]string{
		{`did("read")`, "id IN (SELECT agent FROM acts WHERE kind = 'read')"},
		{`did("read", n >= 5, "30 days")`, "id IN (SELECT agent FROM acts WHERE kind = 'read' AND " + ago(30) + " GROUP BY agent HAVING count() >= 5)"},
		{`not did(["open", "read"], "60 days") and not opted_out`, "NOT opted_out AND id NOT IN (SELECT agent FROM acts WHERE kind IN ('open', 'read') AND " + ago(60) + ")"},
		{`category == "A" and region == "Bretagne" and did("read", topic == "Sujet 03", n >= 2)`, "category = 'A' AND region = 'Bretagne' AND id IN (SELECT agent FROM acts WHERE kind = 'read' AND content IN (SELECT id FROM contents WHERE has(topics, 'Sujet 03')) GROUP BY agent HAVING count() >= 2)"},
		{`last("read") < "45 days" and inOrg("territorial")`, "startsWith(org, 'territorial/') AND id IN (SELECT agent FROM acts WHERE kind = 'read' GROUP BY agent HAVING max(time) <= toDateTime('2026-01-01 00:00:00', 'UTC') - INTERVAL 45 DAY)"},
	}
}

// behaviour measures rules about what agents did, beside ClickHouse on the same acts.
func (m *measured) behaviour() {
	reading := m.directory.Reading(m.events)
	before := heap()
	var contents []fil.Record
	for c := range reading.Contents() {
		contents = append(contents, encoded(m.b, fil.TypeContent, c.ID, c))
	}
	m.index.ApplyContents(contents)
	const page = 200_000
	var took time.Duration
	var offsets [partitions]int64
	for first := 0; first < reading.Len(); first += page {
		var parted [partitions][]fil.Record
		for rec := range reading.Records(first, min(first+page, reading.Len())) {
			p := partitionOf(rec.Key)
			rec.Position = fil.Position{Topic: fil.TopicEngagements, Partition: p, Offset: offsets[p]}
			offsets[p]++
			parted[p] = append(parted[p], rec)
		}
		runtime.GC() // what making them leaves behind is not counted
		start := time.Now()
		for _, records := range parted {
			m.index.ApplyEngagements(records)
		}
		took += time.Since(start)
	}
	after := heap()
	m.table([][]string{
		{fmt.Sprintf("behaviour: %d engagements", reading.Len()), "measured"},
		{"heap of acts and contents, after GC", fmt.Sprintf("%.0f MB (%.1f bytes an act)", float64(after-before)/megabyte, float64(after-before)/float64(reading.Len()))},
		{"resident, ClickHouse in the process included", fmt.Sprintf("%.0f MB", float64(resident(m.b))/megabyte)},
		{"load, records in memory", fmt.Sprintf("%.0f engagements/s", float64(reading.Len())/took.Seconds())},
	})
	m.insertActs(m.events)
	rows := [][]string{{"rule about behaviour", "agents", "p50", "p99", "of processors p50", "ClickHouse p50", "times faster"}}
	for _, rule := range lately() {
		got := 0
		mine := timed(40, func() {
			n, err := m.index.Count(rule[0])
			if err != nil {
				m.b.Fatal(err)
			}
			got = n
		})
		theirs := 0
		click := timed(5, func() { theirs = counted(m.b, m.db, &clause{sql: rule[1]}) })
		if theirs != got {
			m.fault("%d by ClickHouse and %d by the index: %s", theirs, got, rule[0])
		}
		rows = append(rows, []string{rule[0], fmt.Sprint(got), ms(mine.wall.p50()), ms(mine.wall.p99()), ms(mine.processor.p50()), ms(click.wall.p50()), fmt.Sprintf("%.0f", float64(click.wall.p50())/float64(mine.wall.p50()))})
	}
	m.table(rows)
	m.oneAct(offsets)
}

// insertActs puts acts and contents in tables beside that of agents.
func (m *measured) insertActs(n int) {
	for _, statement := range []string{
		"CREATE TABLE acts (agent String, content LowCardinality(String), kind LowCardinality(String), time DateTime('UTC')) ENGINE = MergeTree ORDER BY (kind, agent, time)",
		"CREATE TABLE contents (id String, topics Array(String)) ENGINE = MergeTree ORDER BY id",
	} {
		if err := m.db.Exec(m.b.Context(), statement); err != nil {
			m.b.Fatal(err)
		}
	}
	reading := m.directory.Reading(n)
	batch, err := m.db.PrepareBatch(m.b.Context(), "INSERT INTO contents")
	if err != nil {
		m.b.Fatal(err)
	}
	for c := range reading.Contents() {
		if err := batch.Append(c.ID, c.Topics); err != nil {
			m.b.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		m.b.Fatal(err)
	}
	const page = 500_000
	for first := 0; first < n; first += page {
		batch, err := m.db.PrepareBatch(m.b.Context(), "INSERT INTO acts")
		if err != nil {
			m.b.Fatal(err)
		}
		for rec := range reading.Records(first, min(first+page, n)) {
			if err := batch.Append(rec.Key, rec.Event.Subject, rec.Event.Type[len(fil.TypeEngagement):], rec.Event.Time); err != nil {
				m.b.Fatal(err)
			}
		}
		if err := batch.Send(); err != nil {
			m.b.Fatal(err)
		}
	}
	if err := m.db.Exec(m.b.Context(), "OPTIMIZE TABLE acts FINAL"); err != nil {
		m.b.Fatal(err)
	}
}

// oneAct is one engagement, until it is known in which of five audiences about behaviour its agent is.
func (m *measured) oneAct(offsets [partitions]int64) {
	var ids []string
	for i, rule := range lately() {
		ids = append(ids, fmt.Sprintf("census-behaviour-%d", i))
		if err := m.index.ApplyAudiences([]fil.Record{audience(ids[i], rule[0])}); err != nil {
			m.b.Fatal(err)
		}
	}
	const acts = 2000
	more := slices.Collect(m.directory.Reading(acts).Records(0, acts))
	var took timing
	for i, rec := range more {
		p := partitionOf(rec.Key)
		rec.Position = fil.Position{Topic: fil.TopicEngagements, Partition: p, Offset: offsets[p]}
		offsets[p]++
		rec.Event.ID, rec.Event.Time = fmt.Sprintf("census-more-%d", i), clock()
		start, used := time.Now(), processor()
		m.index.ApplyEngagements([]fil.Record{rec})
		member, _ := m.index.Member(rec.Key)
		for _, id := range ids {
			member.In(id)
		}
		took.add(timing{samples{time.Since(start)}, samples{processor() - used}})
	}
	m.table([][]string{
		{"one engagement, five audiences about behaviour", "p50", "p99", "of processors p50", "p99", "aim"},
		{"applied, and asked of each", ms(took.wall.p50()), ms(took.wall.p99()), ms(took.processor.p50()), ms(took.processor.p99()), "1 ms"},
	})
}
