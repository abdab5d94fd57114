package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/importer"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/evaluation"
)

// evaluateCommand judges orders on a log, without a server.
type evaluateCommand struct {
	Files  []string `arg:"" help:"${help_files}" type:"existingfile"`
	JSON   bool     `help:"${help_json}"`
	Part   string   `help:"${help_evaluate_part}" enum:"validation,test" default:"test"`
	Orders []string `help:"${help_evaluate_orders}" placeholder:"ORDRE,…" xor:"what"`
	Format string   `help:"${help_evaluate_format}" enum:"rows,mind" default:"rows"`
	News   string   `help:"${help_evaluate_news}" type:"existingfile" placeholder:"FICHIER"`
	Map    []string `help:"${help_evaluate_map}" sep:"none" placeholder:"CHAMP=COLONNE,…"`
	Const  []string `help:"${help_const}" sep:"none" placeholder:"CHAMP=VALEUR"`
	Value  []string `help:"${help_value}" sep:"none" placeholder:"CHAMP:DE=VERS"`
	Events int      `help:"${help_evaluate_events}" placeholder:"N"`
	Policy string   `help:"${help_evaluate_policy}" type:"existingfile" placeholder:"FICHIER"`
	Seed   uint64   `help:"${help_evaluate_seed}" default:"1"`

	Shuffled bool `help:"${help_evaluate_shuffled}"`
	Ablation bool `help:"${help_evaluate_ablation}" xor:"what"`
}

func (c *evaluateCommand) Run(w *world) error {
	if err := c.check(w); err != nil {
		return err
	}
	log, refused, err := c.read(w)
	if err != nil {
		return err
	}
	policy, err := policyFileOr(w, c.Policy)
	if err != nil {
		return err
	}
	contest := evaluation.NewContest(log, evaluation.Settings{
		Part: evaluation.Part(c.Part), Events: c.Events, Seed: c.Seed, Shuffled: c.Shuffled, Now: time.Now, Progress: progress(w),
	})
	if err := c.enter(w, contest, log, policy); err != nil {
		return err
	}
	report, err := contest.Judge(w.ctx)
	if errors.Is(err, evaluation.ErrNothing) {
		return w.misused(nothingToJudge(log, c.Part))
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(w.Out).Encode(struct {
			*evaluation.Report
			Refused int `json:"refused"`
		}{report, refused})
	}
	return printReport(w, report)
}

func (c *evaluateCommand) check(w *world) error {
	known := append(evaluation.BuiltIn(), orderFil, orderFrozen)
	for i, name := range c.Orders {
		name = strings.ReplaceAll(name, "*", "×")
		c.Orders[i] = name
		if slices.Contains(known, name) {
			continue
		}
		meant := fil.Bilingual{}
		if nearest := fil.Nearest(name, known); nearest != "" {
			meant = fil.Bilingual{FR: " ; vouliez-vous dire " + nearest + " ?", EN: "; did you mean " + nearest + "?"}
		}
		all := strings.Join(known, ", ")
		return w.misused(fil.Bilingual{FR: fmt.Sprintf("--orders : %q n'est pas un ordre%s Ordres : %s", name, meant.FR, all), EN: fmt.Sprintf("--orders: %q is not an order%s Orders: %s", name, meant.EN, all)})
	}
	if c.Format == "mind" && len(c.Map)+len(c.Const)+len(c.Value) > 0 {
		return w.misused(fil.Bilingual{FR: "--format mind : ses colonnes sont connues ; ôtez --map, --const et --value", EN: "--format mind: its columns are known; leave --map, --const and --value out"})
	}
	if c.Shuffled && c.Format != "mind" {
		return w.misused(fil.Bilingual{FR: "--shuffled parle de ce qui fut affiché, que seul --format mind donne", EN: "--shuffled is about what was shown, which only --format mind gives"})
	}
	if c.News != "" && c.Format != "mind" {
		return w.misused(fil.Bilingual{FR: "--news dit les thèmes des contenus d'un journal --format mind ; ailleurs, --map topics=colonne", EN: "--news tells the topics of the contents of a --format mind log; elsewhere, --map topics=column"})
	}
	if c.Events < 0 {
		return w.misused(fil.Bilingual{FR: "--events : un nombre positif", EN: "--events: a positive number"})
	}
	return nil
}

func (c *evaluateCommand) names() []string {
	if len(c.Orders) > 0 {
		return c.Orders
	}
	return append(evaluation.BuiltIn(), orderFil)
}

// The orders that are Fil's own: with weights learned from what came before, and with those of the policy alone.
const (
	orderFil    = "fil"
	orderFrozen = "fil-untuned"
)

