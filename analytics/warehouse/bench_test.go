package warehouse_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// BenchmarkTally asks the questions of the two reports over 1 and 10 million facts. Beside them, the limit: reading the
// columns that the widest question reads.
func BenchmarkTally(b *testing.B) {
	for _, millions := range []int{1, 10} {
		cfg := settings(b)
		w := open(b, cfg)
		db := operator(b, cfg)
		for range millions {
			fill(b, db, 1_000_000)
		}
		if err := db.Exec(b.Context(), `
			INSERT INTO directory
			SELECT DISTINCT agent, concat('mairie/d', toString(agent % 10), '/s', toString(agent % 70)), concat('site ', toString(agent % 30)),
				map('service', [concat('service ', toString(agent % 40))], 'grade', [toString(agent % 12)]), false, 1
			FROM facts`); err != nil {
			b.Fatal(err)
		}
		month := time.Now().AddDate(0, -1, 0)
		for name, q := range map[string]analytics.Question{
			"content":              {Content: "c50"},
			"content by service":   {Content: "c50", By: "service", Kind: fil.KindText},
			"overview":             {},
			"overview by service":  {By: "service", Kind: fil.KindText},
			"overview every day":   {Every: "day"},
			"last month every day": {Every: "day", From: month},
		} {
			q.Zone, q.Limit = "UTC", 100_000
			b.Run(fmt.Sprintf("%dM/%s", millions, name), func(b *testing.B) {
				for b.Loop() {
					if _, _, err := w.Tally(b.Context(), q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(fmt.Sprintf("%dM/experiment, last month", millions), func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Outcomes(b.Context(), month, time.Now(), "UTC", ""); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%dM/limit: one pass", millions), func(b *testing.B) {
			for b.Loop() {
				var n, sum uint64
				var dwell float64
				if err := db.QueryRow(b.Context(), "SELECT countIf(kind = 'read' AND time > 0), sum(agent), sum(dwell) FROM facts").Scan(&n, &sum, &dwell); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkInsert stores batches as the recorder does.
func BenchmarkInsert(b *testing.B) {
	for _, size := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			w := open(b, settings(b))
			n := 0
			for b.Loop() {
				if err := w.Insert(b.Context(), fmt.Sprint(n), facts(n, n+size)); err != nil {
					b.Fatal(err)
				}
				n += size
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "facts/s")
		})
	}
}
