package evaluation_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking/evaluation"
)

// A log small enough to be judged by hand. Bea reads d at 1000, after a, b and c; d, e and f are then live. By date they stand
// f e d, and as many read each: d, e and f tie by popularity until e has a second reader.
func TestJudge_GivesTheFiguresWorkedOutByHand(t *testing.T) {
	rows := []evaluation.Row{
		did("ann", "a", 0), did("ann", "b", 1), did("ann", "c", 2), did("ann", "d", 3), did("ann", "e", 4), did("ann", "f", 5),
		did("bea", "a", 10), did("bea", "b", 11), did("bea", "c", 12), did("cid", "e", 13),
		did("bea", "d", 1000),
	}
	report := judge(t, logOf(t, rows...), whole(), "newest", "popularity", "decay-1h", "age", "decay-1h×age")
	if report.Judged != 1 || report.Judgeable != 1 || report.Cold != 4 {
		t.Fatalf("%d judged of %d, %d cold", report.Judged, report.Judgeable, report.Cold)
	}
	for i, want := range []struct {
		rank float64
		cold float64 // NDCG of bea's a, b, c among six, five, four and of cid's e among six
	}{
		{2, (1/math.Log2(7) + 1/math.Log2(6) + 1/math.Log2(5) + 1/math.Log2(3)) / 4},
		{1.5, (1/math.Log2(4.5) + 1/math.Log2(4) + 1/math.Log2(3.5) + 1/math.Log2(6)) / 4},
		{2, (1/math.Log2(7) + 1/math.Log2(6) + 1/math.Log2(5) + 1/math.Log2(6)) / 4},
	} {
		o := report.Orders[i]
		if !near(o.NDCG, 1/math.Log2(want.rank+2)) || !near(o.MRR, 1/(want.rank+1)) || o.Hit != 1 {
			t.Errorf("%s: NDCG %v, hit %v, MRR %v, want a rank of %v", o.Order, o.NDCG, o.Hit, o.MRR, want.rank)
		}
		if !near(o.Cold.NDCG, want.cold) {
			t.Errorf("%s: cold NDCG %v, want %v", o.Order, o.Cold.NDCG, want.cold)
		}
	}
	// All that was live was in the list of three: three of six. ann read the three, cid and two of bea's tie: 3 agents of 3.
	if o := report.Orders[0]; !near(o.Coverage, 0.5) || !near(o.Novelty, (math.Log2(4.0/2)*2+math.Log2(4.0/3))/3) || !near(o.Diversity, (0+0.5+0.5)/3) {
		t.Errorf("coverage %v, novelty %v, diversity %v", o.Coverage, o.Novelty, o.Diversity)
	}
}

// spy fails when it is told of the present or of the future.
type spy struct {
	t      *testing.T
	latest int64
	live   map[int32]bool
	reads  map[[2]int32]bool
	asked  int
}

type scored struct {
	agent  string
	at     int64
	scores map[string]float64
}

func (s *spy) Publish(content int32, at int64) { s.latest, s.live[content] = max(s.latest, at), true }

func (s *spy) Learn(acts []evaluation.Act) {
	for i, act := range acts {
		s.latest = max(s.latest, act.At)
		if i > 0 && acts[i-1].At > act.At {
			s.t.Error("acts out of order")
		}
		if act.First {
			s.reads[[2]int32{act.Agent, act.Content}] = true
		}
	}
}

func (s *spy) Scores(q evaluation.Question, scores []float64) {
	s.asked++
	if s.latest >= q.At {
		s.t.Errorf("asked about %d after it was told of %d", q.At, s.latest)
	}
	candidates := len(s.live)
	for pair := range s.reads {
		if pair[0] == q.Agent {
			candidates--
		}
	}
	if candidates != len(q.Candidates) || len(scores) != candidates {
		s.t.Errorf("%d candidates and %d scores, want %d", len(q.Candidates), len(scores), candidates)
	}
	for i, content := range q.Candidates {
		if !s.live[content] || s.reads[[2]int32{q.Agent, content}] {
			s.t.Errorf("content %d is a candidate: live %v", content, s.live[content])
		}
		scores[i] = float64(content)
	}
}

func TestJudge_ShowsNoOrderThePresent(t *testing.T) {
	log := logOf(t, madeUp(rand.New(rand.NewPCG(1, 2)), 3000, 40, 60)...)
	s := &spy{t: t, live: map[int32]bool{}, reads: map[[2]int32]bool{}}
	c := evaluation.NewContest(log, whole())
	c.Enter("spy", s)
	report, err := c.Judge(t.Context())
	if err != nil || s.asked != report.Judged+report.Cold || s.asked < 500 {
		t.Fatalf("asked %d times, %d judged and %d cold: %v", s.asked, report.Judged, report.Cold, err)
	}
}

// recorder keeps what an order answered.
type recorder struct {
	evaluation.Order
	log   *evaluation.Log
	heard []scored
}

func (r *recorder) Scores(q evaluation.Question, scores []float64) {
	r.Order.Scores(q, scores)
	heard := scored{r.log.Agent(q.Agent), q.At, map[string]float64{}}
	for i, content := range q.Candidates {
		heard.scores[r.log.Content(content).ID] = scores[i]
	}
	r.heard = append(r.heard, heard)
}

