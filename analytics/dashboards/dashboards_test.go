package dashboards_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics/dashboards"
)

// busy is a town of 600 where content "a" was shown to all over five days, every second agent read it today or in the four
// days before, and "b" was acknowledged by a third of them.
func busy() *town {
	of := crowd(600)
	of.publish("a", "b")
	for i, p := range of.people {
		of.acts = append(of.acts, act{fil.Impression, p.id, "a", 1 + i%5, 9})
		if i%8 < 4 {
			of.acts = append(of.acts, act{fil.Read, p.id, "a", i % 5, 9}, act{fil.Read, p.id, "a", i % 5, 10})
		}
		if i%3 == 0 {
			of.acts = append(of.acts, act{fil.Acknowledge, p.id, "b", 2, 9})
		}
	}
	return of
}

type told struct {
	Since            string `json:"detailed_from"`
	Withheld         string
	Contents         int
	Totals, Previous map[string]any
	Rows             []map[string]any
	Groups           []struct {
		Value       string
		Rate        struct{ Value, Low, High float64 }
		Pooled      float64
		Ratio, Gini float64
	}
	Weeks, Senders, Slots, Steps []map[string]any
}

func (w *world) told(path string) (a told) {
	w.t.Helper()
	status, body, _ := w.ask(path)
	if status != 200 {
		w.t.Fatalf("%s: %d %s", path, status, body)
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		w.t.Fatal(err)
	}
	return a
}

// near says whether a figure is what it should be, within what rounding 600 agents' blocks may do.
func near(got any, want float64) bool {
	n, ok := got.(float64)
	return ok && math.Abs(n-want) <= 4*1.15*math.Sqrt(30)
}

func TestDashboards_CountAgents(t *testing.T) {
	w := build(t, busy())
	for path, want := range map[string]map[string]float64{
		"overview":                                        {"targeted": 600, "shown": 600, "readers": 300, "acknowledged": 200, "acted": 200, "opened": 0, "read_days": 300},
		"contents/a":                                      {"shown": 600, "readers": 300, "acknowledged": 0},
		"contents/a?to=" + dayAgo(1):                      {"shown": 600, "readers": 240},
		"contents/a?where=org:mairie":                     {"shown": 600, "readers": 240}, // without today, since it is filtered
		"contents/a?where=site:nord":                      {"shown": 300, "readers": 160},
		"overview?where=grade:A,B":                        {"shown": 400},
		"contents/b?where=grade:A":                        {"acknowledged": 100, "shown": 0},
		"overview?from=" + dayAgo(3) + "&to=" + dayAgo(3): {"shown": 120},
	} {
		for name, n := range want {
			if a := w.told(path); !near(a.Totals[name], n) {
				t.Errorf("%s: %s is %v, want about %v", path, name, a.Totals[name], n)
			}
		}
	}
	a := w.told("overview?by=org&compare=true")
	if len(a.Rows) != 4 || a.Previous["shown"] != nil || a.Contents != 2 {
		t.Errorf("rows %v, previous %v", a.Rows, a.Previous)
	}
	for _, row := range a.Rows {
		if !near(row["shown"], 150) || row["targeted"] != 150. || row["reach"].(map[string]any)["value"].(float64) < .8 {
			t.Errorf("row %v", row)
		}
	}
}

func TestDashboards_OtherViews(t *testing.T) {
	w := build(t, busy())
	if a := w.told("services?by=site"); len(a.Groups) != 2 || a.Groups[0].Rate.Low >= a.Groups[0].Rate.Value || a.Groups[1].Rate.High <= a.Groups[1].Rate.Value {
		t.Errorf("services %+v", a.Groups)
	}
	if a := w.told("equity"); len(a.Groups) != 4 || a.Groups[3].Ratio != 1 || a.Groups[0].Rate.Value < .8 {
		t.Errorf("equity %+v", a.Groups)
	}
	if a := w.told("funnel?content=a"); len(a.Steps) != 5 || a.Steps[0]["agents"] != 600. || !near(a.Steps[3]["agents"], 300) || a.Steps[3]["of_targeted"] == nil {
		t.Errorf("funnel %+v", a.Steps)
	}
	filtered := w.told("pressure?where=site:nord")
	some := 0.
	for _, week := range filtered.Weeks {
		some += week["agents"].(float64)
	}
	if !near(some, 300) || len(filtered.Senders) != 1 {
		t.Errorf("pressure on half of them %+v %+v", filtered.Weeks, filtered.Senders)
	}
	a := w.told("pressure")
	shown := 0.
	for _, week := range a.Weeks {
		shown += week["agents"].(float64)
	}
	if !near(shown, 600) || len(a.Senders) != 1 || a.Senders[0]["source"] != "com a" || a.Senders[0]["contents"] != 1. {
		t.Errorf("pressure %+v %+v", a.Weeks, a.Senders)
	}
	readers := 0.
	for _, slot := range w.told("hours").Slots {
		if n, ok := slot["readers"].(float64); ok && n > 0 {
			readers += n
			if hour := slot["hour"].(float64); hour != 9 && hour != 10 {
				t.Errorf("read at %v", slot)
			}
		}
	}
	if readers < 400 || readers > 700 { // each agent in two hours, of a month or two, small hours withheld
		t.Errorf("%v agents × hours of reading, want about 600", readers)
	}
}

