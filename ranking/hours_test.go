package ranking_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
)

// valueOf gives a parameter of each of two contents, as the explanation tells it.
func valueOf(t *testing.T, ranker *ranking.Ranker, profile []byte, name string, now time.Time, contents ...string) (values []float64) {
	t.Helper()
	for _, content := range contents {
		placements, _, err := ranker.Place("alice", profile, []fil.Entry{{Content: fil.KeyOf(content)}}, fil.OrderRanked, "fr", now)
		if err != nil || len(placements) != 1 {
			t.Fatalf("%d placements of %s, error %v", len(placements), content, err)
		}
		for _, p := range placements[0].Explanation.Parameters {
			if p.Name == name {
				values = append(values, p.Value)
			}
		}
	}
	return values
}

// Alice reads the menu at noon and the minutes in the evening, each working day for two weeks.
func TestDaytime_ComparesThisHourWithTheOthers(t *testing.T) {
	var contents []fil.Content
	var acts []fil.Engagement
	add := func(id, topic string, at time.Time) {
		c := news(id, at.Add(-time.Hour))
		c.Topics = []string{topic}
		contents = append(contents, c)
		acts = append(acts, did(fil.Read, id, at))
	}
	for day := 1; day <= 14; day++ {
		if at := noon.Add(-time.Duration(day) * 24 * time.Hour); at.Weekday() != time.Saturday && at.Weekday() != time.Sunday {
			add(fmt.Sprint("menu", day), "canteen", at)
			add(fmt.Sprint("minutes", day), "council", at.Add(8*time.Hour))
		}
	}
	menu, minutes := news("menu", noon), news("minutes", noon)
	menu.Topics, minutes.Topics = []string{"canteen"}, []string{"council"}
	ranker := ranking.NewRanker(policy(t, ""), newCatalogue(t, append(contents, menu, minutes)...), town, nil)
	profile := profileOf(acts...)
	// Ten reads at noon, and ten eight hours later that are closer by 2^-16: (10 - 10 × ½) / (10 + 5) of either side.
	want := 5.0 / 15
	for _, at := range []struct {
		hours         int
		menu, minutes float64
	}{{0, want, -want}, {8, -want, want}, {4, 0, 0}} {
		got := valueOf(t, ranker, profile, "daytime", noon.Add(time.Duration(at.hours)*time.Hour), "menu", "minutes")
		if math.Abs(got[0]-at.menu) > 1e-3 || math.Abs(got[1]-at.minutes) > 1e-3 {
			t.Errorf("%d hours after noon: menu %v and minutes %v, want %v and %v", at.hours, got[0], got[1], at.menu, at.minutes)
		}
	}
	// On a Saturday, working days count a quarter: (2.5 - 2.5 × ½) / (2.5 + 5).
	if got := valueOf(t, ranker, profile, "daytime", noon.Add(24*time.Hour), "menu", "minutes"); math.Abs(got[0]-1.25/7.5) > 1e-3 {
		t.Errorf("on a Saturday: menu %v, want %v", got[0], 1.25/7.5)
	}
	// What was read this morning says nothing about mornings.
	today := profileOf(did(fil.Read, "menu1", noon.Add(-time.Hour)))
	if got := valueOf(t, ranker, today, "daytime", noon, "menu"); got[0] != 0 {
		t.Errorf("after a read of the same day: %v, want 0", got[0])
	}
}

func TestBeside_CountsFromThePublicationOfTheLastRead(t *testing.T) {
	read := news("read", noon.Add(-10*time.Hour))
	ranker := ranking.NewRanker(policy(t, ""), newCatalogue(t, read, news("next", noon.Add(-9*time.Hour)), news("far", noon.Add(-3*time.Hour))), town, nil)
	got := valueOf(t, ranker, profileOf(did(fil.Read, "read", noon)), "beside", noon, "next", "far")
	if want := []float64{-1, -3}; math.Abs(got[0]-want[0]) > 1e-9 || math.Abs(got[1]-want[1]) > 1e-9 {
		t.Errorf("%v, want %v", got, want)
	}
	for what, profile := range map[string][]byte{"nothing": nil, "what is not known": profileOf(did(fil.Read, "gone", noon))} {
		if got := valueOf(t, ranker, profile, "beside", noon, "far"); got[0] != 0 {
			t.Errorf("%v after reading %s, want 0", got[0], what)
		}
	}
}

// Counts that fade are of the board's moment: what was read an hour ago counts half in reads_hour, a sixteenth in reads_quarter.
func TestFading_CountsByTheClockOnTheWall(t *testing.T) {
	memory := learning.NewMemory(nil)
	for i, kind := range []fil.EngagementKind{fil.Read, fil.Reaction, fil.Reaction} { // the second reaction is of the same agent
		e := did(kind, "a", noon)
		e.Agent = fmt.Sprint("agent", min(i, 1))
		memory.Observe(e)
	}
	ranker := ranking.NewRanker(policy(t, "tick_minutes: 0"), newCatalogue(t, news("a", noon.Add(-24*time.Hour))), town, memory.Trends)
	for name, counts := range map[string][2]float64{
		"reads_quarter": {2, 2.0 / 16}, "reads_hour": {2, 1}, "reads_day": {2, 2 * math.Exp2(-1.0/24)}, "endorsed": {1, math.Exp2(-1.0 / 24)},
	} {
		for i, at := range []time.Time{noon, noon.Add(time.Hour)} {
			if got, want := valueOf(t, ranker, nil, name, at, "a")[0], math.Log2(1+counts[i]/0.3); math.Abs(got-want) > 1e-6 {
				t.Errorf("%s after %v: %v, want %v", name, at.Sub(noon), got, want)
			}
		}
	}
}
