package evaluation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking/evaluation"
)

// history is the past as a list, and what it says of orders by their definitions.
type history []evaluation.Act

func (h history) readers(content int32) map[int32]bool {
	out := map[int32]bool{}
	for _, act := range h {
		if act.First && act.Content == content {
			out[act.Agent] = true
		}
	}
	return out
}

func (h history) reads(agent int32) map[int32]int64 {
	out := map[int32]int64{}
	for _, act := range h {
		if act.First && act.Agent == agent {
			out[act.Content] = act.At
		}
	}
	return out
}

func shared[T any](a map[int32]T, b map[int32]T) (n float64) {
	for k := range a {
		if _, ok := b[k]; ok {
			n++
		}
	}
	return n
}

func (h history) decayed(content int32, at int64, hours float64) (sum float64) {
	for _, act := range h {
		if act.First && act.Content == content {
			sum += math.Exp2(-float64(at-act.At) / 3.6e12 / hours)
		}
	}
	return sum
}

func (h history) coRead(agent, content int32, at int64) (sum float64) {
	own := h.readers(content)
	for other, when := range h.reads(agent) {
		readers := h.readers(other)
		delete(readers, agent) // who has not read the content
		if n := shared(own, readers); n > 0 {
			sum += math.Exp2(-float64(at-when)/3.6e12/168) * n / math.Sqrt(float64(len(own)*(len(readers)+1)))
		}
	}
	return sum
}

func (h history) likeness(agent, content int32) float64 {
	own, readers, sum := h.reads(agent), h.readers(content), 0.0
	for reader := range readers {
		theirs := h.reads(reader)
		sum += shared(own, theirs) / math.Sqrt(float64(max(1, len(own)*len(theirs))))
	}
	return 0.01 + sum/float64(len(readers)+1)
}

// checked holds an order to a definition.
type checked struct {
	evaluation.Order
	past  history
	want  func(h history, q evaluation.Question, content int32) float64
	wrong string
	asked int
}

func (c *checked) Learn(acts []evaluation.Act) {
	c.past = append(c.past, acts...)
	c.Order.Learn(acts)
}

func (c *checked) Scores(q evaluation.Question, scores []float64) {
	c.Order.Scores(q, scores)
	c.asked++
	for i, content := range q.Candidates {
		if want := c.want(c.past, q, content); math.Abs(scores[i]-want) > 1e-9*(1+math.Abs(want)) && scores[i] != want {
			c.wrong = fmt.Sprintf("content %d has %v, want %v", content, scores[i], want)
		}
	}
}

func TestBuiltIn_ScoresAsDefined(t *testing.T) {
	definitions := map[string]func(h history, q evaluation.Question, content int32) float64{
		"popularity": func(h history, _ evaluation.Question, content int32) float64 {
			return math.Log2(float64(len(h.readers(content))))
		},
		"decay": func(h history, q evaluation.Question, content int32) float64 {
			return math.Log2(h.decayed(content, q.At, 12))
		},
		"decay-1h": func(h history, q evaluation.Question, content int32) float64 {
			return math.Log2(h.decayed(content, q.At, 1))
		},
		"item-knn": func(h history, q evaluation.Question, content int32) float64 { return h.coRead(q.Agent, content, q.At) },
		"likeness": func(h history, q evaluation.Question, content int32) float64 {
			return math.Log2(h.likeness(q.Agent, content))
		},
	}
	for name, want := range definitions {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(g *rapid.T) {
				log := logOf(t, madeUp(rand.New(rand.NewPCG(rapid.Uint64().Draw(g, "seed"), 0)), 120, 6, 12)...)
				order, err := log.BuiltIn(name, 1)
				if err != nil {
					g.Fatal(err)
				}
				c := &checked{Order: order, want: want}
				contest := evaluation.NewContest(log, whole())
				contest.Enter(name, c)
				if _, err := contest.Judge(t.Context()); err != nil || c.asked == 0 || c.wrong != "" {
					g.Fatalf("asked %d times: %s %v", c.asked, c.wrong, err)
				}
			})
		})
	}
}

// Nothing underflows: a year later, what was read last still stands before what was read first.
func TestDecay_TellsOldContentsApart(t *testing.T) {
	t.Parallel()
	rows := []evaluation.Row{did("a", "old", 0), did("a", "later", 1), did("b", "x", 2), did("b", "y", 3), did("b", "z", 4), did("a", "z", 5)}
	rows = append(rows, did("b", "later", 60*24*365))
	if o := judge(t, logOf(t, rows...), whole(), "decay-1h").Orders[0]; o.NDCG != 1 {
		t.Errorf("NDCG %v, want 1", o.NDCG)
	}
}

func TestMargin_IsPairedOverEvents(t *testing.T) {
	t.Parallel()
	log := logOf(t, madeUp(rand.New(rand.NewPCG(9, 9)), 2000, 20, 40)...)
	c := evaluation.NewContest(log, whole())
	same, err := log.BuiltIn("newest", 1)
	if err != nil {
		t.Fatal(err)
	}
	c.Enter("fil", same)
	if err := c.EnterBuiltIn("newest", "random"); err != nil {
		t.Fatal(err)
	}
	report, err := c.Judge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fil, newest, random := report.Orders[0], report.Orders[1], report.Orders[2]
	if fil.Margin != nil || newest.Margin.NDCG != 0 || newest.Margin.StdErr != 0 {
		t.Errorf("an order beside itself: %+v", newest.Margin)
	}
	if !near(random.Margin.NDCG, float64(fil.NDCG-random.NDCG)) && math.Abs(float64(random.Margin.NDCG-fil.NDCG+random.NDCG)) > 1e-6 || random.Margin.StdErr <= 0 {
		t.Errorf("margin %+v of %v over %v", random.Margin, fil.NDCG, random.NDCG)
	}
}

func TestAdd_NamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	bad := did("a", "b", 0)
	bad.Kind = "VIEW"
	if faults := fil.FaultsOf(evaluation.NewBuilder().Add(bad)); len(faults) != 1 || faults[0].Field != "kind" {
		t.Errorf("an unknown kind: %v", faults)
	}
	if faults := fil.FaultsOf(evaluation.NewBuilder().Add(did("", "b", 0))); len(faults) != 1 || faults[0].Field != "data.agent" {
		t.Errorf("no agent: %v", faults)
	}
}
