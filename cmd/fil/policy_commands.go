package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/rulebook"
)

// policyCommands are the commands about the ranking policy.
type policyCommands struct {
	Check   policyCheckCommand   `cmd:"" help:"${help_policy_check}"`
	Diff    policyDiffCommand    `cmd:"" help:"${help_policy_diff}"`
	Explain policyExplainCommand `cmd:"" help:"${help_policy_explain}"`
	Publish policyPublishCommand `cmd:"" help:"${help_policy_publish}"`
	History policyHistoryCommand `cmd:"" aliases:"list" help:"${help_policy_history}"`
	Show    policyShowCommand    `cmd:"" help:"${help_policy_show}"`
	Tune    policyTuneCommand    `cmd:"" help:"${help_policy_tune}"`

	Simulate policySimulateCommand `cmd:"" help:"${help_policy_simulate}"`
}

type policyCheckCommand struct {
	File string `arg:"" help:"${help_policy_file}" type:"existingfile"`
}

func (c *policyCheckCommand) Run(w *world) error {
	policy, err := policyFile(w, c.File)
	if err != nil {
		return err
	}
	changes := rulebook.Compare(ranking.DefaultPolicy(), policy, language(w.Environ))
	_, err = fmt.Fprintf(w.Out, fil.Bilingual{
		FR: "%s : rien à redire ; %d clé(s) autres que par défaut\n", EN: "%s: nothing to mend; %d key(s) other than by default\n",
	}.In(language(w.Environ)), policy.Version, len(changes))
	return err
}

// policyFile reads a policy file. Its faults are written one a line, each at its place, and the command ends with 1.
func policyFile(w *world, path string) (ranking.Policy, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return ranking.Policy{}, fmt.Errorf("read policy: %w", err)
	}
	policy, err := ranking.ParsePolicy(raw)
	faults := fil.FaultsOf(err)
	if len(faults) == 0 {
		return policy, err //nolint:wrapcheck // it names the policy
	}
	for _, fault := range faults {
		_, _ = fmt.Fprintf(w.Err, "%s: %s: %s\n", path, fault.Field, fault.Problem.In(language(w.Environ)))
	}
	return ranking.Policy{}, exitStatus(exitFailed)
}

// policyFileOr reads a policy file; without one, it is the default policy.
func policyFileOr(w *world, path string) (ranking.Policy, error) {
	if path == "" {
		return ranking.DefaultPolicy(), nil
	}
	return policyFile(w, path)
}

// policyServer are the flags of the commands that may ask a server for a version.
type policyServer struct{ serverFlags }

type policyEdition struct {
	Version  string
	InForce  bool      `json:"in_force"`
	At       time.Time `json:"published_at"`
	By, Note string
	Text     string
	Settings json.RawMessage
}

// edition asks the server for a version, "current" for the one in force.
func (f policyServer) edition(w *world, version string) (edition policyEdition, err error) {
	path := "/v1/policies/" + url.PathEscape(version)
	if version == fil.KeyInForce {
		path = "/v1/policy"
	}
	raw, err := f.call(w, http.MethodGet, path, nil, nil)
	if err != nil {
		return edition, err
	}
	if version == fil.KeyInForce {
		var whole struct{ Policy policyEdition }
		err = json.Unmarshal(raw, &whole)
		edition = whole.Policy
	} else {
		err = json.Unmarshal(raw, &edition)
	}
	if err != nil {
		return edition, fmt.Errorf("decode the answer of %s: %w", path, err)
	}
	return edition, nil
}

// policy finds what an argument names: a file that is there, this program's default, or a version of the server.
func (f policyServer) policy(w *world, named string) (ranking.Policy, error) {
	if named == "default" {
		return ranking.DefaultPolicy(), nil
	}
	if _, err := os.Stat(named); !errors.Is(err, fs.ErrNotExist) {
		return policyFile(w, named)
	}
	if err := missingFile(w, named); err != nil {
		return ranking.Policy{}, err
	}
	edition, err := f.edition(w, named)
	if err != nil {
		return ranking.Policy{}, err
	}
	policy, err := ranking.ParsePolicy(edition.Settings)
	if err != nil {
		return ranking.Policy{}, said(w, fil.Bilingual{FR: "%s a été publiée par un autre programme que celui-ci : %w", EN: "%s was published by another program than this one: %w"}, named, err)
	}
	policy.Version = edition.Version
	return policy, nil
}

// missingFile refuses what can only be a file, and is not there.
func missingFile(w *world, named string) error {
	if strings.ContainsAny(named, "/\\") || strings.HasSuffix(named, ".yaml") || strings.HasSuffix(named, ".yml") {
		return said(w, fil.Bilingual{FR: "%s : il n'y a pas de tel fichier", EN: "%s: there is no such file"}, named)
	}
	return nil
}

type policyDiffCommand struct {
	policyServer
	Before string `arg:"" help:"${help_policy_one}"`
	After  string `arg:"" help:"${help_policy_one}"`
}