// enter enters what is to be judged.
func (c *evaluateCommand) enter(w *world, contest *evaluation.Contest, log *evaluation.Log, policy ranking.Policy) error {
	if c.Ablation {
		contest.EnterAblation(policy)
		return nil
	}
	for _, name := range c.names() {
		switch name {
		case orderFil, orderFrozen:
			contest.Enter(name, evaluation.NewFil(log, policy, name == orderFrozen))
			continue
		}
		if err := contest.EnterBuiltIn(name); err != nil {
			return w.misused(fil.Bilingual{FR: "--orders : " + name + " est donné deux fois", EN: "--orders: " + name + " is given twice"})
		}
	}
	return nil
}

// gathering is a log being read. Rows that are no act are left aside and counted, the first of them told.
type gathering struct {
	*world
	builder        *evaluation.Builder
	taken, refused int
	first          fil.Bilingual // what was wrong with the first refused
}

func (g *gathering) add(where string, wrong error) error {
	if wrong == nil {
		g.taken++
		return g.ctx.Err()
	}
	const told = 3
	g.refused++
	why := fil.Bilingual{FR: where + " : " + wrong.Error(), EN: where + ": " + wrong.Error()}
	if faults := fil.FaultsOf(wrong); faults != nil {
		why = faultOf(where, faults[0])
	}
	if g.refused == 1 {
		g.first = why
	}
	if g.refused <= told {
		_, _ = fmt.Fprintln(g.Err, why.In(language(g.Environ)))
	}
	return nil
}

// read makes a log of the files. When most rows are no acts, the mapping is wrong.
func (c *evaluateCommand) read(w *world) (log *evaluation.Log, refused int, err error) {
	g := &gathering{world: w, builder: evaluation.NewBuilder()}
	if c.Format == "mind" {
		err = c.readShowings(g)
	} else {
		err = c.readRows(g)
	}
	all := g.refused + g.taken
	switch {
	case err != nil:
		return nil, 0, w.misread(err)
	case g.refused > g.taken:
		return nil, 0, w.misused(fil.Bilingual{
			FR: fmt.Sprintf("%d lignes sur %d ne peuvent être jugées. La première : %s", g.refused, all, g.first.FR),
			EN: fmt.Sprintf("%d rows of %d cannot be judged. The first: %s", g.refused, all, g.first.EN)})
	case g.refused > 0:
		_, _ = fmt.Fprintf(w.Err, fil.Bilingual{FR: "%d lignes laissées de côté sur %d\n", EN: "%d rows left aside of %d\n"}.In(language(w.Environ)), g.refused, all)
	}
	return g.builder.Log(), g.refused, nil
}

func (c *evaluateCommand) readRows(g *gathering) error {
	options := importer.Options{Map: c.Map, Const: c.Const, Value: c.Value}
	if isTerminal(g.Err) {
		options.Progress = g.Err
	}
	mapping, err := importer.NewActMapping(options)
	if err != nil {
		return err
	}
	return mapping.Rows(c.Files, func(r importer.Row) error {
		act, faults := mapping.Act(r)
		if faults != nil {
			return g.add(r.Where, faults)
		}
		return g.add(r.Where, g.builder.Add(evaluation.Row(act)))
	})
}

func (c *evaluateCommand) readShowings(g *gathering) error {
	for _, path := range c.Files {
		err := importer.Open(path, func(r io.Reader) error {
			return evaluation.ReadShowings(r, func(line int, s evaluation.Showing, wrong error) error {
				if wrong == nil {
					wrong = g.builder.AddShowing(s)
				}
				return g.add(fmt.Sprintf("%s:%d", path, line), wrong)
			})
		})
		if err != nil {
			return err
		}
	}
	if c.News == "" {
		return nil
	}
	return importer.Open(c.News, func(r io.Reader) error { //nolint:wrapcheck // it names the file
		return evaluation.ReadNews(r, func(line int, n evaluation.News, wrong error) error {
			if wrong == nil {
				g.builder.AddNews(n)
			}
			return g.add(fmt.Sprintf("%s:%d", c.News, line), wrong)
		})
	})
}

// faultOf says where a row is wrong and why. Faults of an engagement name the fields of its event.
func faultOf(where string, f *fil.Fault) fil.Bilingual {
	field := strings.TrimPrefix(f.Field, "data.")
	if field != "" {
		field += " "
	}
	return fil.Bilingual{FR: where + " : " + field + f.Problem.FR, EN: where + ": " + field + f.Problem.EN}
}

