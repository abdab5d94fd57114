package ingest_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest"
)

// The export is every agent as the record's own address gives it, once, and says how many they are.
func TestExport(t *testing.T) {
	t.Parallel()
	h := setup(t)
	var body strings.Builder
	const n = 12_000 // more than two pages of the directory
	for i := range n {
		fmt.Fprintf(&body, `{"id":"a%d","org":"%s","attributes":{"grade":"<A&B>","skills":["sql","go"]}}`+"\n", i, []string{"ville", "ville/voirie", "ville-neuve"}[i%3])
	}
	if _, last := batchLines(t, h.want(200, "ingest", "POST", "/v1/agents:batch", body.String())); last.Admitted != n {
		t.Fatalf("admitted %+v", last)
	}
	for _, c := range []struct {
		query string
		want  int
	}{{"", n}, {"?org=ville", 2 * n / 3}, {"?org=/ville/voirie/", n / 3}, {"?org=vill", 0}} {
		r := h.want(200, "ingest", "GET", "/v1/agents:export"+c.query, "")
		lines := strings.Split(string(r.body), "\n")
		if last := lines[len(lines)-1]; len(lines) != c.want+1 || last != fmt.Sprintf(`{"exported":%d}`, c.want) {
			t.Fatalf("%q: %d lines, the last %s; want %d agents", c.query, len(lines), last, c.want)
		}
		seen := map[string]bool{}
		for _, line := range lines[:len(lines)-1] {
			var a fil.Agent
			if err := json.Unmarshal([]byte(line), &a); err != nil || seen[a.ID] {
				t.Fatalf("%q: line %s: %v, again: %v", c.query, line, err, seen[a.ID])
			}
			seen[a.ID] = true
		}
		if c.want > 0 {
			known, _ := h.book.Agent(firstID(t, lines[0]))
			if want, err := json.Marshal(known); err != nil || string(want) != lines[0] {
				t.Errorf("exported %s, the record is %s, %v", lines[0], want, err)
			}
		}
	}
	for _, role := range []string{"communicator", "leader", "service", "agent:a1"} {
		h.want(http.StatusForbidden, role, "GET", "/v1/agents:export", "")
		h.want(http.StatusForbidden, role, "POST", "/v1/agents:remove", `{"id":"a1"}`)
	}
}

func firstID(t testing.TB, line string) string {
	t.Helper()
	var a fil.Agent
	if err := json.Unmarshal([]byte(line), &a); err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// rolled is a directory that is read in a way of its own.
type rolled []fil.Agent

func (r rolled) All() iter.Seq[fil.Agent] { return slices.Values(r) }

// The roll, where there is one, is what is exported, and a client that goes away ends it.
func TestExportOfRoll(t *testing.T) {
	t.Parallel()
	h := setup(t, func(_ *ingest.Config, p *ingest.Parts) { p.Roll = rolled{{ID: "z"}, {ID: "a"}} })
	if r := h.want(200, "ingest", "GET", "/v1/agents:export", ""); string(r.body) != `{"id":"z"}`+"\n"+`{"id":"a"}`+"\n"+`{"exported":2}` {
		t.Errorf("exported %s", r.body)
	}
	gone := make(chan int, 1)
	endless := setup(t, func(_ *ingest.Config, p *ingest.Parts) { p.Roll = endlessRoll(gone) })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endless.url+"/v1/agents:export", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer ingest")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if n := <-gone; n == 0 {
		t.Error("nothing was visited")
	}
}

type endlessRoll chan int

func (e endlessRoll) All() iter.Seq[fil.Agent] {
	return func(yield func(fil.Agent) bool) {
		n := 0
		for yield(fil.Agent{ID: fmt.Sprint("a", n)}) {
			n++
		}
		e <- n
	}
}

// Many removals are as many deletions: each line is answered for, those that are not there change nothing, and one that
// comes right after the write of its agent is not lost.
func TestRemoveMany(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.want(200, "ingest", "POST", "/v1/agents:batch", `{"id":"a1"}`+"\n"+`{"id":"a2"}`+"\n"+`{"id":"a3"}`)
	r := h.want(200, "ingest", "POST", "/v1/agents:remove", `{"id":"a1"}`+"\n"+`{"id":"none"}`+"\n"+`{"agent":"a2"}`+"\n"+`{}`+"\n"+`{"id":"a1"}`+"\n"+`{"id":"a3"}`)
	bad, last := batchLines(t, r)
	if len(bad) != 2 || bad[0].Line != 3 || bad[1].Line != 4 || bad[1].Error.Field != "id" || last.Admitted != 2 || last.Duplicates != 2 || last.Refused != 2 {
		t.Errorf("answer %v", r)
	}
	for id, status := range map[string]int{"a1": 404, "a2": 200, "a3": 404} {
		h.want(status, "ingest", "GET", "/v1/agents/"+id, "")
	}
	lag := make(chan struct{})
	h.book.freeze(lag)
	h.want(201, "ingest", "PUT", "/v1/agents/late", `{"org":"ville"}`)
	if _, last := batchLines(t, h.want(200, "ingest", "POST", "/v1/agents:remove", `{"id":"late"}`)); last.Admitted != 1 {
		t.Errorf("the removal of an agent that the directory does not show yet: %+v", last)
	}
	close(lag)
	eventually(t, "the late agent to be gone", func() bool { return h.ask("ingest", "GET", "/v1/agents/late", "").status == 404 })
}
