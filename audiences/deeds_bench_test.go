package audiences_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// history applies n acts by some agents, over 90 days and three partitions, and says how long that took alone.
func history(tb testing.TB, ix *audiences.Index, n, agents int, now time.Time) (took time.Duration) {
	kinds := []fil.EngagementKind{fil.Impression, fil.Open, fil.Read, fil.Click}
	batch := make([]fil.Record, 0, 1000)
	for i := range n {
		agent := fmt.Sprintf("a%06d", i*7919%agents)
		event, err := fil.Engagement{Kind: kinds[i%4], Agent: agent, Content: fmt.Sprintf("c%d", i%500), Time: now.Add(-time.Duration(n-i) * 89 * 24 * time.Hour / time.Duration(n))}.Event("bench", fmt.Sprint(i))
		if err != nil {
			tb.Fatal(err)
		}
		batch = append(batch, fil.Record{Position: fil.Position{Topic: fil.TopicEngagements, Partition: partitionOf(agent), Offset: int64(i)}, Key: agent, Event: event})
		if len(batch) == cap(batch) {
			start := time.Now()
			ix.ApplyEngagements(batch)
			took += time.Since(start)
			batch = batch[:0]
		}
	}
	return took
}

// BenchmarkEngagements is what it costs to read a million engagements of 100,000 agents: time, and memory kept.
func BenchmarkEngagements(b *testing.B) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		ix := audiences.NewIndex(schema, audiences.Config{Now: func() time.Time { return now }, Zone: time.UTC, Behaviour: 90 * 24 * time.Hour})
		took := history(b, ix, 1_000_000, 100_000, now)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(took.Seconds(), "s/million")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "B/act")
		runtime.KeepAlive(ix)
	}
}

// BenchmarkBehaviour asks rules about behaviour of 100,000 agents who have done a million acts: all of them, and one.
func BenchmarkBehaviour(b *testing.B) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	ix := audiences.NewIndex(schema, audiences.Config{Now: func() time.Time { return now }, Zone: time.UTC, Behaviour: 90 * 24 * time.Hour})
	putAgents(b, ix, townHall(100_000)...)
	history(b, ix, 1_000_000, 100_000, now)
	for _, rule := range []string{`did("read")`, `did("read", content in ["c1","c2","c3"], n >= 3)`, `not did("click", "7 days")`} {
		b.Run(rule, func(b *testing.B) {
			for b.Loop() {
				if _, err := ix.Select(rule); err != nil {
					b.Fatal(err)
				}
			}
		})
		putAudiences(b, ix, fil.Audience{ID: "x", Name: "x", Rule: rule})
		b.Run("one/"+rule, func(b *testing.B) {
			for b.Loop() {
				if m, ok := ix.Member("a000042"); ok {
					m.In("x")
				}
			}
		})
	}
}

// BenchmarkRedefinition is an audience that a change of its rule gives 250,000 of 500,000 agents, and the next change takes
// them from: what the announcer does until everything is published, but for the log's own time.
func BenchmarkRedefinition(b *testing.B) {
	ix := audiences.NewIndex(schema, audiences.Config{Behaviour: 90 * 24 * time.Hour})
	agents := townHall(500_000)
	for some := range slices.Chunk(agents, 1000) {
		batch := make([]fil.Record, len(some))
		for i, a := range some {
			batch[i] = record(b, a.ID, a)
			batch[i].Partition = 0
		}
		if err := ix.ApplyAgents(batch); err != nil {
			b.Fatal(err)
		}
	}
	ix.Settle()
	announcer, err := audiences.NewAnnouncer(ix, nobody{}, func(context.Context) error { return nil }, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	desk := announcer.Open(0)
	i := 0
	for b.Loop() {
		i++
		putAudiences(b, ix, fil.Audience{ID: "x", Name: "x", Rule: []string{"telework_days >= 2", "false"}[i%2], Announce: true})
		announcer.Redefined()
		if err := desk.Look(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
