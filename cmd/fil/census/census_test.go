package census_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"flag"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/cmd/fil/census"
)

var update = flag.Bool("update", false, "write the digests that the tests then hold to")

func directory(t testing.TB, size int, seed uint64) *census.Directory {
	t.Helper()
	d, err := census.New(size, seed)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The same size and seed give the same bytes; another seed gives others.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	digests := map[string]string{}
	digest := func(name string, write func(b *bytes.Buffer) error) {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b.Bytes())
		digests[name] = hex.EncodeToString(sum[:8])
	}
	quiet := func(int) {}
	for _, format := range []census.Format{census.NDJSON, census.CSV} {
		digest("agents "+string(format), func(b *bytes.Buffer) error { return directory(t, 3000, 1).Write(t.Context(), b, format, quiet) })
		digest("acts "+string(format), func(b *bytes.Buffer) error {
			return directory(t, 3000, 1).Reading(3000).Write(t.Context(), b, format, quiet)
		})
	}
	digest("contents", func(b *bytes.Buffer) error { return directory(t, 3000, 1).Reading(3000).WriteContents(b) })
	digest("schema", func(b *bytes.Buffer) error { return census.WriteSchema(b) })
	digest("another seed", func(b *bytes.Buffer) error {
		return directory(t, 3000, 2).Write(t.Context(), b, census.NDJSON, quiet)
	})
	const path = "testdata/digests.json"
	if *update {
		raw, err := json.MarshalIndent(digests, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(raw, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]string
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, digests); diff != "" {
		t.Errorf("other bytes than before (-update, if that is meant):\n%s", diff)
	}
	if digests["another seed"] == digests["agents ndjson"] {
		t.Error("two seeds give the same directory")
	}
}

// Agents asked in any order are those that a walk gives.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	d := directory(t, 20_000, 3)
	var walked, asked census.Agent
	for rank := range d.Len() {
		d.Read(rank, &walked)
		if rank%7 != 0 {
			continue
		}
		d.Read(d.Len()-1-rank, &asked) // which leaves it elsewhere
		d.Read(rank, &asked)
		if a, b := string(walked.AppendJSON(nil)), string(asked.AppendJSON(nil)); a != b {
			t.Fatalf("rank %d: %s, and asked by itself: %s", rank, a, b)
		}
		if d.ID(rank) != walked.ID {
			t.Fatalf("rank %d: %s and %s", rank, d.ID(rank), walked.ID)
		}
	}
}

// Every size from the smallest has that many agents, with identifiers of their own.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{census.MinSize, 11, 137, 1000, 40_000} {
		d := directory(t, size, 1)
		ids := map[string]bool{}
		for rank := range size {
			ids[d.ID(rank)] = true
		}
		if d.Len() != size || len(ids) != size {
			t.Errorf("%d agents were asked for: %d, of %d identifiers", size, d.Len(), len(ids))
		}
	}
	for _, size := range []int{-1, 0, census.MinSize - 1, census.MaxSize + 1} {
		if _, err := census.New(size, 1); err == nil {
			t.Errorf("%d agents are made without an error", size)
		}
	}
}

