package audiences_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

var schema = fil.Schema{
	{Name: "grade", Kind: fil.KindText, Label: fil.Bilingual{FR: "Grade", EN: "Grade"}},
	{Name: "category", Kind: fil.KindText},
	{Name: "telework_days", Kind: fil.KindNumber},
	{Name: "hired", Kind: fil.KindDate},
	{Name: "manager", Kind: fil.KindBoolean},
	{Name: "skills", Kind: fil.KindList},
	{Name: "contract_end", Kind: fil.KindDate},
	{Name: "supervisor", Kind: fil.KindAgent},
	{Name: "branch", Kind: fil.KindText, Values: []string{"FPE", "FPT", "FPH"}},
	{Name: "phone", Kind: fil.KindText, Sensitive: true},
}

// partitions is how many shards the tests' agents are in.
const partitions = 3

func partitionOf(id string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return int(h.Sum32() % partitions)
}

// record is one record of no log, which always applies; nil data makes a tombstone.
func record(tb testing.TB, key string, data any) fil.Record {
	tb.Helper()
	rec := fil.Record{Position: fil.Position{Partition: partitionOf(key)}, Key: key, Event: fil.Event{ID: "1", Source: "test", Type: fil.TypeAgent}}
	if data == nil {
		return rec
	}
	raw, err := json.Marshal(data)
	if err != nil {
		tb.Fatal(err)
	}
	rec.Event.Data = raw
	return rec
}

func putAgents(tb testing.TB, ix *audiences.Index, agents ...fil.Agent) {
	tb.Helper()
	for _, a := range agents {
		if err := ix.ApplyAgents([]fil.Record{record(tb, a.ID, a)}); err != nil {
			tb.Fatal(err)
		}
	}
}

func putAudiences(tb testing.TB, ix *audiences.Index, definitions ...fil.Audience) {
	tb.Helper()
	for _, a := range definitions {
		if err := ix.ApplyAudiences([]fil.Record{record(tb, a.ID, a)}); err != nil {
			tb.Fatal(err)
		}
	}
}

// townHall is a directory of n agents with skewed sizes: every seventh in roads, every third a manager, and so on.
func townHall(n int) []fil.Agent {
	units := []string{"mairie/dgst/voirie", "mairie/dgst/espaces-verts", "mairie/dgs/rh", "mairie/dgs/rh/paie", "mairie", "ccas/accueil", "ccas"}
	grades := []string{"attaché", "rédacteur", "adjoint", "ingénieur", "technicien"}
	agents := make([]fil.Agent, n)
	for i := range agents {
		attributes := map[string]any{"grade": grades[i*i%len(grades)], "category": string(rune('A' + i%3)), "manager": i%11 == 0, "telework_days": float64(i % 4)}
		if i%5 != 0 {
			attributes["hired"] = fmt.Sprintf("%d-%02d-%02d", 1985+i%40, 1+i%12, 1+i%28)
		}
		if i%3 == 0 {
			attributes["skills"] = []string{"excel", []string{"sig", "droit", "anglais"}[i%9/3]}
		}
		agents[i] = fil.Agent{ID: fmt.Sprintf("a%06d", i), Org: units[i%len(units)], Site: fmt.Sprintf("site-%d", i%80), Language: []string{"", "fr", "en"}[i%3], Attributes: attributes}
	}
	return agents
}
