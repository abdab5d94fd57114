package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/roles"
	"github.com/filengine/fil/ranking/evaluation"
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
	answer, err := roles.Tune(w.ctx, log, before, c.Name, language(w.Environ), progress(w))
	if errors.Is(err, evaluation.ErrNothing) {
		return w.misused(nothingToJudge(log, asked.Part))
	}
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
	var last roles.TuneLine
	lines := bufio.NewScanner(answer)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		last = roles.TuneLine{}
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
func (c *policyTuneCommand) tell(w *world, a roles.TuneAnswer) error {
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
