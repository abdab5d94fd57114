package analytics_test

import (
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

func TestQuestion_DatesAreWholeDaysOfTheZone(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	q, err := analytics.ParseQuestion("2026-03-28", "2026-03-29", "service", "week", schema(), paris)
	if err != nil {
		t.Fatal(err)
	}
	// The clocks go forward on the 29th, which has 23 hours.
	if from, to := q.From.UTC().Format(time.RFC3339), q.To.UTC().Format(time.RFC3339); from != "2026-03-27T23:00:00Z" || to != "2026-03-29T22:00:00Z" {
		t.Errorf("two days are from %s to %s", from, to)
	}
	if q.Zone != "Europe/Paris" || q.By != "service" || q.Every != "week" {
		t.Errorf("question is %+v", q)
	}
	if q, err = analytics.ParseQuestion("", "2026-03-29T10:00:00+02:00", "", "", schema(), paris); err != nil || q.To.UTC().Hour() != 8 {
		t.Errorf("an exact time becomes %v, %v", q.To, err)
	}
}

func TestQuestion_EveryFaultIsNamed(t *testing.T) {
	_, err := analytics.ParseQuestion("yesterday", "2026-02-30", "union", "hour", schema(), time.UTC)
	var fields []string
	for _, f := range fil.FaultsOf(err) {
		fields = append(fields, f.Field)
	}
	if got := strings.Join(fields, " "); got != "query.from query.to query.by query.every" {
		t.Errorf("faults name %s", got)
	}
	private := fil.Schema{{Name: "phone", Kind: fil.KindText, Sensitive: true}, {Name: "supervisor", Kind: fil.KindAgent}}
	for _, by := range []string{"phone", "supervisor"} {
		if _, err := analytics.ParseQuestion("", "", by, "", private, time.UTC); fil.FaultsOf(err) == nil {
			t.Errorf("a report by %s is accepted", by)
		}
	}
	if _, err := analytics.ParseQuestion("2026-02-02", "2026-02-01", "", "", nil, time.UTC); fil.FaultsOf(err) == nil {
		t.Error("an end before its start is accepted")
	}
}

func FuzzQuestion(f *testing.F) {
	f.Add("2026-01-31", "2026-01-31T08:30:00Z", "service", "day")
	f.Add("", "", "skills", "quarter")
	f.Add("0001-01-01", "9999-12-31T23:59:60+24:00", "org' OR 1", "jour")
	f.Fuzz(func(t *testing.T, from, to, by, every string) {
		q, err := analytics.ParseQuestion(from, to, by, every, schema(), time.UTC)
		if err != nil {
			if fil.FaultsOf(err) == nil {
				t.Fatalf("%v names no field", err)
			}
			return
		}
		if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
			t.Fatalf("from %v is not before %v", q.From, q.To)
		}
		_, declared := schema().Lookup(q.By)
		if q.By != "" && q.By != "org" && q.By != "site" && !declared {
			t.Fatalf("by %q is not declared", q.By)
		}
	})
}
