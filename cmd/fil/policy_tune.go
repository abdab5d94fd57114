package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/evaluation"
	"github.com/filengine/fil/ranking/rulebook"
)

// policyTuneCommand learns weights from a log up to its test part, and judges them on that part: of files, without a server,
// or of an installation, by its server.
type policyTuneCommand struct {
	serverFlags
	Files   []string `arg:"" optional:"" help:"${help_policy_tune_files}" type:"existingfile"`
	Name    string   `help:"${help_policy_tune_name}" default:"fil-tuned" placeholder:"NOM"`
	Output  string   `short:"o" help:"${help_policy_tune_output}" placeholder:"FICHIER"`
	Propose bool     `help:"${help_policy_tune_propose}"`
	Days    int      `help:"${help_policy_tune_days}" default:"90" placeholder:"N"`
	Acts    int      `help:"${help_policy_tune_acts}" default:"1000000" placeholder:"N"`
	Policy  string   `help:"${help_evaluate_policy}" type:"existingfile" placeholder:"FICHIER"`
	Map     []string `help:"${help_evaluate_map}" sep:"none" placeholder:"CHAMP=COLONNE,…"`
	Const   []string `help:"${help_const}" sep:"none" placeholder:"CHAMP=VALEUR"`
	Value   []string `help:"${help_value}" sep:"none" placeholder:"CHAMP:DE=VERS"`
}

func (c *policyTuneCommand) Run(w *world) error {
	if len(c.Files) > 0 {
		return c.ofFiles(w)
	}
	return c.ofServer(w)
}

func (c *policyTuneCommand) ofFiles(w *world) error {
	if c.Propose || c.Output == "" {
		return w.misused(fil.Bilingual{FR: "d'un fichier : -o FICHIER, sans --propose ; puis fil policy publish", EN: "of a file: -o FILE, without --propose; then fil policy publish"})
	}
	asked := evaluateCommand{Files: c.Files, Policy: c.Policy, Map: c.Map, Const: c.Const, Value: c.Value, Format: "rows", Part: string(evaluation.Test)}
	before, err := policyFileOr(w, c.Policy)
	if err != nil {
		return err
	}
	log, _, err := asked.read(w)
	if err != nil {
		return err
	}
	done, err := tune(w.ctx, log, before, c.Name, progress(w))
	if errors.Is(err, evaluation.ErrNothing) {
		return w.misused(nothingToJudge(log, asked.Part))
	}
	if err != nil {
		return err
	}
	answer, err := done.answer(language(w.Environ))
	if err != nil {
		return err
	}
	return c.tell(w, answer)
}

// ofServer asks a server to learn from its own log and follows what it says. Ended by an interrupt, it closes the connection,
// which stops the server's work.
func (c *policyTuneCommand) ofServer(w *world) error {
	if c.Policy != "" || len(c.Map)+len(c.Const)+len(c.Value) > 0 {
		return w.misused(fil.Bilingual{FR: "--policy, --map, --const et --value sont pour un fichier : donnez-le", EN: "--policy, --map, --const and --value are for a file: give it"})
	}
	query := url.Values{"days": {strconv.Itoa(c.Days)}, "acts": {strconv.Itoa(c.Acts)}, "name": {c.Name}, "propose": {strconv.FormatBool(c.Propose)}}
	answer, err := c.open(w.ctx, w, http.MethodPost, "/v1/policies/tune", query, nil)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Close() }()
	var last tuneLine
	lines := bufio.NewScanner(answer)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		last = tuneLine{}
		if err := json.Unmarshal(lines.Bytes(), &last); err != nil {
			return fmt.Errorf("read the progress: %w", err)
		}
		if isTerminal(w.Err) && last.Result == nil {
			_, _ = fmt.Fprintf(w.Err, "\r\x1b[K%s %d / %d", last.Step, last.Read, last.Of)
		}
	}
	if isTerminal(w.Err) {
		_, _ = fmt.Fprint(w.Err, "\r\x1b[K")
	}
	switch {
	case last.Error != "":
		return fmt.Errorf("tune: %s", last.Error)
	case last.Result == nil:
		return errors.Join(errors.New("tune: the server went away before the end; nothing was published, run it again"), lines.Err())
	}
	return c.tell(w, *last.Result)
}

// tell writes the proposal and its judgement.
func (c *policyTuneCommand) tell(w *world, a tuneAnswer) error {
	if c.Output != "" {
		if err := os.WriteFile(c.Output, []byte(a.Text), 0o644); err != nil { //nolint:gosec // a policy is public
			return fmt.Errorf("write the policy: %w", err)
		}
	}
	if c.JSON {
		return w.json(a)
	}
	var report evaluation.Report
	if err := json.Unmarshal(a.Report, &report); err != nil {
		return fmt.Errorf("read the judgement: %w", err)
	}
	if err := printReport(w, &report); err != nil {
		return err
	}
	say := func(fr, en string) string { return fil.Bilingual{FR: fr, EN: en}.In(language(w.Environ)) }
	text := "\n" + changesText(w, a.Before, a.After, a.Changes)
	text += fmt.Sprintf(say("\nVersion %s, apprise de %d lectures d'avant la partie jugée, qu'elle n'a jamais vue.\n",
		"\nVersion %s, learned from %d reads before the judged part, which it has never seen.\n"), a.After, a.Steps)
	if a.Gathered != nil {
		text += fmt.Sprintf(say("%d enregistrements lus, dont %d refusés, de %.3g %% des agents. Chaque contenu est supposé proposé à tous : à qui il était destiné alors n'est pas connu.\n",
			"%d records read, of which %d refused, of %.3g%% of the agents. Each content is taken as offered to all: whom it was for at the time is not known.\n"), a.Records, a.Refused, 100*a.Share)
	}
	switch {
	case c.Propose && a.Published:
		text += fmt.Sprintf(say("Publiée, sans être en vigueur. Puis : fil policy publish %s\n", "Published, and not in force. Then: fil policy publish %s\n"), a.After)
	case c.Propose:
		text += say("Rien n'est publié : cette version, ou ces poids, le sont déjà.\n", "Nothing is published: this version, or these weights, are already.\n")
	case c.Output != "":
		text += fmt.Sprintf(say("Puis : fil policy publish %s\n", "Then: fil policy publish %s\n"), c.Output)
	}
	return w.print(text)
}

// tuned is what came of learning weights from a log.
type tuned struct {
	before, after ranking.Policy
	text          []byte // the file of the one after
	steps         int    // reads learned from
	report        *evaluation.Report
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
	contest.Enter(orderFil, evaluation.NewFil(log, out.after, true)) // named so that margins are over the other
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

// tuneAnswer is a proposal as it is told.
type tuneAnswer struct {
	Before    string            `json:"before"`
	After     string            `json:"after"`
	Text      string            `json:"text" doc:"Le fichier / the file"`
	Steps     int               `json:"steps" doc:"Lectures dont les poids sont appris / reads that the weights were learned from"`
	Changes   []rulebook.Change `json:"changes"`
	Report    json.RawMessage   `json:"report" doc:"Le jugement, comme de fil evaluate --json / the judgement, as of fil evaluate --json"`
	Published bool              `json:"published" doc:"Cette version vient d'être publiée, sans être en vigueur / this version was published now, and is not in force"`

	*evaluation.Gathered
}

func (t tuned) answer(language string) (tuneAnswer, error) {
	report, err := json.Marshal(t.report)
	if err != nil {
		return tuneAnswer{}, fmt.Errorf("encode the judgement: %w", err)
	}
	return tuneAnswer{
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
