package census_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/cmd/fil/census"
	"github.com/filengine/fil/ingest/eventlog"
)

var (
	sizes      = flag.String("census.sizes", "20000", "sizes of the directories to measure, with commas between")
	logged     = flag.Int("census.logged", 20_000, "agents to load through the log too, at most")
	reportFile = flag.String("census.report", "", "file for the report, besides the output")
)

// BenchmarkAudiences measures package audiences on directories of the sizes asked for and prints one report, each figure
// beside its aim and the limit measured in the same run: `make bench-audiences`. Directories are made, not stored. It
// fails when two ways of counting a rule differ, whatever they took.
func BenchmarkAudiences(b *testing.B) {
	out := io.Writer(os.Stdout)
	if *reportFile != "" {
		file, err := os.Create(*reportFile)
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		out = io.MultiWriter(out, file)
	}
	var all []int
	for size := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, n)
	}
	for i, n := range all {
		r := &report{out: out}
		m := &measured{report: r, b: b, first: i == 0, directory: directory(b, n, 1), events: max(1, int(float64(*events)*float64(n)/float64(slices.Max(all))))}
		m.run()
		r.line("%s", r.details.String())
		for _, fault := range r.faults {
			b.Error(fault)
		}
	}
}

// measured is one directory being measured.
type measured struct {
	*report
	b         *testing.B
	directory *census.Directory
	index     *audiences.Index
	first     bool         // of the run
	events    int          // of the largest directory as many as asked for, of others in proportion
	later     atomic.Int64 // seconds by which the index's clock is past AsOf
	db        driver.Conn  // has the same agents
}

func (m *measured) run() {
	d := m.directory
	m.line("\n== %d agents, 20 attributes, %d employers, %d units; %d cores, %s, load of the machine before: %s\n",
		d.Len(), d.Employers(), d.Units(), runtime.GOMAXPROCS(0), runtime.Version(), busy())
	m.load()
	m.loadFromLog()
	m.rules()
	m.told()
	m.oneChange()
	m.ruleChange()
	m.behaviour()
}

// clock is that of an index: the end of the days that agents read.
func clock() time.Time {
	at, _ := time.Parse(time.DateOnly, census.AsOf)
	return at
}

// partitions of the log that records are given to.
const partitions = 8

func partitionOf(agent string) int { return int(fil.KeyOf(agent) % partitions) }

// load applies records from memory, in batches of one partition as a table of the log gives them; making them is not counted.
func (m *measured) load() {
	d := m.directory
	before := heap()
	m.index = audiences.NewIndex(census.Schema(), audiences.Config{Now: func() time.Time { return clock().Add(time.Duration(m.later.Load()) * time.Second) }, Behaviour: kept})
	const page = 250_000
	var took, used time.Duration
	var offsets [partitions]int64
	for first := 0; first < d.Len(); first += page {
		var parted [partitions][]fil.Record
		for rec := range d.Records(first, min(first+page, d.Len())) {
			p := partitionOf(rec.Key)
			rec.Position = fil.Position{Topic: fil.TopicAgents, Partition: p, Offset: offsets[p]}
			offsets[p]++
			parted[p] = append(parted[p], rec)
		}
		runtime.GC() // what making them leaves behind is not counted either
		start, began := time.Now(), processor()
		for _, records := range parted {
			if err := m.index.ApplyAgents(records); err != nil {
				m.b.Fatal(err)
			}
		}
		took, used = took+time.Since(start), used+processor()-began
	}
	start, began := time.Now(), processor()
	m.index.Settle()
	settled := time.Since(start)
	used += processor() - began
	after := heap()
	rate := float64(d.Len()) / (took + settled).Seconds()
	rows := [][]string{
		{"memory and load", "measured", "aim"},
		{"heap of the index, after GC", fmt.Sprintf("%.0f MB (%.0f bytes an agent)", float64(after-before)/megabyte, float64(after-before)/float64(d.Len())), "800 MB at 5.8 million"},
		{"load, records in memory", fmt.Sprintf("%.0f agents/s (%.1f s, of which %.1f s to sort and build sets; %.1f µs of processors an agent)",
			rate, (took + settled).Seconds(), settled.Seconds(), float64(used.Microseconds())/float64(d.Len())), "500000 agents/s"},
	}
	if m.first { // later ones have ClickHouse and the log in the process
		rows = append(rows, []string{"resident, with the generator", fmt.Sprintf("%.0f MB", float64(resident(m.b))/megabyte), ""})
	}
	m.table(rows)
	m.table(parts(m.index.Footprint(), d.Len()))
}