// What is drawn has the weights that the package comment states, and the ties between attributes that it means to have.
func TestWeights(t *testing.T) {
	t.Parallel()
	const size = 200_000
	d := directory(t, size, 1)
	counts := map[string]float64{}
	corpsOf, branchOf, regionOf := map[string]string{}, map[string]string{}, map[string]string{}
	var a census.Agent
	for rank := range size {
		d.Read(rank, &a)
		for _, key := range []string{a.Branch, "category " + a.Category, "status " + a.Status, "région " + a.Region} {
			counts[key] += 1.0 / size
		}
		for key, is := range map[string]bool{"manager": a.Manager, "opted out": a.OptedOut, "telework": a.TeleworkDays > 0, "part time": a.WorkingTime < 100,
			"skills": a.Skills != nil, "manager of category A": a.Manager && a.Category == "A", "top": a.Supervisor == ""} {
			if is {
				counts[key] += 1.0 / size
			}
		}
		for value, of := range map[string]struct {
			where map[string]string
			is    string
		}{a.Corps: {corpsOf, a.Category}, "branch " + a.Corps: {branchOf, a.Branch}, a.Departement: {regionOf, a.Region}} {
			if of.where[value] == "" {
				of.where[value] = of.is
			} else if of.where[value] != of.is {
				t.Fatalf("%s goes with %s and with %s", value, of.where[value], of.is)
			}
		}
		if strings.Split(a.Org, "/")[0] != map[string]string{"E": "etat", "T": "territorial", "H": "hospitalier"}[a.ID[:1]] {
			t.Fatalf("%s of %s is in %s", a.ID, a.Branch, a.Org)
		}
		if limited := a.Status == "contractuel" || a.Status == "apprenti"; a.ContractEnd != "" && (!limited || a.ContractEnd <= census.AsOf) || a.Hired > census.AsOf || limited == (a.Grade != "") {
			t.Fatalf("%s: hired %s, contract until %q, grade %q, status %s", a.ID, a.Hired, a.ContractEnd, a.Grade, a.Status)
		}
	}
	for key, want := range map[string][2]float64{
		"fonction publique de l'État": {0.434, 0.444}, "fonction publique territoriale": {0.346, 0.356}, "fonction publique hospitalière": {0.205, 0.216},
		"category A": {0.35, 0.6}, "category B": {0.15, 0.35}, "category C": {0.2, 0.45}, "status titulaire": {0.55, 0.75}, "status contractuel": {0.2, 0.3},
		"status militaire": {0.04, 0.08}, "manager": {0.08, 0.15}, "manager of category A": {0.04, 0.12}, "opted out": {0.035, 0.045}, "telework": {0.1, 0.3},
		"part time": {0.15, 0.25}, "skills": {0.6, 0.9}, "région Île-de-France": {0.14, 0.24}, "région Corse": {0.001, 0.01}, "top": {0.001, 0.03},
	} {
		if got := counts[key]; got < want[0] || got > want[1] {
			t.Errorf("%s: %.4f, outside %v", key, got, want)
		}
	}
	if len(corpsOf) < 350 || len(regionOf) != 101 || len(slices.Compact(slices.Sorted(maps.Values(regionOf)))) != 18 {
		t.Errorf("%d corps, %d départements, %d régions", len(corpsOf), len(regionOf), len(slices.Compact(slices.Sorted(maps.Values(regionOf)))))
	}
}

// At full size employers are as many and as unequal as the package comment says.
func TestFullSize(t *testing.T) {
	t.Parallel()
	d := directory(t, census.FullSize, 1)
	if n := d.Employers(); n < 42_000 || n > 50_000 {
		t.Errorf("%d employers", n)
	}
	if n := d.Units(); n < 200_000 || n > 500_000 {
		t.Errorf("%d units", n)
	}
	communes := map[string]int{}
	var a census.Agent
	for rank := range d.Len() {
		if d.ID(rank)[0] != 'T' {
			if len(communes) > 0 {
				break
			}
			continue
		}
		d.Read(rank, &a)
		if strings.HasPrefix(a.Employer, "Commune ") {
			communes[a.Employer]++
		}
	}
	sizes := slices.Sorted(maps.Values(communes))
	if median, most := sizes[len(sizes)/2], sizes[len(sizes)-1]; len(sizes) < 34_000 || median > 10 || most < 10_000 || most > 60_000 {
		t.Errorf("%d communes, half of under %d agents, the largest of %d", len(sizes), median, most)
	}
}

// Supervisors are agents who manage, and nobody is above themselves.
func TestSupervisors(t *testing.T) {
	t.Parallel()
	d := directory(t, 50_000, 5)
	above, manages, org := map[string]string{}, map[string]bool{}, map[string]string{}
	var a census.Agent
	for rank := range d.Len() {
		d.Read(rank, &a)
		above[a.ID], manages[a.ID], org[a.ID] = a.Supervisor, a.Manager, a.Org
	}
	inside := 0
	for id, boss := range above {
		if boss == "" {
			continue
		}
		if _, known := above[boss]; !known {
			t.Fatalf("%s reports to %s, who does not exist", id, boss)
		}
		if !manages[boss] {
			t.Fatalf("%s reports to %s, who does not manage", id, boss)
		}
		if org[id] == org[boss] {
			inside++
		}
		for steps := 0; boss != ""; steps++ {
			if steps > 6 {
				t.Fatalf("%s has more than six levels above", id)
			}
			boss = above[boss]
		}
	}
	if share := float64(inside) / float64(len(above)); share < 0.8 {
		t.Errorf("%.2f report to someone of their unit", share)
	}
}

