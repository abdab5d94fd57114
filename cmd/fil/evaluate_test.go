package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type judged struct {
	Protocol, Part                                string
	Acts, Repeated, Refused, Agents, Cold, Judged int
	Orders                                        []struct {
		Order  string
		NDCG   *float64 `json:"ndcg@10"`
		StdErr *float64 `json:"stderr"`
		Hit    *float64 `json:"hit@10"`
		Groups []struct {
			Group  string
			Events int
		}
	}
}

// readings are a log in which two thirds read each content while it is the latest, in the columns of another system.
func readings(agents, contents int) (rows []string) {
	for content := range contents {
		for agent := range agents {
			if (content+agent)%3 == 0 {
				continue
			}
			minute := content*600 + agent
			rows = append(rows, fmt.Sprintf("%d;VIEW;%d;%d;%s", 1770000000+60*minute, content, -agent, group(agent)))
		}
	}
	return rows
}

// group puts all but one in two groups, and that one alone.
func group(agent int) string {
	if agent == 20 {
		return "Seul"
	}
	return []string{"Nord", "Sud"}[agent%2]
}

// A log in somebody else's columns is judged without a server, whatever the order of its rows and how it is packed.
func TestEvaluate(t *testing.T) {
	dir := t.TempDir()
	rows := readings(21, 30)
	slices.Reverse(rows)
	rows = append(rows, rows[0], "hier;VIEW;1;1;Nord", "1770000000;SHRUG;1;1;Nord")
	file := filepath.Join(dir, "journal.csv.gz")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	packed := gzip.NewWriter(out)
	_, _ = fmt.Fprintln(packed, "quand;quoi;article;agent;lieu\n"+strings.Join(rows, "\n"))
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	out.Close()

	flags := []string{"evaluate", "--map", "agent=agent,content=article,kind=quoi", "--map", "time=quand,group=lieu", "--value", "kind:VIEW=read", file}
	said, status := run(t, append(flags, "--json", "--orders", "newest,random")...)
	if status != exitDone {
		t.Fatalf("status %d: %s", status, said)
	}
	var j judged
	if err := json.Unmarshal([]byte(said), &j); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if j.Acts != 420 || j.Repeated != 1 || j.Refused != 2 || j.Agents != 21 || j.Judged != 117 || j.Cold != 0 || j.Protocol != "first-reads" {
		t.Errorf("%+v", j)
	}
	if len(j.Orders) != 2 || j.Orders[0].Order != "newest" || *j.Orders[0].NDCG != 1 || *j.Orders[0].Hit != 1 || *j.Orders[0].StdErr != 0 || *j.Orders[1].NDCG > 0.999 {
		t.Errorf("%s", said)
	}
	if g := j.Orders[0].Groups; len(g) != 2 || g[0].Events+g[1].Events >= j.Judged { // the group of one is not told
		t.Errorf("groups: %+v", g)
	}

	said, status = run(t, flags...)
	if status != exitDone || !strings.Contains(said, "117 jugées sur 117") || !strings.Contains(said, "decay-1h×age×likeness") || !strings.Contains(said, "Nord") {
		t.Errorf("status %d: %s", status, said)
	}
	if said, status = run(t, append(flags, "--json", "--events", "20", "--part", "validation")...); status != exitDone || !strings.Contains(said, `"judged":20,`) {
		t.Errorf("status %d: %s", status, said)
	}
}