// The agents of a place are too few in each service for blocks of their own, and share blocks that no service has: they are aimed
// at by service and counted in none, so what is told of each service is the least that it can be.
func TestDashboards_SharesAreLeastWhereSomeAreNotToldApart(t *testing.T) {
	of := busy()
	for i := range of.people {
		of.people[i].site = "nord"
		if i < 28 {
			of.people[i].site = "refuge"
		}
	}
	w := build(t, of)
	rows := w.told("overview?by=org").Rows
	mixed := slices.IndexFunc(rows, func(row map[string]any) bool { return row["value"] == "*" })
	if mixed < 0 || rows[mixed]["shown"].(float64) < 10 {
		t.Fatalf("all are told apart: %v", rows)
	}
	for _, row := range slices.Delete(rows, mixed, mixed+1) {
		if reach := row["reach"].(map[string]any); reach["value"].(float64) > .98 || reach["high"].(float64) < .999 {
			t.Errorf("%v is reached at %v, and may be wholly", row["value"], reach)
		}
	}
	for _, group := range w.told("equity").Groups {
		if group.Rate.High < .999 {
			t.Errorf("equity says otherwise: %+v", group)
		}
	}
}

// A file for a reader says in their words what the one for programs says, which no language of a request changes; spreadsheets
// open both forms rightly.
func TestDashboards_CSVForReaders(t *testing.T) {
	w := build(t, busy())
	read := func(path, comma string, headers ...string) [][]string {
		t.Helper()
		status, body, _ := w.ask(path, append(headers, "Accept: text/csv")...)
		body, marked := strings.CutPrefix(body, "\ufeff")
		in := csv.NewReader(strings.NewReader(body))
		in.Comma = rune(comma[0])
		rows, err := in.ReadAll()
		if err != nil || status != 200 || marked != strings.Contains(path, "lang=") {
			t.Fatalf("%s: %d %v, marked %t: %s", path, status, err, marked, body)
		}
		return rows
	}
	plain := read("overview?by=org", ",", "Accept-Language: fr-FR")
	if fmt.Sprint(plain) != fmt.Sprint(read("overview?by=org", ",")) || plain[0][0] != "scope" {
		t.Errorf("a program is told %v", plain)
	}
	fr, en := read("overview?by=org&lang=fr", ";"), read("overview?by=org&lang=en-GB", ",")
	if got := fmt.Sprint(fr[0][:4], en[0][:4], fr[1][:1], en[1][:1]); got != "[Organisation Agents visés Agents atteints Ont ouvert] [Organisation Agents aimed at Agents reached Opened] [Ensemble] [All]" {
		t.Errorf("titles are %s", got)
	}
	at := func(rows [][]string, title string) int { return slices.Index(rows[0], title) }
	for i, row := range plain[1:] {
		share, _ := strconv.ParseFloat(row[at(plain, "reach")], 64)
		of, _ := strconv.ParseFloat(strings.Replace(fr[i+1][at(fr, "Portée (%)")], ",", ".", 1), 64)
		if math.Abs(share*100-of) > 1e-9 || row[at(plain, "shown")] != fr[i+1][at(fr, "Agents atteints")] && fr[i+1][at(fr, "Agents atteints")] != "retenu" {
			t.Errorf("a reader is told %v of %v", fr[i+1], row)
		}
	}
	for path, want := range map[string]string{
		"overview?every=week&lang=fr": "Semaine du", "overview?lang=fr": "Ligne", "funnel?lang=fr": "Étape", "pressure?lang=fr": "Semaine ou service",
		"services?by=grade&lang=fr": "grade", "hours?lang=fr": "Jour",
	} {
		rows := read(path, ";")
		for _, row := range rows {
			for _, raw := range []string{"total", "targeted", "week", "source"} {
				if slices.Contains(row, raw) {
					t.Errorf("%s says %q: %v", path, raw, row)
				}
			}
		}
		if rows[0][0] != want || len(rows) < 2 {
			t.Errorf("%s: %v", path, rows)
		}
	}
	if status, body, _ := w.ask("overview?lang=français"); status != 422 {
		t.Errorf("a language that is none: %d %s", status, body)
	}
}

