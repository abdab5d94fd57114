package evaluation_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking/evaluation"
)

func TestParseShowing(t *testing.T) {
	t.Parallel()
	got, err := evaluation.ParseShowing("7\tU13740\t11/15/2019 2:02:03 PM\tN1 N2\tN-3-0 N4-1 N-3-1 N5-0\r\n")
	want := evaluation.Showing{Agent: "U13740", Time: time.Date(2019, time.November, 15, 14, 2, 3, 0, time.UTC), History: []string{"N1", "N2"},
		Shown: []string{"N-3", "N4", "N5"}, Opened: []bool{true, true, false}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for line, field := range map[string]string{
		"":                                   "",
		"1\tU\t11/15/2019 2:02:03 PM\tN1":    "",
		"1\t\t11/15/2019 2:02:03 PM\t\tN1-0": "agent",
		"1\tU\tyesterday\t\tN1-0":            "time",
		"1\tU\t1573826523\t\tN1-2":           "shown",
		"1\tU\t1573826523\t\t-1":             "shown",
		"1\tU\t1573826523\t\tN1":             "shown",
	} {
		if faults := fil.FaultsOf(func() error { _, err := evaluation.ParseShowing(line); return err }()); len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%q: %v", line, faults)
		}
	}
}

func FuzzParseShowing(f *testing.F) {
	f.Add("7\tU13740\t11/15/2019 2:02:03 PM\tN1 N2\tN3-0 N4-1")
	f.Add("7\tU\t2019-11-15T02:02:03Z\t\tN3-0 N3-1")
	f.Add("\t\t\t\t")
	f.Fuzz(func(t *testing.T, line string) {
		s, err := evaluation.ParseShowing(line)
		if err != nil {
			if fil.FaultsOf(err) == nil {
				t.Fatalf("%q: %v", line, err)
			}
			return
		}
		seen := map[string]bool{}
		for _, id := range s.Shown {
			if id == "" || seen[id] {
				t.Fatalf("%q shows %q", line, s.Shown)
			}
			seen[id] = true
		}
		b := evaluation.NewBuilder()
		if err := b.AddShowing(s); err != nil || s.Agent == "" || len(s.Shown) != len(s.Opened) || s.Time.Year() < 1970 {
			t.Fatalf("%q: %+v %v", line, s, err)
		}
		b.Log()
	})
}

func showings(t *testing.T, lines string) *evaluation.Log {
	t.Helper()
	b := evaluation.NewBuilder()
	err := evaluation.ReadShowings(strings.NewReader(lines), func(_ int, s evaluation.Showing, wrong error) error {
		if wrong != nil {
			return wrong
		}
		return b.AddShowing(s)
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Log()
}

// Three showings are judged by hand. At 2000 z, shown since 1500, stands before x and y, of 1000, which tie. At
// 3000 w is new and stands first. Ann's history makes her known; bea, without one, is cold; a showing all of which was opened tells nothing.
const shownLog = `1	ann	1000	h1 h2 h3	x-0 y-0
2	bea	1500		y-1 z-0
3	ann	2000	h1 h2 h3	z-0 y-0 x-1

4	ann	3000	h1 h2 h3	y-0 w-1 z-1
5	ann	4000	h1 h2 h3	y-1 w-1
`

func TestJudge_Showings(t *testing.T) {
	t.Parallel()
	report := judge(t, showings(t, shownLog), whole(), "newest", "popularity")
	if report.Protocol != "impressions" || report.Judged != 2 || report.Cold != 1 || report.Acts != 3+12+6 {
		t.Fatalf("%+v", report)
	}
	// newest: x and y tie at 1000, z is of 1500: x has a rank of 1.5. Then w, z, y: the best order.
	first := 1 / math.Log2(3.5)
	if o := report.Orders[0]; !near(o.NDCG, (first+1)/2) || !near(o.MRR, (1/2.5+1)/2) || !near(o.Cold.NDCG, 1/math.Log2(3)) {
		t.Errorf("newest: %+v", o.Gains)
	}
	// x at the third place counts for 3, w at the second for 2, z at the third for 3.
	second := 2*1.0 + 3/math.Log2(3)
	o, w := report.Orders[0], report.Shown
	if !near(o.IPS, (3*first+second)/2) || !near(o.SNIPS, (3*first+second)/8) {
		t.Errorf("IPS %v, SNIPS %v", o.IPS, o.SNIPS)
	}
	snips, variance := (3*first+second)/8, 0.0
	for _, click := range [][2]float64{{3, first}, {2, 1}, {3, 1 / math.Log2(3)}} {
		variance += math.Pow(click[0]*(click[1]-snips), 2)
	}
	if !near(o.SNIPSErr, math.Sqrt(variance)/8) || w.Clicks != 3 || !near(w.Effective, 64.0/22) {
		t.Errorf("standard error %v, %+v", o.SNIPSErr, w)
	}
	// Popularity had seen one read of y: x and z tie under it, then w and z under y.
	if o := report.Orders[1]; !near(o.NDCG, (1/math.Log2(3.5)+2/math.Log2(3.5)/(1+1/math.Log2(3)))/2) {
		t.Errorf("popularity: %+v", o.Gains)
	}
}

func TestJudge_ShowingsInNoOrderWeighTheSame(t *testing.T) {
	t.Parallel()
	s := whole()
	s.Shuffled = true
	report := judge(t, showings(t, shownLog), s, "newest")
	if o := report.Orders[0]; !near(o.SNIPS, (1/math.Log2(3.5)+1+1/math.Log2(3))/3) || !near(report.Shown.Effective, 3) || report.Shown.Propensity != "uniform" {
		t.Errorf("%+v %+v", o.Estimate, report.Shown)
	}
}

func FuzzParseNews(f *testing.F) {
	f.Add("N55528\tlifestyle\tlifestyleroyals\tThe Brands\tShop\thttps://example.org\t[]\t[]")
	f.Add("N1\t\t")
	f.Add("\t\t")
	f.Add("N1")
	f.Fuzz(func(t *testing.T, line string) {
		n, err := evaluation.ParseNews(line)
		if err != nil {
			if fil.FaultsOf(err) == nil {
				t.Fatalf("%q: %v", line, err)
			}
			return
		}
		if n.Content == "" || len(n.Topics) > 2 || slices.Contains(n.Topics, "") {
			t.Fatalf("%q: %+v", line, n)
		}
		b := evaluation.NewBuilder()
		b.AddNews(n)
		if agents, contents := b.Log().Size(); agents+contents > 0 {
			t.Fatalf("%q: a content that nobody acted on is in the log", line)
		}
	})
}

func TestNews_GiveTopics(t *testing.T) {
	b := evaluation.NewBuilder()
	s, err := evaluation.ParseShowing("1\tU1\t11/15/2019 2:02:03 PM\tN1\tN2-0 N3-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.AddShowing(s); err != nil {
		t.Fatal(err)
	}
	told := ""
	err = evaluation.ReadNews(strings.NewReader("N3\tsports\tfootball\tTitle\n\nN9\tfood\t\nbroken\n"), func(line int, n evaluation.News, wrong error) error {
		told += strconv.Itoa(line) + " "
		if wrong == nil {
			b.AddNews(n)
		} else {
			told += "wrong"
		}
		return nil
	})
	if err != nil || told != "1 3 4 wrong" {
		t.Fatalf("%q %v", told, err)
	}
	log := b.Log()
	for content := range int32(3) {
		if c := log.Content(content); (c.ID == "N3") != slices.Equal(c.Topics, []string{"sports", "sports/football"}) {
			t.Errorf("%+v", c)
		}
	}
}