// misread is a wrong use if the importer says so.
func (w *world) misread(err error) error {
	var misuse *importer.UsageError
	if errors.As(err, &misuse) {
		return w.misused(misuse.Problem)
	}
	return fmt.Errorf("read the log: %w", err)
}

// nothingToJudge says what a log would need.
func nothingToJudge(log *evaluation.Log, part string) fil.Bilingual {
	agents, contents := log.Size()
	return fil.Bilingual{
		FR: fmt.Sprintf("rien à juger dans la partie %s : il faut des agents qui y lisent, après en avoir lu trois autres, un contenu déjà lu par quelqu'un. Ce journal a %d agents et %d contenus : donnez-en un plus long", part, agents, contents),
		EN: fmt.Sprintf("nothing to judge in the %s part: there must be agents who read in it, after three others, a content that somebody read before. This log has %d agents and %d contents: give a longer one", part, agents, contents),
	}
}

// progress draws how far the judgement is, for people only.
func progress(w *world) func(done, all int) {
	if !isTerminal(w.Err) {
		return nil
	}
	return func(done, all int) {
		end := "\r"
		if done == all {
			end = "\r\x1b[K"
		}
		_, _ = fmt.Fprintf(w.Err, "%d / %d%s", done, all, end)
	}
}

// evaluateTexts says what `fil evaluate` does.
func evaluateTexts() map[string]fil.Bilingual {
	return map[string]fil.Bilingual{
		"help_evaluate": {FR: "Juger des ordres sur un journal de lectures, sans serveur : avant chaque première lecture, chaque ordre classe ce qui était en ligne.",
			EN: "Judge orders on a log of reads, without a server: before each first read, each order ranks what was live."},
		"help_evaluate_part": {FR: "Partie jugée : validation (pour régler) ou test.", EN: "Part that is judged: validation (for tuning) or test."},
		"help_evaluate_orders": {FR: "Ordres jugés ; tous, si aucun n'est nommé : random, newest, popularity, decay, decay-1h, age, item-knn, likeness et leurs produits, comme decay-1h×age (ou decay-1h*age).",
			EN: "Orders that are judged; all, if none is named: random, newest, popularity, decay, decay-1h, age, item-knn, likeness and their products, such as decay-1h×age (or decay-1h*age)."},
		"help_evaluate_map": {FR: "Champ tiré d'une colonne : champ=colonne,… (répétable) : agent, content, kind, time, comme pour un import d'engagements, et group, groupe de l'agent, topics et published_at, du contenu.",
			EN: "Field taken from a column: field=column,… (repeatable): agent, content, kind, time, as for an import of engagements, and group, of the agent, topics and published_at, of the content."},
		"help_evaluate_format": {FR: "rows : des lignes de CSV ou de NDJSON, comme pour un import ; mind : ce qui fut affiché et ouvert, une ligne behaviors.tsv par affichage (id, agent, heure, historique, « N1-0 N2-1 »).",
			EN: "rows: rows of CSV or NDJSON, as for an import; mind: what was shown and opened, a line of behaviors.tsv for each showing (id, agent, time, history, 'N1-0 N2-1')."},
		"help_evaluate_news": {FR: "Fichier news.tsv d'un journal mind (id, catégorie, sous-catégorie, …), dont les catégories sont les thèmes des contenus.",
			EN: "File news.tsv of a mind log (id, category, subcategory, …), whose categories are the topics of contents."},
		"help_evaluate_shuffled": {FR: "Les affichages du journal ne sont pas dans l'ordre de l'écran : toute place a pu être vue autant. Sinon, la place k est supposée vue une fois sur k.",
			EN: "The showings of the log are not in the order of the screen: any place was as likely to be seen. Otherwise place k is supposed to be seen once in k."},
		"help_evaluate_events": {FR: "Lectures jugées au plus, tirées au sort ; toutes sont apprises. Sans cela, selon la taille du journal : 12 000, ou moins.",
			EN: "Reads judged at most, drawn at random; all are learned from. Without it, by the size of the log: 12,000, or fewer."},
		"help_evaluate_policy": {FR: "Politique que suivent les ordres de Fil ; celle par défaut sans cela.", EN: "Policy that Fil's own orders rank by; the default one without it."},
		"help_evaluate_ablation": {FR: "Juger plutôt l'ordre fil sans chaque famille de paramètres, puis sans chaque paramètre, le reste étant appris sans lui : « fil − ordre » est ce qu'il apporte.",
			EN: "Judge instead the order fil without each family of parameters, then without each parameter, the rest being learned without it: “fil − order” is what it adds."},
		"help_evaluate_seed": {FR: "Graine des tirages.", EN: "Seed of what is drawn."},
	}
}
