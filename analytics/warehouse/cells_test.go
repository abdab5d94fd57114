package warehouse_test

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// A question about all contents is answered from months, and one that names them all from the marks of each day: the two are the
// same to the last agent, whatever the time and the periods.
func TestDid_MonthsSayWhatMarksSay(t *testing.T) {
	w := open(t, settings(t))
	random := rand.New(rand.NewPCG(5, 6))
	var seats []analytics.Seat
	blocks := make([]analytics.Block, 6)
	for b := range blocks {
		size := 1 + random.IntN(50) // some are too few, and put together with others
		blocks[b] = analytics.Block{ID: uint32(b + 1), Seats: size, Labels: map[string]string{"org": fmt.Sprint("o", b%3), "grade": fmt.Sprint("g", b%2)}}
		for bit := range size {
			seats = append(seats, analytics.Seat{Agent: uint64(1000*b + bit), Block: uint32(b + 1), Bit: uint8(bit), First: true})
		}
	}
	if err := w.Seat(t.Context(), seats, blocks); err != nil {
		t.Fatal(err)
	}
	contents := []string{"a", "b", "c"}
	for insert := range 3 { // parts that overlap
		facts := make([]analytics.Fact, 4000)
		for i := range facts {
			at := today.AddDate(0, 0, -random.IntN(150)).Add(time.Duration(random.IntN(24)) * time.Hour)
			facts[i] = analytics.Fact{
				Time: at, Admitted: today, Kind: []fil.EngagementKind{fil.Impression, fil.Open, fil.Read, fil.Acknowledge, fil.Click}[random.IntN(5)],
				Content: contents[random.IntN(3)], Agent: seats[random.IntN(len(seats))].Agent, Identity: random.Uint64(), Offset: int64(insert*4000 + i),
			}
		}
		if err := w.Insert(t.Context(), fmt.Sprint("t", insert), facts); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(q analytics.CellQuestion) map[deed]done {
		t.Helper()
		all := map[deed]done{}
		err := w.Did(t.Context(), q, func(d analytics.Deed) {
			if q.Every != "day" || q.Contents != nil {
				at := deed{d.Block, d.Kind, d.Day}
				all[at] = done{all[at].who | d.Who, all[at].days + d.Days, 0}
				return
			}
			sum := 0
			for i, n := range d.Each {
				if n > 0 {
					all[deed{d.Block, d.Kind, d.Day + i}] = done{agents: int(n)}
					sum += int(n)
				}
			}
			if d.Kind == fil.Read && sum != d.Days {
				t.Errorf("%d days of reading, one by one %d", d.Days, sum)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for at, one := range all { // of days one by one only the number is told
			if q.Every == "day" && one.who != 0 {
				all[at] = done{agents: bits.OnesCount64(one.who)}
			}
		}
		return all
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, every := range []string{"", "day", "week", "month", "quarter", "year"} {
		for i := range 4 {
			from := today.AddDate(0, 0, -1-random.IntN(150))
			if i%2 == 0 { // questions are of the house's days
				from = time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, paris)
			}
			q := analytics.CellQuestion{Every: every, From: from, To: from.AddDate(0, 0, 1+random.IntN(int(today.Sub(from)/(24*time.Hour))))}
			named := q
			named.Contents = contents
			all := ask(q)
			if len(all) == 0 {
				t.Errorf("every %q from %v to %v: nothing", every, q.From, q.To)
			}
			if diff := cmp.Diff(ask(named), all, cmp.AllowUnexported(done{})); diff != "" {
				t.Errorf("every %q from %v to %v (-marks +months):\n%s", every, q.From, q.To, diff)
			}
		}
	}
}

// deed is what something was done in, and done who did it.
type deed struct {
	block uint32
	kind  fil.EngagementKind
	day   int
}

type done struct {
	who          uint64
	days, agents int
}

// What is asked of no day at all is nothing, as a filtered question of today alone is.
func TestCells_OfNoDay(t *testing.T) {
	w := open(t, settings(t))
	for _, every := range []string{"", "day", "week", "month"} {
		middle := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
		err := w.Did(t.Context(), analytics.CellQuestion{From: middle, To: middle, Every: every}, func(d analytics.Deed) { t.Errorf("%+v", d) })
		if err != nil {
			t.Error(err)
		}
	}
}

func TestContentsOf(t *testing.T) {
	w := open(t, settings(t))
	if err := w.Seat(t.Context(), []analytics.Seat{{Agent: 1, Block: 1, First: true}}, []analytics.Block{{ID: 1, Seats: 1}}); err != nil {
		t.Fatal(err)
	}
	var facts []analytics.Fact
	for i, content := range []string{"b", "a", "c", "a"} {
		facts = append(facts, analytics.Fact{Time: today.AddDate(0, 0, -i), Admitted: today, Kind: fil.Read, Content: content, Agent: 1, Identity: uint64(i), Offset: int64(i)})
	}
	if err := w.Insert(t.Context(), "t", facts); err != nil {
		t.Fatal(err)
	}
	if day, err := w.FirstDay(t.Context()); err != nil || day != int(today.AddDate(0, 0, -3).Unix()/86400) {
		t.Errorf("the first day is %d, %v", day, err)
	}
	got, err := w.ContentsOf(t.Context(), today.AddDate(0, 0, -1), today.AddDate(0, 0, 1))
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// The tables that dashboards count from forget after as many months as dashboards say.
func TestSchema_KeepsTheMonthsThatAreTold(t *testing.T) {
	cfg := settings(t)
	open(t, cfg)
	for _, table := range []string{"facts", "marks", "months", "weekdays"} {
		var engine string
		if err := operator(t, cfg).QueryRow(t.Context(), "SELECT engine_full FROM system.tables WHERE database = ? AND name = ?", cfg.Database, table).Scan(&engine); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(engine, fmt.Sprintf("toIntervalMonth(%d)", analytics.KeptMonths)) {
			t.Errorf("%s: %s", table, engine)
		}
	}
}