// Every agent is taken by an index with the schema, as the door would, and comes out as they went in; so does the CSV.
func TestValid(t *testing.T) {
	t.Parallel()
	if err := census.Schema().Validate(); err != nil || len(census.Schema()) != 20 {
		t.Fatalf("%d attributes: %v", len(census.Schema()), err)
	}
	d := directory(t, 5000, 1)
	records := slices.Collect(d.Records(0, d.Len()))
	index := audiences.NewIndex(census.Schema(), audiences.Config{})
	if err := index.ApplyAgents(records); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.Write(t.Context(), &b, census.CSV, func(int) {}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, rec := range records {
		var agent fil.Agent
		if err := json.Unmarshal(rec.Event.Data, &agent); err != nil {
			t.Fatal(err)
		}
		known, _ := index.Agent(rec.Key)
		if agent.ID != rec.Key || known.Org != agent.Org || known.Site != agent.Site || len(known.Attributes) != len(agent.Attributes) {
			t.Fatalf("%+v came out as %+v", agent, known)
		}
		row, had := rows[i+1], 0
		for at, name := range rows[0] {
			if value, ok := agent.Attributes[name]; ok {
				had++
				if text, is := value.(string); is && text != row[at] {
					t.Fatalf("%s: %s is %q in JSON and %q in CSV", agent.ID, name, text, row[at])
				}
				if items, is := value.([]any); is && strings.Count(row[at], "|") != len(items)-1 {
					t.Fatalf("%s: %s is %v in JSON and %q in CSV", agent.ID, name, items, row[at])
				}
			}
		}
		if row[0] != agent.ID || row[1] != agent.Org || had != len(agent.Attributes) {
			t.Fatalf("row %d is %v, of %+v", i+1, row, agent)
		}
	}
}

// Acts are those of agents on contents that exist, in the order of time, in the ninety days; mornings of working days
// have most of them, and the keenest readers too.
func TestReading(t *testing.T) {
	t.Parallel()
	const acts = 50_000
	d := directory(t, 5000, 1)
	r := d.Reading(acts)
	known, contents := map[string]bool{}, map[string]bool{}
	for rank := range d.Len() {
		known[d.ID(rank)] = true
	}
	for c := range r.Contents() {
		contents[c.ID] = true
		if len(c.Topics) == 0 || c.Source == "" || c.PublishedAt.IsZero() {
			t.Errorf("content %+v", c)
		}
	}
	end, _ := time.Parse(time.DateOnly, census.AsOf)
	var last time.Time
	n, weekend, morning, by, of := 0, 0.0, 0.0, map[string]int{}, map[string]int{}
	for rec := range r.Records(0, acts) {
		e, err := fil.EngagementOf(rec)
		if err != nil {
			t.Fatal(err)
		}
		if !known[e.Agent] || !contents[e.Content] || rec.Key != e.Agent {
			t.Fatalf("%+v is of nobody or on nothing", e)
		}
		if e.Time.Before(last) || e.Time.Before(end.AddDate(0, 0, -90)) || !e.Time.Before(end) {
			t.Fatalf("%+v comes after %v", e, last)
		}
		last = e.Time
		n++
		by[e.Agent]++
		of[e.Content]++
		if day := e.Time.Weekday(); day == time.Saturday || day == time.Sunday {
			weekend++
		}
		if hour := e.Time.Hour(); hour >= 6 && hour < 11 {
			morning++
		}
	}
	most := func(counts map[string]int, share float64) float64 {
		sorted := slices.Sorted(maps.Values(counts))
		sum := 0
		for _, c := range sorted[len(sorted)-int(math.Ceil(float64(len(sorted))*share)):] {
			sum += c
		}
		return float64(sum) / acts
	}
	if n != acts || weekend/acts > 0.06 || morning/acts < 0.4 || most(by, 0.1) < 0.25 || most(of, 0.1) < 0.25 {
		t.Errorf("%d acts, %.2f at weekends, %.2f of mornings, %.2f of the keenest tenth, %.2f on the most read tenth", n, weekend/acts, morning/acts, most(by, 0.1), most(of, 0.1))
	}
}

// What is interrupted or cannot be written says so.
func TestWriteStops(t *testing.T) {
	t.Parallel()
	d := directory(t, 20_000, 1)
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	err := d.Write(ctx, new(bytes.Buffer), census.NDJSON, func(n int) { told += n; cancel() })
	if err == nil || told == 0 || told >= d.Len() {
		t.Errorf("interrupted after %d agents: %v", told, err)
	}
	if err := d.Write(t.Context(), full{}, census.NDJSON, func(int) {}); err == nil {
		t.Error("a full disk is no error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func BenchmarkRead(b *testing.B) {
	d := directory(b, census.FullSize, 1)
	var a census.Agent
	var line []byte
	rank := 0
	for b.Loop() {
		d.Read(rank, &a)
		line = a.AppendJSON(line[:0])
		rank = (rank + 1) % d.Len()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "agents/s")
}