// A log of what was shown is judged by its showings, with estimates of what each order would have earned.
func TestEvaluate_Showings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "behaviors.tsv")
	var lines []string
	for i := range 60 {
		lines = append(lines, fmt.Sprintf("%d\tU%d\t11/15/2019 %d:%02d:00 AM\tH1 H2 H3\tN%d-0 N%d-1", i, i%5, 1+i/60, i%60, i, i+1))
	}
	lines = append(lines, "broken")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	said, status := run(t, "evaluate", "--format", "mind", "--json", "--orders", "newest", file)
	if status != exitDone || !strings.Contains(said, `"protocol":"impressions"`) || !strings.Contains(said, `"ndcg@10":1,`) ||
		!strings.Contains(said, `"ips":2,`) || !strings.Contains(said, `"snips":1,`) || !strings.Contains(said, `"refused":1`) {
		t.Errorf("status %d: %s", status, said)
	}
	news := filepath.Join(t.TempDir(), "news.tsv")
	if err := os.WriteFile(news, []byte("N1\tsports\tfootball\tTitle\nbroken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, status = run(t, "evaluate", "--format", "mind", "--news", news, "--ablation", file); status != exitDone || !strings.Contains(said, "fil−topic") {
		t.Errorf("status %d: %s", status, said)
	}
	if said, status = run(t, "evaluate", "--format", "mind", file); status != exitDone || !strings.Contains(said, "SNIPS") || !strings.Contains(said, "1/place") {
		t.Errorf("status %d: %s", status, said)
	}
}

func TestEvaluate_SaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, rows ...string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Join(rows, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	once := []string{"time,agent,content"}
	for i := range 30 {
		once = append(once, fmt.Sprintf("%d,a%d,c%d", 1770000000+i, i, i%3))
	}
	small := write("small.csv", once...)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"one act an agent":     {[]string{small}, "rien à juger"},
		"column that is not":   {[]string{small, "--map", "agent=agnt,content=content,time=time"}, "vouliez-vous dire \"agent\""},
		"no time":              {[]string{small, "--map", "agent=agent,content=content"}, "--map time=COLONNE"},
		"field that is not":    {[]string{small, "--map", "agnt=agent"}, "vouliez-vous dire \"agent\""},
		"order that is not":    {[]string{small, "--orders", "newst"}, "vouliez-vous dire newest"},
		"order given twice":    {[]string{small, "--orders", "newest,newest"}, "deux fois"},
		"kinds not translated": {[]string{write("kinds.csv", "time,agent,content,kind", "1,a,b,VIEW", "2,a,b,VIEW")}, "--value \"kind:VIEW=read\""},
		"times that are none":  {[]string{write("times.csv", "time,agent,content", "hier,a,b")}, "times.csv:2 : time n'est ni une date"},
		"cells missing":        {[]string{write("cells.csv", "time,agent,content", "1,a,b", "1,,b", "2,a,")}, "cells.csv:3 : agent est vide"},
		"empty":                {[]string{write("empty.csv", "")}, "est vide"},
		"no row":               {[]string{write("head.csv", "time,agent,content")}, "rien à juger"},
		"mapping of a format":  {[]string{small, "--format", "mind", "--map", "agent=agent"}, "ôtez --map"},
		"shuffled rows":        {[]string{small, "--shuffled"}, "--format mind"},
		"no showings":          {[]string{small, "--format", "mind"}, "small.csv:1 : a 1 cellule(s)"},
		"negative":             {[]string{small, "--events=-1"}, "--events"},
	} {
		if out, status := run(t, append([]string{"evaluate", "--json"}, c.args...)...); status != exitUsage || !strings.Contains(out, c.says) {
			t.Errorf("%s: status %d, want it to say %q:\n%s", name, status, c.says, out)
		}
	}
}

// What a house lives is the same each time, and wrong flags are told.
func TestPolicySimulate(t *testing.T) {
	said, status := run(t, "policy", "simulate", "--houses", "2", "--days", "2", "--shares", "0,0.3")
	if status != exitDone || !strings.Contains(said, "2 maisons inventées") || !strings.Contains(said, "\n0.30 ") {
		t.Errorf("status %d: %s", status, said)
	}
	if said, status = run(t, "policy", "simulate", "--shares", "0.9"); status == exitDone || !strings.Contains(said, "--shares : 0.9") {
		t.Errorf("status %d: %s", status, said)
	}
}