func (c *policyDiffCommand) Run(w *world) error {
	before, err := c.policy(w, c.Before)
	if err != nil {
		return err
	}
	after, err := c.policy(w, c.After)
	if err != nil {
		return err
	}
	changes := rulebook.Compare(before, after, language(w.Environ))
	if c.JSON {
		return w.json(changes)
	}
	return w.print(changesText(w, before.Version, after.Version, changes))
}

func (w *world) json(value any) error {
	out := json.NewEncoder(w.Out)
	out.SetEscapeHTML(false)
	return out.Encode(value)
}

// changesText writes what changes from one policy to another, the words first.
func changesText(w *world, before, after string, changes []rulebook.Change) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s → %s\n", before, after)
	if len(changes) == 0 {
		b.WriteString(fil.Bilingual{FR: "rien ne change\n", EN: "nothing changes\n"}.In(language(w.Environ)))
	}
	none := fil.Bilingual{FR: "(absent)", EN: "(absent)"}.In(language(w.Environ))
	for _, c := range changes {
		was, is := c.Before, c.After
		if was == "" {
			was = none
		}
		if is == "" {
			is = none
		}
		fmt.Fprintf(&b, "  %s : %s → %s\n     %s\n", c.Key, was, is, c.Says)
	}
	return b.String()
}

type policyExplainCommand struct {
	policyServer
	Policy string `arg:"" optional:"" default:"current" help:"${help_policy_one}"`
}

func (c *policyExplainCommand) Run(w *world) error {
	policy, err := c.policy(w, c.Policy)
	if err != nil {
		return err
	}
	statement := rulebook.State(policy, language(w.Environ))
	if c.JSON {
		return w.json(statement)
	}
	return w.print(statement.Text())
}

type policyShowCommand struct {
	policyServer
	Version string `arg:"" optional:"" default:"current" help:"${help_policy_version}"`
}

func (c *policyShowCommand) Run(w *world) error {
	edition, err := c.edition(w, c.Version)
	if err != nil {
		return err
	}
	if c.JSON {
		return w.json(edition)
	}
	if edition.Text == "" { // it was never published: every key, which is YAML too
		edition.Text = string(edition.Settings) + "\n"
	}
	return w.print(edition.Text)
}

type policyHistoryCommand struct{ policyServer }

func (c *policyHistoryCommand) Run(w *world) error {
	type answer struct {
		Policies []policyEdition
		Past     []fil.Reign
	}
	list, decoded, err := get[answer](w, c.serverFlags, http.MethodGet, "/v1/policies", nil, nil)
	if err != nil || !decoded {
		return err
	}
	var b strings.Builder
	tab := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for _, edition := range list.Policies {
		mark := map[bool]string{true: "*", false: " "}[edition.InForce]
		_, _ = fmt.Fprintf(tab, "%s %s\t%s\t%s\t%s\n", mark, edition.Version, moment(edition.At), edition.By, edition.Note)
	}
	if len(list.Past) > 0 {
		_, _ = fmt.Fprintln(tab, fil.Bilingual{FR: "\nEn vigueur auparavant :", EN: "\nIn force before:"}.In(language(w.Environ)))
	}
	for _, reign := range list.Past {
		_, _ = fmt.Fprintf(tab, "  %s\t%s\t%s\t%s\n", reign.Policy, moment(reign.Since), reign.By, reign.Note)
	}
	if err := tab.Flush(); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	return w.print(b.String())
}

func moment(at time.Time) string {
	if at.IsZero() {
		return notTold
	}
	return at.Format(time.RFC3339)
}

type policyPublishCommand struct {
	policyServer
	Policy string `arg:"" help:"${help_policy_one}"`
	Note   string `help:"${help_policy_note}"`
	Yes    bool   `help:"${help_policy_yes}"`
}

type policyOutcome struct {
	Before, After string
	Changed       bool
	Ended         string
	Shown         bool
	Changes       []rulebook.Change
}

func (c *policyPublishCommand) Run(w *world) error {
	body := map[string]string{"note": c.Note}
	raw, err := os.ReadFile(c.Policy)
	switch {
	case err == nil:
		if _, err := policyFile(w, c.Policy); err != nil {
			return err
		}
		body["text"] = string(raw)
	case errors.Is(err, fs.ErrNotExist):
		if err := missingFile(w, c.Policy); err != nil {
			return err
		}
		body["version"] = c.Policy
	default:
		return fmt.Errorf("read policy: %w", err)
	}
	query := url.Values{}
	if !c.Yes {
		query.Set("dry_run", "true")
	}
	outcome, decoded, err := get[policyOutcome](w, c.serverFlags, http.MethodPut, "/v1/policies/current", query, body)
	if err == nil && decoded {
		err = w.print(c.summary(w, outcome))
	}
	if err == nil && !c.Yes && (!decoded || outcome.Changed) {
		return exitStatus(exitPending)
	}
	return err
}

