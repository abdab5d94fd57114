package roles

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/evaluation"
	"github.com/filengine/fil/ranking/rulebook"
)

// tuned is what came of learning weights from a log.
type tuned struct {
	before, after ranking.Policy
	text          []byte // the file of the one after
	steps         int    // reads learned from
	report        *evaluation.Report
}

// learned names the policy after, as an order of the contest.
const learned = "fil"

// Tune learns weights from all but the test part of a log, starting from those of a policy, and tells both policies as they are
// judged on that part, in a language. The error is evaluation.ErrNothing when there is too little.
func Tune(ctx context.Context, log *evaluation.Log, before ranking.Policy, name, language string, progress func(done, all int)) (TuneAnswer, error) {
	done, err := tune(ctx, log, before, name, progress)
	if err != nil {
		return TuneAnswer{}, err
	}
	return done.answer(language)
}

// tune learns weights, starting from those of a policy, from all but the test part of a log, and judges both policies on that
// part. The error is evaluation.ErrNothing when there is too little.
func tune(ctx context.Context, log *evaluation.Log, before ranking.Policy, name string, progress func(done, all int)) (tuned, error) {
	weights, steps, err := evaluation.Tune(ctx, log, before)
	if err != nil {
		return tuned{}, err
	}
	if steps == 0 {
		return tuned{}, evaluation.ErrNothing
	}
	out := tuned{before: before, steps: steps}
	if out.after, out.text, err = proposed(before, weights, name, steps); err != nil {
		return out, err
	}
	contest := evaluation.NewContest(log, evaluation.Settings{Part: evaluation.Test, Seed: 1, Now: time.Now, Progress: progress})
	contest.Enter(before.Version, evaluation.NewFil(log, before, true))
	contest.Enter(learned, evaluation.NewFil(log, out.after, true)) // named so that margins are over the other
	out.report, err = contest.Judge(ctx)
	return out, err
}

// margin is the NDCG@10 of the policy after less that of the one before, read by read.
func (t tuned) margin() evaluation.Difference { return *t.report.Orders[0].Margin }

// sure says whether the margin is above two standard errors, on many reads.
func (t tuned) sure() bool {
	m := t.margin()
	return m.NDCG > 0 && m.NDCG > 2*m.StdErr
}

// same says whether the weights are those of before, to three decimals.
func (t tuned) same() bool { return t.after.Weights == t.before.Weights.Rounded() }

// note says how the proposal was judged, for whoever looks at it later.
func (t tuned) note() string {
	before, after, m := t.report.Orders[0], t.report.Orders[1], t.margin()
	figures := fmt.Sprintf("NDCG@10 %.3f → %.3f (%+.4f ± %.4f), hit@10 %.3f → %.3f", float64(before.NDCG), float64(after.NDCG), float64(m.NDCG), float64(m.StdErr), float64(before.Hit), float64(after.Hit))
	return fmt.Sprintf("Poids appris de %d lectures, depuis %s ; sur %d lectures jamais vues : %s. / Weights learned from %d reads, from %s; on %d reads never seen: %s.",
		t.steps, t.before.Version, t.report.Judged, figures, t.steps, t.before.Version, t.report.Judged, figures)
}

// TuneAnswer is a proposal as it is told, by a server or of a file.
type TuneAnswer struct {
	Before    string            `json:"before"`
	After     string            `json:"after"`
	Text      string            `json:"text" doc:"Le fichier / the file"`
	Steps     int               `json:"steps" doc:"Lectures dont les poids sont appris / reads that the weights were learned from"`
	Changes   []rulebook.Change `json:"changes"`
	Report    json.RawMessage   `json:"report" doc:"Le jugement, comme de fil evaluate --json / the judgement, as of fil evaluate --json"`
	Published bool              `json:"published" doc:"Cette version vient d'être publiée, sans être en vigueur / this version was published now, and is not in force"`

	*evaluation.Gathered
}

func (t tuned) answer(language string) (TuneAnswer, error) {
	report, err := json.Marshal(t.report)
	if err != nil {
		return TuneAnswer{}, fmt.Errorf("encode the judgement: %w", err)
	}
	return TuneAnswer{
		Before: t.before.Version, After: t.after.Version, Text: string(t.text), Steps: t.steps, Report: report,
		Changes: rulebook.Compare(t.before, t.after, language),
	}, nil
}

// proposed is a policy with other weights, and its file.
func proposed(before ranking.Policy, weights ranking.Weights, name string, steps int) (after ranking.Policy, text []byte, err error) {
	after = before
	after.Name, after.Weights = name, weights.Rounded()
	file, err := after.File()
	if err != nil {
		return after, nil, fmt.Errorf("write the policy: %w", err)
	}
	text = fmt.Appendf(nil, "# Poids appris de %d lectures, depuis %s. / Weights learned from %d reads, starting from %s.\n%s", steps, before.Version, steps, before.Version, file)
	if after, err = ranking.ParsePolicy(text); err != nil {
		return after, nil, fmt.Errorf("read back the policy: %w", err)
	}
	return after, text, nil
}
