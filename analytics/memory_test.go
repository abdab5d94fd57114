package analytics_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/filengine/fil/analytics"
)

func TestMemory_IsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type stored struct {
			offset int64
			day    uint16
		}
		var m analytics.Memory
		naive := map[uint64]stored{}
		identities := rapid.Uint64Range(0, 200)
		offset := int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				id, day := identities.Draw(t, "identity"), rapid.Uint16Range(1, 50).Draw(t, "day")
				offset++
				m.Put(id, offset, day)
				naive[id] = stored{offset, day}
			},
			"forget": func(t *rapid.T) {
				before := rapid.Uint16Range(0, 50).Draw(t, "before")
				m.Forget(before)
				for id, s := range naive {
					if s.day < before {
						delete(naive, id)
					}
				}
			},
			"": func(t *rapid.T) {
				if m.Count() != len(naive) {
					t.Fatalf("holds %d identities, want %d", m.Count(), len(naive))
				}
				id := identities.Draw(t, "looked for")
				offset, day, ok := m.Find(id)
				if want, wantOK := naive[id]; ok != wantOK || ok && (offset != want.offset || day != want.day) {
					t.Fatalf("identity %d: found %d, %d, %v; want %v, %v", id, offset, day, ok, want, wantOK)
				}
			},
		})
	})
}

func TestMemory_TakesAtMost25BytesAnIdentity(t *testing.T) {
	var m analytics.Memory
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 1_000_000 {
		m.Put(random.Uint64(), int64(n), 20_000)
		if n > 100_000 && n%10_000 == 0 {
			if per := float64(m.Bytes()) / float64(m.Count()); per > 25.5 {
				t.Fatalf("%.1f bytes an identity at %d identities", per, n)
			}
		}
	}
}

func BenchmarkMemory(b *testing.B) {
	const many = 4_000_000
	var m analytics.Memory
	for n := range uint64(many) {
		m.Put(n*0x9E3779B97F4A7C15, int64(n), 20_000)
	}
	b.ReportMetric(float64(m.Bytes())/many, "B/identity")
	b.ResetTimer()
	for n := range b.N {
		m.Find(uint64(n))
	}
}