// summary says what was done, or what --yes would do.
func (c *policyPublishCommand) summary(w *world, done policyOutcome) string {
	say := func(fr, en string) string { return fil.Bilingual{FR: fr, EN: en}.In(language(w.Environ)) }
	text := changesText(w, done.Before, done.After, done.Changes)
	if done.Ended != "" {
		text += fmt.Sprintf(say("L'expérience « %s » prend fin.\n", "The experiment “%s” ends.\n"), done.Ended)
	}
	switch {
	case !done.Changed:
		text += say("Déjà en vigueur : rien n'est écrit.\n", "In force already: nothing is written.\n")
	case !c.Yes:
		text += say("Rien n'est fait : ajoutez --yes pour que chaque fil suive cette politique à sa prochaine lecture.\n", "Nothing is done: add --yes to have each feed follow this policy at its next read.\n")
	case done.Shown:
		text += fmt.Sprintf(say("En vigueur. Pour revenir en arrière : fil policy publish %s --yes\n", "In force. To go back: fil policy publish %s --yes\n"), done.Before)
	default:
		text += say("Dans le journal ; ce serveur en tiendra compte dès qu'il l'aura lu.\n", "In the log; this server will go by it as soon as it has read it.\n")
	}
	return text
}

// policyTexts are the texts of `fil policy`.
func policyTexts() map[string]fil.Bilingual {
	return map[string]fil.Bilingual{
		"help_policy":         {FR: "Lire, comparer et publier la politique de classement.", EN: "Read, compare and publish the ranking policy."},
		"help_policy_check":   {FR: "Vérifier un fichier de politique, sans serveur, et dire sa version.", EN: "Check a policy file, without a server, and say its version."},
		"help_policy_diff":    {FR: "Comparer deux politiques, clé par clé, et dire ce que cela change.", EN: "Compare two policies, key by key, and say what it changes."},
		"help_policy_explain": {FR: "Dire les règles telles qu'elles s'appliquent ; sans argument, celles en vigueur.", EN: "State the rules as they run; without an argument, those in force."},
		"help_policy_publish": {FR: "Publier un fichier et le mettre en vigueur, ou revenir à une version ; sans --yes, dire seulement ce qui changerait (état 3).", EN: "Publish a file and put it in force, or go back to a version; without --yes, only tell what would change (status 3)."},
		"help_policy_history": {FR: "Lister les versions publiées et ce qui fut en vigueur.", EN: "List the published versions and what was in force."},
		"help_policy_tune": {FR: "Apprendre des poids du journal de l'installation, ou d'un fichier de lectures sans serveur, et proposer une politique avec son jugement sur ce qu'elle n'a pas vu.",
			EN: "Learn weights from the installation's log, or from a file of reads without a server, and propose a policy with its judgement on what it has not seen."},
		"help_policy_tune_files":   {FR: "Fichiers à lire ; sans cela, le serveur lit le journal de l'installation.", EN: "Files to read; without any, the server reads the installation's log."},
		"help_policy_tune_propose": {FR: "Publier la version apprise, sans la mettre en vigueur.", EN: "Publish the version that was learned, and do not put it in force."},
		"help_policy_tune_days":    {FR: "Du journal de l'installation, ces derniers jours.", EN: "Of the installation's log, these last days."},
		"help_policy_tune_acts":    {FR: "Actes lus du journal de l'installation, au plus, environ : au-delà, ceux d'un échantillon d'agents.", EN: "Acts read of the installation's log, at most, about: beyond, those of a sample of the agents."},
		"help_policy_tune_name":    {FR: "Nom de la politique proposée.", EN: "Name of the proposed policy."},
		"help_policy_tune_output":  {FR: "Fichier de la politique proposée.", EN: "File of the proposed policy."},
		"help_policy_show":         {FR: "Écrire le fichier d'une version ; sans argument, celui de la version en vigueur.", EN: "Write the file of a version; without an argument, that of the version in force."},
		"help_policy_file":         {FR: "Fichier de politique, en YAML.", EN: "Policy file, in YAML."},
		"help_policy_one":          {FR: "Fichier, version, « default » (celle de ce programme) ou « current » (celle en vigueur).", EN: "File, version, 'default' (this program's) or 'current' (the one in force)."},
		"help_policy_version":      {FR: "Version, comme fil-2-3f2a9c01.", EN: "Version, such as fil-2-3f2a9c01."},
		"help_policy_note":         {FR: "Pourquoi, en une phrase, gardé avec la version.", EN: "Why, in a sentence, kept with the version."},
		"help_policy_yes":          {FR: "Le faire.", EN: "Do it."},
		"help_policy_simulate": {FR: "Vivre des semaines dans des maisons inventées, sans serveur, et dire ce que coûte et rapporte la part réservée à la découverte.",
			EN: "Live weeks in made-up houses, without a server, and tell what the share reserved for discovery costs and gains."},
		"help_policy_simulate_shares": {FR: "Parts comparées ; les autres le sont à la première.", EN: "Shares that are compared; the others with the first."},
		"help_policy_simulate_houses": {FR: "Maisons tirées au sort.", EN: "Houses, drawn at random."},
		"help_policy_simulate_days":   {FR: "Jours vécus dans chacune.", EN: "Days lived in each."},
	}
}