// Names are those of the screens: places without what all have in common, periods in full, and those that are not whole said to be so.
func TestNames_AreThoseOfTheScreens(t *testing.T) {
	of := fil.Schema{{Name: "manager", Kind: fil.KindBoolean, Label: fil.Bilingual{FR: "Encadrant", EN: "Supervisor"}}}
	n := dashboards.Naming(of, time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC))
	for _, c := range []struct{ axis, values, want string }{
		{"org", "ville/dga-ressources ville/direction_des-rh ville", "DGA ressources|Direction des RH|Ville"},
		{"org", "ville/rh pays/école-et-savoir", "Ville › RH|Pays › École et savoir"},
		{"manager", "true false *", "Oui|Non|Groupes trop petits pour être distingués"}, {"site", "nantes-sud", "nantes-sud"},
	} {
		values := strings.Fields(c.values)
		var told []string
		for _, value := range values {
			told = append(told, n.ValuesOn(c.axis, values)(value).FR)
		}
		if got := strings.Join(told, "|"); got != c.want {
			t.Errorf("%s of %s are %q, want %q", c.values, c.axis, got, c.want)
		}
	}
	for _, c := range [][3]string{
		{"day", "2026-11-01", "1er novembre 2026 / 1 November 2026"}, {"week", "2026-11-16", "16 novembre 2026 / 16 November 2026"}, {"week", "2026-11-23", "23 novembre 2026 (période incomplète) / 23 November 2026 (not whole)"},
		{"month", "2026-10-01", "octobre 2026 (période incomplète) / October 2026 (not whole)"}, {"month", "2026-11-01", "novembre 2026 (période incomplète) / November 2026 (not whole)"},
		{"quarter", "2026-10-01", "trimestre 4 de 2026 (période incomplète) / quarter 4 of 2026 (not whole)"}, {"year", "2026-01-01", "2026 (période incomplète) / 2026 (not whole)"},
	} {
		if got := n.Period(c[0], c[1], "2026-10-15", "2026-11-30"); got.FR+" / "+got.EN != c[2] {
			t.Errorf("%s of %s is %v, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestDashboards_ThreeFormsAndETag(t *testing.T) {
	w := build(t, busy())
	_, body, _ := w.ask("services", "Accept: text/csv")
	records, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(records) != 5 || records[0][0] != "value" || len(records[1]) != 9 {
		t.Errorf("CSV %v: %v", records, err)
	}
	_, body, header := w.ask("overview?by=org", "Accept: application/vnd.apache.parquet")
	file, err := parquet.OpenFile(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	if file.NumRows() != 5 || len(file.Schema().Fields()) != 20 || header.Get("Content-Type") != "application/vnd.apache.parquet" {
		t.Errorf("Parquet of %d rows, %d columns, %v", file.NumRows(), len(file.Schema().Fields()), header)
	}
	_, _, header = w.ask("overview")
	if status, body, _ := w.ask("overview", "If-None-Match: "+header.Get("ETag")); status != 304 || body != "" {
		t.Errorf("the same again: %d %q", status, body)
	}
	w.do([]act{{fil.Open, "agent-0000", "a", 0, 1}})
	for i := range 40 {
		w.do([]act{{fil.Open, fmt.Sprintf("agent-%04d", i), "a", 0, 1}})
	}
	if status, _, _ := w.ask("overview", "If-None-Match: "+header.Get("ETag")); status != 200 {
		t.Errorf("something else: %d", status)
	}
}

func TestDashboards_SayWhatIsWrong(t *testing.T) {
	w := build(t, busy())
	for path, want := range map[string]int{
		"contents/zz": 404, "audiences/zz": 404, "overview?by=skills": 422, "overview?by=top": 422, "overview?from=x": 422, "overview?every=hour": 422,
		"overview?where=grade": 422, "overview?where=union:x": 422, "overview?from=2001-01-01": 422, "pressure?by=org": 422, "hours?every=day": 422,
		"overview?to=2020-01-01&from=2020-01-02": 422, "pressure?from=" + dayAgo(120): 422,
		"equity?where=grade:A": 422, "overview?from=" + dayAgo(-1): 422,
	} {
		if status, body, _ := w.ask(path); status != want {
			t.Errorf("%s: %d, want %d: %s", path, status, want, body)
		}
	}
	for _, path := range []string{"overview", "overview?from=2020-01-01&to=2020-01-31", "overview?every=month&from=" + dayAgo(20) + "&to=" + dayAgo(15)} {
		if _, body, _ := w.ask(path); !strings.Contains(body, `"rows":[]`) {
			t.Errorf("%s: none is a list too: %s", path, body)
		}
	}
}

func TestDashboards_KeepToThePerimeter(t *testing.T) {
	of := busy()
	of.contents[1].Perimeter = "P"
	w := build(t, of)
	w.caller.Perimeter = "P"
	if a := w.told("overview"); a.Totals["shown"] != 0. || !near(a.Totals["acknowledged"], 200) || a.Contents != 1 {
		t.Errorf("overview %+v", a)
	}
	for path, want := range map[string]int{"contents/a": 404, "contents/b": 200, "hours": 422, "funnel?content=a": 404} {
		if status, _, _ := w.ask(path); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}

// Who comes later finds a seat among their like, and is counted with what they did before; too few wait.
func TestSeat_NewcomersAndMovers(t *testing.T) {
	of := crowd(600)
	of.publish("a")
	w := build(t, of)
	if seated, waiting := w.seat(); seated != 0 || waiting != 0 {
		t.Errorf("again: %d seated, %d wait", seated, waiting)
	}
	blocks := len(distinct(w.seats))
	come := func(n int, org string) (ids []person) {
		for i := range n {
			p := person{id: fmt.Sprintf("%s-%d", strings.ReplaceAll(org, "/", "-"), i), org: org, grade: "A", site: "nord"}
			ids = append(ids, p)
		}
		return ids
	}
	enrol := func(people []person) {
		of.people = append(of.people, people...)
		w.renumber(of.people)
	}
	enrol(come(5, "mairie/eau"))
	if seated, waiting := w.seat(); seated != 5 || waiting != 0 || len(distinct(w.seats)) != blocks {
		t.Errorf("newcomers among their like: %d seated, %d wait, %d blocks", seated, waiting, len(distinct(w.seats))-blocks)
	}
	few := come(12, "port/quai")
	enrol(few)
	w.do([]act{{fil.Read, few[0].id, "a", 3, 9}})
	if seated, waiting := w.seat(); seated != 0 || waiting != 12 {
		t.Errorf("few of a new organisation: %d seated, %d wait", seated, waiting)
	}
	more := come(30, "port/quai")
	enrol(more[12:])
	var acts []act
	for _, p := range more {
		acts = append(acts, act{fil.Read, p.id, "a", 2, 9})
	}
	w.do(acts)
	if seated, waiting := w.seat(); seated != 30 || waiting != 0 || len(distinct(w.seats)) != blocks+1 {
		t.Errorf("enough of them: %d seated, %d wait", seated, waiting)
	}
	if a := w.told("contents/a?where=org:port/quai"); a.Totals["readers"] != 30. {
		t.Errorf("what they did before they had a seat: %v", a.Totals)
	}
	for i := range of.people {
		if of.people[i].id == "agent-0000" {
			of.people[i].org = "mairie/paie"
		}
	}
	before := w.seats["agent-0000"]
	w.renumber(of.people)
	if w.seat(); w.seats["agent-0000"] == before {
		t.Error("one who moved still has a seat among those they left")
	}
}

func distinct(seats map[string]uint32) map[uint32]bool {
	blocks := map[uint32]bool{}
	for _, b := range seats {
		blocks[b] = true
	}
	return blocks
}

// Who asks to be forgotten gives up their seat: figures of what is over stay, nothing leads from them to the agent, and what
// they do later is another's.
func TestErase_GivesUpTheSeat(t *testing.T) {
	of := busy()
	w := build(t, of)
	before := w.told("contents/a").Totals
	one := of.people[0].id
	event, err := fil.Preference{Kind: fil.Forget, Agent: one, Time: today}.Event("tests", "forget")
	if err != nil {
		t.Fatal(err)
	}
	w.give(w.record.Record, []fil.Record{{Position: fil.Position{Topic: fil.TopicEngagements, Offset: w.offset}, Key: one, Admitted: today, Event: event}})
	w.offset++
	if n, err := w.store.Erase(t.Context()); err != nil || n != 1 {
		t.Fatalf("erased %d: %v", n, err)
	}
	if after := w.told("contents/a").Totals; fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("figures were %v, and are %v", before, after)
	}
	if seated, waiting := w.seat(); seated != 1 || waiting != 0 {
		t.Errorf("%d seated, %d wait: the one who gave up a seat is new", seated, waiting)
	}
	if n, err := w.store.Erase(t.Context()); err != nil || n != 0 {
		t.Errorf("erased %d more: %v", n, err)
	}
	if seated, _ := w.seat(); seated != 0 {
		t.Errorf("the seat given later was given up: %d seated", seated)
	}
}