// However the future is altered, every order answers the same up to there.
func TestJudge_LooksAtNoFuture(t *testing.T) {
	names := evaluation.BuiltIn()[1:] // chance draws by the number of a content, which the future may change
	rapid.Check(t, func(g *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(g, "seed"), 0))
		rows := madeUp(random, 300, 8, 20)
		cut := rapid.IntRange(100, 250).Draw(g, "cut")
		moment := rows[cut].Time
		altered := slices.Clone(rows)
		for i := range altered {
			if !altered[i].Time.Before(moment) {
				altered[i] = did("a"+string(rune('0'+random.IntN(9))), "c"+string(rune('0'+random.IntN(9))), float64(150+random.IntN(300)))
				altered[i].Time = moment.Add(time.Duration(random.IntN(1e9)))
			}
		}
		for _, name := range names {
			if want, got := answers(t, rows, name, moment), answers(t, altered, name, moment); !cmp.Equal(want, got, cmp.AllowUnexported(scored{})) {
				g.Fatalf("%s answers otherwise before %v:\n%s", name, moment, cmp.Diff(want, got, cmp.AllowUnexported(scored{})))
			}
		}
	})
}

func answers(t *testing.T, rows []evaluation.Row, name string, until time.Time) (before []scored) {
	t.Helper()
	log := logOf(t, rows...)
	order, err := log.BuiltIn(name, 1)
	if err != nil {
		return nil // a product, of orders that are looked at
	}
	r := &recorder{Order: order, log: log}
	c := evaluation.NewContest(log, whole())
	c.Enter(name, r)
	if _, err := c.Judge(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, h := range r.heard {
		if h.at < until.UnixNano() {
			before = append(before, h)
		}
	}
	if len(before) == 0 {
		t.Fatalf("%s was asked nothing before %v", name, until)
	}
	return before
}

// The order of rows and exact repeats of them change nothing, nor does the company of other orders.
func TestJudge_GivesTheSameWhateverTheOrderOfRows(t *testing.T) {
	rapid.Check(t, func(g *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(g, "seed"), 0))
		rows := madeUp(random, 400, 8, 20)
		for i := range rows {
			rows[i].Time = start.Add(time.Duration(i) * time.Minute) // rows of one time are taken as they come
		}
		want := judge(t, logOf(t, rows...), whole(), "newest", "likeness", "decay-1h×likeness")
		mixed := append(slices.Clone(rows), rows[10], rows[300])
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		got := judge(t, logOf(t, mixed...), whole(), "decay-1h×likeness", "newest", "likeness")
		if got.Repeated != 2 || got.Acts != want.Acts {
			g.Fatalf("%d acts, %d repeated", got.Acts, got.Repeated)
		}
		for i, o := range want.Orders {
			other := got.Orders[(i+1)%3]
			o.Seconds, other.Seconds = 0, 0
			if diff := cmp.Diff(o, other); diff != "" {
				g.Fatal(diff)
			}
		}
	})
}

func TestJudge_SaysWhenThereIsNothing(t *testing.T) {
	once := make([]evaluation.Row, 0, 20)
	for i := range 20 {
		once = append(once, did(string(rune('a'+i)), "c", float64(i)))
	}
	for name, rows := range map[string][]evaluation.Row{
		"no act": nil, "one act": {did("a", "b", 0)}, "one act an agent": once,
		"nobody else read it": {did("a", "b", 0), did("a", "c", 1), did("a", "d", 2), did("a", "e", 3)},
		"only shown":          {did("a", "b", 0, fil.Impression), did("b", "b", 1, fil.Impression)},
	} {
		for _, s := range []evaluation.Settings{whole(), {Part: evaluation.Test, Now: time.Now}, {Part: evaluation.Validation, Now: time.Now}} {
			c := evaluation.NewContest(logOf(t, rows...), s)
			if err := c.EnterBuiltIn("newest"); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Judge(t.Context()); !errors.Is(err, evaluation.ErrNothing) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A sample is of the events that all would be, and the orders learn from all acts whichever are judged.
func TestJudge_SamplesEventsAndLearnsFromAll(t *testing.T) {
	log := logOf(t, madeUp(rand.New(rand.NewPCG(5, 6)), 4000, 60, 80)...)
	all := judge(t, log, whole(), "newest", "decay")
	few := whole()
	few.Events = 200
	some, again := judge(t, log, few, "newest", "decay"), judge(t, log, few, "newest", "decay")
	if some.Judged != 200 || some.Judgeable != all.Judged || all.Judged < 1000 {
		t.Fatalf("%d judged of %d, all are %d", some.Judged, some.Judgeable, all.Judged)
	}
	for i, o := range some.Orders {
		if o.NDCG != again.Orders[i].NDCG {
			t.Errorf("%s: %v, then %v with the same seed", o.Order, o.NDCG, again.Orders[i].NDCG)
		}
		if distance := math.Abs(float64(o.NDCG - all.Orders[i].NDCG)); distance > 4*float64(o.StdErr) {
			t.Errorf("%s: %v on a sample, %v on all, standard error %v", o.Order, o.NDCG, all.Orders[i].NDCG, o.StdErr)
		}
	}
}

type nan struct{ spy }

func (*nan) Scores(_ evaluation.Question, scores []float64) { scores[0] = math.NaN() }

func TestJudge_RefusesScoresThatAreNoNumbers(t *testing.T) {
	log := logOf(t, madeUp(rand.New(rand.NewPCG(1, 2)), 300, 8, 20)...)
	c := evaluation.NewContest(log, whole())
	c.Enter("odd", &nan{spy{t: t, live: map[int32]bool{}, reads: map[[2]int32]bool{}}})
	if report, err := c.Judge(t.Context()); err == nil {
		t.Errorf("a score that is not a number gave %+v", report)
	}
}
