package dashboards_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/filengine/fil"
)

// An attribute that nobody has a value of has one row, which is of all, and totals that count each agent once.
func TestDashboards_AnAttributeWithoutValuesIsCountedOnce(t *testing.T) {
	of := busy()
	for i := range of.people {
		of.people[i].site = ""
	}
	w := build(t, of)
	a := w.told("overview?by=site")
	if !near(a.Totals["shown"], 600) || a.Totals["targeted"] != 600. || len(a.Rows) != 1 || a.Rows[0]["value"] != "" || a.Rows[0]["shown"] != a.Totals["shown"] {
		t.Errorf("totals %v, rows %v", a.Totals, a.Rows)
	}
}

// Of a group too small to be told apart, figures are null and not 0; 0 of all is told as what it may be.
func TestDashboards_WhatIsNotKnownIsNotZero(t *testing.T) {
	of := busy()
	of.publish("few", "refuge")
	for i := range of.people {
		of.people[i].site = "nord"
		if i < 28 {
			of.people[i].site = "refuge"
			of.acts = append(of.acts, act{fil.Impression, of.people[i].id, "refuge", 1, 9})
		}
		if i < 3 {
			of.acts = append(of.acts, act{fil.Impression, of.people[i].id, "few", 1, 9})
		}
	}
	w := build(t, of)
	a := w.told("contents/refuge?by=org")
	for _, row := range a.Rows {
		if row["value"] != "*" && (row["shown"] != nil || row["reach"] != nil || row["readers"] != 0.) {
			t.Errorf("nobody of %v is told apart, and some may be of it: %v", row["value"], row)
		}
	}
	if len(a.Rows) != 5 || a.Withheld == "" {
		t.Errorf("%d rows, withheld: %q", len(a.Rows), a.Withheld)
	}
	reach := w.told("contents/few").Totals["reach"].(map[string]any)
	if reach["value"] != 0. || reach["high"].(float64) < 9./600 {
		t.Errorf("three of 600 are reached at %v", reach)
	}
	if a := w.told("contents/few?where=org:mairie"); a.Totals["shown"] != nil || a.Withheld == "" {
		t.Errorf("filtered: %v", a.Totals)
	}
}

// What is cut ends yesterday: of today alone nothing is told, and it is said why, in the language that is asked for.
func TestDashboards_TodayIsNotCut(t *testing.T) {
	w := build(t, busy())
	for _, path := range []string{"overview?by=org", "overview?where=grade:A", "equity", "services?by=grade"} {
		mark := "&"
		if !strings.Contains(path, "?") {
			mark = "?"
		}
		_, body, _ := w.ask(path+mark+"from="+dayAgo(0)+"&to="+dayAgo(0), "Accept-Language: en")
		var a told
		if err := json.Unmarshal([]byte(body), &a); err != nil || a.Totals["shown"] != nil || len(a.Rows)+len(a.Groups) > 0 || !strings.Contains(a.Withheld, "tomorrow") {
			t.Errorf("%s: %s, %v", path, body, err)
		}
	}
}

// A house that has just begun is compared once it was there for the whole of the period before.
func TestDashboards_ComparesWhatIsWhole(t *testing.T) {
	w := build(t, busy()) // whose first day is five days ago
	for days, compared := range map[int]bool{3: true, 4: false} {
		a := w.told(fmt.Sprintf("overview?compare=true&from=%s&to=%s", dayAgo(days-1), dayAgo(0)))
		if got := a.Previous["shown"] != nil; got != compared {
			t.Errorf("%d days are compared with those before: %t, %v", days, got, a.Previous)
		}
	}
}

// Columns of numbers tell 0 from what is withheld.
func TestDashboards_ParquetTellsZeroFromNull(t *testing.T) {
	w := build(t, busy())
	slots := w.told("hours").Slots
	_, body, _ := w.ask("hours", "Accept: application/vnd.apache.parquet")
	file, err := parquet.OpenFile(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	place := map[string]int{}
	for i, path := range file.Schema().Columns() {
		place[path[0]] = i
	}
	rows := file.RowGroups()[0].Rows()
	defer rows.Close()
	read := make([]parquet.Row, 200)
	n, err := rows.ReadRows(read)
	if err != nil && !errors.Is(err, io.EOF) || n != len(slots) || n != 7*24 {
		t.Fatalf("%d rows of %d: %v", n, len(slots), err)
	}
	for i, row := range read[:n] {
		for _, name := range []string{"weekday", "hour", "shown", "readers"} {
			value, want := row[place[name]], slots[i][name]
			if value.IsNull() != (want == nil) || want != nil && fmt.Sprint(value.Int64()) != fmt.Sprint(want) {
				t.Errorf("row %d: %s is %v, want %v", i, name, value, want)
			}
		}
	}
}

func TestDashboards_NothingIsAListToo(t *testing.T) {
	w := build(t, &town{})
	for path, lists := range map[string][]string{"pressure": {`"weeks":[]`, `"senders":[]`}, "equity": {`"groups":[]`}, "services": {`"groups":[]`}} {
		_, body, _ := w.ask(path)
		if slices.ContainsFunc(lists, func(list string) bool { return !strings.Contains(body, list) }) || strings.Contains(body, `"gini":`) {
			t.Errorf("%s: %s", path, body)
		}
	}
}
