package roles

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/filtest"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/evaluation"
)

// tasteful is an installation whose agents have tastes, and a key to its policies. It gives the number of acts.
func tasteful(h *here) int {
	h.T.Helper()
	h.Keys["policy"] = h.key(fil.RolePolicy, access.Scope{})
	acts := h.Tastes()
	filtest.Eventually(h.T, "all contents to be known", func() bool { return h.server.house.catalogue.Len() == 80 })
	return acts
}

// tuned asks for weights, and gives the last line of the answer.
func (h *here) tuned(query string) (a TuneAnswer, weights ranking.Weights) {
	h.T.Helper()
	var last TuneLine
	lines := strings.Split(strings.TrimSpace(string(h.Must(http.MethodPost, "/v1/policies/tune"+query, h.Keys["policy"], "", 200).Body)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Result == nil {
		h.T.Fatalf("%v\n%s", err, lines)
	}
	policy, err := ranking.ParsePolicy([]byte(last.Result.Text))
	if err != nil {
		h.T.Fatal(err)
	}
	return *last.Result, policy.Weights
}

// witness keeps the times of the acts that it is told of, and ranks nothing.
type witness struct{ times []int64 }

func (*witness) Publish(int32, int64) {}
func (w *witness) Learn(acts []evaluation.Act) {
	for _, act := range acts {
		w.times = append(w.times, act.At)
	}
}
func (*witness) Scores(evaluation.Question, []float64) {}

// An installation learns from its own log what its agents read by, proposes it with its judgement, and puts it in force only when
// asked to.
func TestTuning(t *testing.T) {
	h := startHere(t, func(c *config.Config) { c.Ranking.Tuning.Apply, c.Ranking.Tuning.MinReads = config.TuneOff, 100 })
	acts, ctx, house := tasteful(h), context.Background(), h.server.house
	nonsense := fil.Record{Position: fil.Position{Topic: fil.TopicEngagements}, Key: "a1", Event: fil.Event{ID: "n", Source: "t", Type: "fil.engagement.nonsense", Data: []byte(`{}`)}}
	if err := house.events.Publish(ctx, []fil.Record{nonsense}); err != nil {
		t.Fatal(err)
	}
	base, nights := h.Published("name: blind\nweights: {topic: 0, recency: 3}")[0], house.tuning
	inForce := func(want, when string) {
		t.Helper()
		if got := house.policies.InForce().Policy; got != want {
			t.Fatalf("%s, %s is in force, want %s", when, got, want)
		}
	}

	shown, weights := h.tuned("")
	policy := house.policies.Current()
	before, _ := policy.Weights.Of("topic")
	if after, _ := weights.Of("topic"); after <= before {
		t.Errorf("all read by topic, whose weight goes from %v to %v", before, after)
	}
	if shown.Published || shown.Before != base || shown.Records != int64(acts)+1 || shown.Refused != 1 || shown.Share != 1 || shown.Steps == 0 {
		t.Errorf("not asked to propose: %+v", shown)
	}
	if _, known := house.policies.Edition(shown.After); known {
		t.Errorf("%s was published without being asked for", shown.After)
	}

	if done, _ := h.tuned("?propose=true"); !done.Published || done.After != shown.After {
		t.Errorf("proposed: %+v", done)
	}
	inForce(base, "after a proposal")
	if proposal, known := house.policies.Edition(shown.After); !known || !strings.Contains(proposal.Published.Note, "NDCG@10") {
		t.Errorf("the proposal is not kept with its judgement: %+v", proposal)
	}
	if again, _ := h.tuned("?propose=true"); again.Published {
		t.Error("the same weights were published twice")
	}

	night := func(day int, outcome string) {
		t.Helper()
		nights.night(ctx, time.Date(2031, 1, day, 3, 0, 0, 0, time.UTC))
		if got := h.metric("fil_tuning_runs_total", "outcome="+outcome); got != 1 {
			t.Errorf("night %d: %v nights ended as %q, want 1\n%s", day, got, outcome, h.Out)
		}
	}
	night(1, "same")
	night(1, "same") // taken already
	nights.cfg.MinReads = acts + 1
	night(2, "few")
	inForce(base, "after these nights")
	nights.cfg.MinReads, nights.cfg.Apply = 100, config.TunePublish
	night(3, "published")
	inForce(shown.After, "after a night that may publish")
	if feed := h.Feed("a0"); feed.Policy != shown.After {
		t.Errorf("the feed is by %s", feed.Policy)
	}
	if h.metric("fil_tuning_last_margin") <= 0 {
		t.Error("the margin is not told")
	}
}

// Acts of all partitions are told in the order of time; a sample has each of its agents whole.
func TestOwnLog(t *testing.T) {
	h := startHere(t, func(c *config.Config) { c.Ranking.Tuning.Apply = config.TuneOff })
	acts, ctx := tasteful(h), context.Background()
	log, got, err := h.server.house.tuning.gather(ctx, 90, 1000000, nil)
	if err != nil || log.FirstReads() != acts || got.Share != 1 {
		t.Fatalf("%d reads of %d, %+v, %v", log.FirstReads(), acts, got, err)
	}
	contest, seen := evaluation.NewContest(log, evaluation.Settings{Part: evaluation.Test, Now: time.Now}), &witness{}
	contest.Enter("witness", seen)
	if _, err := contest.Judge(ctx); err != nil || len(seen.times) < acts/2 || !slices.IsSorted(seen.times) {
		t.Errorf("%d acts told, in order: %v, %v", len(seen.times), slices.IsSorted(seen.times), err)
	}
	some, got, err := h.server.house.tuning.gather(ctx, 90, acts/2, nil)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := log.Size()
	agents, contents := some.Size()
	if n := some.FirstReads(); agents < all/4 || agents > 3*all/4 || n < acts/4 || n > 3*acts/4 || got.Records != int64(acts) || contents != 80 {
		t.Errorf("half of %d agents, %d acts and 80 contents: %d, %d, %d; %+v", all, acts, agents, n, contents, got)
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := tune(ctx, log, h.server.house.policies.Current(), "x", nil); err == nil {
		t.Error("tuning goes on after its context ended")
	}
}

// What may be chance is not put in force.
func TestSure(t *testing.T) {
	for _, c := range []struct {
		margin evaluation.Difference
		sure   bool
	}{{evaluation.Difference{NDCG: .03, StdErr: .01}, true}, {evaluation.Difference{NDCG: .02, StdErr: .01}, false}, {evaluation.Difference{}, false}, {evaluation.Difference{NDCG: -.03, StdErr: .01}, false}} {
		done := tuned{report: &evaluation.Report{Orders: []evaluation.Figures{{Margin: &c.margin}}}}
		if done.sure() != c.sure {
			t.Errorf("%+v: sure %v, want %v", c.margin, !c.sure, c.sure)
		}
	}
}

// The next night is on the clock of the zone, over the changes of hour too.
func TestNextNight(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	nights := &tuning{cfg: config.Tuning{At: "03:00"}, zone: paris}
	for now, want := range map[string]string{
		"2026-11-26T01:59:59Z": "2026-11-26T02:00:00Z", "2026-11-26T02:00:00Z": "2026-11-27T02:00:00Z", "2026-07-01T12:00:00Z": "2026-07-02T01:00:00Z",
		"2026-10-24T22:00:00Z": "2026-10-25T02:00:00Z",
	} {
		at, _ := time.Parse(time.RFC3339, now)
		if got := nights.next(at).UTC().Format(time.RFC3339); got != want {
			t.Errorf("after %s: %s, want %s", now, got, want)
		}
	}
}
