package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/importer"
	"github.com/filengine/fil/ranking/evaluation"
)

// evaluateCommand judges orders on a log, without a server.
type evaluateCommand struct {
	Files  []string `arg:"" help:"${help_files}" type:"existingfile"`
	JSON   bool     `help:"${help_json}"`
	Part   string   `help:"${help_evaluate_part}" enum:"validation,test" default:"test"`
	Orders []string `help:"${help_evaluate_orders}" placeholder:"ORDRE,…"`
	Map    []string `help:"${help_evaluate_map}" sep:"none" placeholder:"CHAMP=COLONNE,…"`
	Const  []string `help:"${help_const}" sep:"none" placeholder:"CHAMP=VALEUR"`
	Value  []string `help:"${help_value}" sep:"none" placeholder:"CHAMP:DE=VERS"`
	Events int      `help:"${help_evaluate_events}" placeholder:"N"`
	Seed   uint64   `help:"${help_evaluate_seed}" default:"1"`
}

func (c *evaluateCommand) Run(w *world) error {
	if err := c.check(w); err != nil {
		return err
	}
	log, refused, err := c.read(w)
	if err != nil {
		return err
	}
	contest := evaluation.NewContest(log, evaluation.Settings{
		Part: evaluation.Part(c.Part), Events: c.Events, Seed: c.Seed, Now: time.Now, Progress: c.progress(w),
	})
	for _, name := range c.names() {
		if err := contest.EnterBuiltIn(name); err != nil {
			return w.misused(fil.Bilingual{FR: "--orders : " + name + " est donné deux fois", EN: "--orders: " + name + " is given twice"})
		}
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
	known := evaluation.BuiltIn()
	for _, name := range c.Orders {
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
	if c.Events < 0 {
		return w.misused(fil.Bilingual{FR: "--events : un nombre positif", EN: "--events: a positive number"})
	}
	return nil
}

func (c *evaluateCommand) names() []string {
	if len(c.Orders) > 0 {
		return c.Orders
	}
	return evaluation.BuiltIn()
}

// read makes a log of the files. Rows that are no act are left aside and counted, the first of them told; when most are, the
// mapping is wrong.
func (c *evaluateCommand) read(w *world) (log *evaluation.Log, refused int, err error) {
	options := importer.Options{Map: c.Map, Const: c.Const, Value: c.Value}
	if isTerminal(w.Err) {
		options.Progress = w.Err
	}
	mapping, err := importer.NewActMapping(options)
	if err != nil {
		return nil, 0, w.misread(err)
	}
	const told = 3
	builder, taken := evaluation.NewBuilder(), 0
	var first fil.Bilingual
	err = mapping.Rows(c.Files, func(r importer.Row) error {
		act, faults := mapping.Act(r)
		if faults == nil {
			faults = fil.FaultsOf(builder.Add(evaluation.Row(act)))
		}
		if faults == nil {
			taken++
			return w.ctx.Err()
		}
		refused++
		why := faultOf(r.Where, faults[0])
		if refused == 1 {
			first = why
		}
		if refused <= told {
			_, _ = fmt.Fprintln(w.Err, why.In(language(w.Environ)))
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, 0, w.misread(err)
	case refused > taken:
		return nil, 0, w.misused(fil.Bilingual{
			FR: fmt.Sprintf("%d lignes sur %d ne sont pas des actes. La première : %s", refused, refused+taken, first.FR),
			EN: fmt.Sprintf("%d rows of %d are no acts. The first: %s", refused, refused+taken, first.EN)})
	case refused > 0:
		_, _ = fmt.Fprintf(w.Err, fil.Bilingual{FR: "%d lignes laissées de côté sur %d\n", EN: "%d rows left aside of %d\n"}.In(language(w.Environ)), refused, refused+taken)
	}
	return builder.Log(), refused, nil
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

func nothingToJudge(log *evaluation.Log, part string) fil.Bilingual {
	agents, contents := log.Size()
	return fil.Bilingual{
		FR: fmt.Sprintf("rien à juger dans la partie %s : il faut des agents qui y lisent, après en avoir lu trois autres, un contenu déjà lu par quelqu'un. Ce journal a %d agents et %d contenus : donnez-en un plus long", part, agents, contents),
		EN: fmt.Sprintf("nothing to judge in the %s part: there must be agents who read in it, after three others, a content that somebody read before. This log has %d agents and %d contents: give a longer one", part, agents, contents),
	}
}

// progress draws how far the judgement is, for people only.
func (c *evaluateCommand) progress(w *world) func(done, all int) {
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
