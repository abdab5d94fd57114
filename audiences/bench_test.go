package audiences_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

const benchAgents = 200_000

// directory is one index of 200,000 agents for all benchmarks of a run.
var directory = sync.OnceValues(func() (*audiences.Index, []fil.Record) {
	records := make([]fil.Record, benchAgents)
	for i, a := range townHall(benchAgents) {
		records[i] = record(discard{}, a.ID, a)
	}
	ix := audiences.NewIndex(schema, audiences.Config{})
	if err := ix.ApplyAgents(records); err != nil {
		panic(err)
	}
	return ix, records
})

// discard lets record be called outside a test: only its failure needs one.
type discard struct{ testing.TB }

func (discard) Helper() {}

func BenchmarkLoad(b *testing.B) {
	_, records := directory()
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		ix := audiences.NewIndex(schema, audiences.Config{})
		if err := ix.ApplyAgents(records); err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(ix)
	}
	b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "agents/s")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(records)), "bytes/agent")
}

func BenchmarkCount(b *testing.B) {
	ix, _ := directory()
	for _, c := range []struct{ name, rule string }{
		{"1clause", `grade == "attaché"`},
		{"5clauses", `grade == "attaché" and inOrg("mairie/dgst") and not manager and hired < "2010-01-01" and "sig" in skills`},
		{"20clauses", strings.Repeat(`(grade == "attaché" and inOrg("mairie/dgst")) or (not manager and telework_days >= 2) or `, 5) + "false"},
		{"residue", `grade == "attaché" and len(skills) > 1`},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := ix.Count(c.rule); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLimitRoaring is what BenchmarkCount's clauses cost when nothing but the sets' operations is done, on
// sets over the whole directory that are built beforehand.
func BenchmarkLimitRoaring(b *testing.B) {
	ix, _ := directory()
	set := func(rule string) *roaring.Bitmap {
		ids, err := ix.Select(rule)
		if err != nil {
			b.Fatal(err)
		}
		s := roaring.New()
		for _, id := range ids {
			var n uint32
			if _, err := fmt.Sscanf(id, "a%d", &n); err != nil {
				b.Fatal(err)
			}
			s.Add(n)
		}
		return s
	}
	grade, org, manager, hired, skill := set(`grade == "attaché"`), set(`inOrg("mairie/dgst")`), set("manager"), set(`hired < "2010-01-01"`), set(`"sig" in skills`)
	b.Run("1clause", func(b *testing.B) {
		for b.Loop() {
			grade.GetCardinality()
		}
	})
	b.Run("5clauses", func(b *testing.B) {
		for b.Loop() {
			found := roaring.And(grade, org)
			found.AndNot(manager)
			found.And(hired)
			found.AndCardinality(skill)
		}
	})
}

func BenchmarkMember(b *testing.B) {
	ix, _ := directory()
	for b.Loop() {
		if _, ok := ix.Member("a123456"); !ok {
			b.Fatal("agent is gone")
		}
	}
}

func BenchmarkMemberIn(b *testing.B) {
	ix, _ := directory()
	for name, rule := range map[string]string{
		"1clause":  `grade == "attaché"`,
		"5clauses": `grade != "z" and inOrg("mairie/dgst") and not (site == "x") and telework_days >= 0 and category in ["A", "B", "C"]`,
		"residue":  `len(skills) >= 0`,
	} {
		b.Run(name, func(b *testing.B) {
			putAudiences(b, ix, fil.Audience{ID: "bench", Rule: rule})
			m, _ := ix.Member("a123459")
			if !m.In("bench") && name != "1clause" {
				b.Fatal("every clause should be asked")
			}
			for b.Loop() {
				m.In("bench")
			}
		})
	}
}

// BenchmarkChange is one agent's change until it shows in the agent's membership of a thousand audiences.
func BenchmarkChange(b *testing.B) {
	ix, _ := directory()
	var names []string
	for i := range 1000 {
		id := fmt.Sprintf("change-%d", i)
		names = append(names, id)
		putAudiences(b, ix, fil.Audience{ID: id, Rule: fmt.Sprintf(`site == "site-%d" and not manager or inOrg("mairie/dgst") and telework_days > %d and category == "B"`, i%80, i%4)})
	}
	a := townHall(1)[0]
	var records [2]fil.Record
	for i := range records {
		a.Site = fmt.Sprintf("site-%d", i)
		records[i] = record(b, a.ID, a)
	}
	n := 0
	for b.Loop() {
		if err := ix.ApplyAgents(records[n%2 : n%2+1]); err != nil {
			b.Fatal(err)
		}
		n++
		m, _ := ix.Member(a.ID)
		for _, name := range names {
			m.In(name)
		}
	}
}