// loadFromLog loads another index through the log: the one of the environment, or the embedded one.
func (m *measured) loadFromLog() {
	n := min(*logged, m.directory.Len())
	if n == 0 {
		return
	}
	ctx, cancel := context.WithCancel(m.b.Context())
	defer cancel()
	cfg := eventlog.DefaultConfig()
	cfg.Brokers, cfg.Prefix = engines.Kafka(m.b).Addresses, fmt.Sprintf("census%d.", time.Now().UnixNano())
	log, err := eventlog.Open(ctx, cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		m.b.Fatal(err)
	}
	const page = 20_000
	start := time.Now()
	for first := 0; first < n; first += page {
		records := slices.Collect(m.directory.Records(first, min(first+page, n)))
		for i := range records {
			records[i].Topic = fil.TopicAgents
		}
		if err := log.Publish(ctx, records); err != nil {
			m.b.Fatal(err)
		}
	}
	published := time.Since(start)
	index := audiences.NewIndex(census.Schema(), audiences.Config{Now: clock})
	table := log.Table(fil.TopicAgents, index.ApplyAgents)
	ended := make(chan error, 1)
	start = time.Now()
	go func() { ended <- table.Run(ctx) }()
	<-table.Ready()
	index.Settle()
	took := time.Since(start)
	if index.Len() != n {
		m.fault("%d agents after loading %d through the log", index.Len(), n)
	}
	cancel()
	if err := <-ended; err != nil {
		m.b.Fatal(err)
	}
	if err := log.Close(context.Background()); err != nil {
		m.b.Fatal(err)
	}
	m.table([][]string{
		{fmt.Sprintf("through the log, %d agents", n), "measured"},
		{"published", fmt.Sprintf("%.0f agents/s", float64(n)/published.Seconds())},
		{"read and applied", fmt.Sprintf("%.0f agents/s (%.1f s)", float64(n)/took.Seconds(), took.Seconds())},
	})
}

// rules counts the same rules in the index, in ClickHouse and by hand.
func (m *measured) rules() {
	m.db = clickHouse(m.b)
	start := time.Now()
	insert(m.b, m.db, m.directory)
	m.line("  (ClickHouse: %d rows inserted and merged in %.0f s)\n", m.directory.Len(), time.Since(start).Seconds())
	rows := [][]string{{"preview (count, plan kept)", "p50", "p99", "of processors p50", "p99", "aim p99", "ClickHouse p50", "p99", "times faster: median, least", "aim", "by hand p50", "ratio to it: median, greatest", "aim"}}
	for _, n := range []int{1, 5, 20} {
		rules := rulesOf(n)
		l := newLimit(m.directory, rules)
		var ours, theirs, hand timing
		var faster, ratio []float64
		for _, rule := range rules {
			mine, click, limit := m.rule(rule, l, func() int { return counted(m.b, m.db, rule) })
			ours.add(mine)
			theirs.add(click)
			hand.add(limit)
			faster = append(faster, float64(click.wall.p50())/float64(mine.wall.p50()))
			ratio = append(ratio, float64(mine.wall.p50())/float64(limit.wall.p50()))
		}
		aim := map[int]string{5: "2 ms"}[n]
		rows = append(rows, []string{
			fmt.Sprintf("%d clauses", n), ms(ours.wall.p50()), ms(ours.wall.p99()), ms(ours.processor.p50()), ms(ours.processor.p99()), aim, ms(theirs.wall.p50()), ms(theirs.wall.p99()),
			fmt.Sprintf("%.0f, %.0f", median(faster), slices.Min(faster)), "50", ms(hand.wall.p50()), fmt.Sprintf("%.2f, %.2f", median(ratio), slices.Max(ratio)), "1.5",
		})
	}
	m.table(rows)
}

// rule times one rule in the three ways, and holds their counts to be equal.
func (m *measured) rule(rule *clause, l *limit, clickHouse func() int) (mine, click, hand timing) {
	const ourTimes, handTimes, clickTimes = 200, 40, 12
	var got int
	mine = timed(ourTimes, func() {
		n, err := m.index.Count(rule.rule)
		if err != nil {
			m.b.Fatal(err)
		}
		got = n
	})
	counts := map[string]int{}
	ways := map[string]timing{}
	for name, count := range map[string]func() int{
		"flat": func() int { return l.flatly(rule, 1) }, "by two": func() int { return l.flatly(rule, 2) }, "roaring": func() int { return l.roaringly(rule) },
	} {
		ways[name] = timed(handTimes, func() { counts[name] = count() })
		if hand.wall == nil || ways[name].wall.p50() < hand.wall.p50() {
			hand = ways[name]
		}
	}
	click = timed(clickTimes, func() { counts["ClickHouse"] = clickHouse() })
	for who, n := range counts {
		if n != got {
			m.fault("%d by %s and %d by the index: %s", n, who, got, rule.rule)
		}
	}
	_, _ = fmt.Fprintf(&m.details, "%9d  index %s (of processors %s)  flat %s  by two %s  roaring %s  ClickHouse %s  %s\n", got, ms(mine.wall.p50()), ms(mine.processor.p50()),
		ms(ways["flat"].wall.p50()), ms(ways["by two"].wall.p50()), ms(ways["roaring"].wall.p50()), ms(click.wall.p50()), rule.rule)
	return mine, click, hand
}
