package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/filengine/fil"
)

type explainCommand struct {
	serverFlags
	Rule string `arg:"" help:"${help_rule}"`
}

type planStep struct {
	What, How    fil.Bilingual
	Text         string
	Agents       *int
	Microseconds *int64
	Steps        []planStep
}

func (c *explainCommand) Run(w *world) error {
	type answer struct {
		Plan  planStep
		Total *int
	}
	explained, decoded, err := get[answer](w, c.serverFlags, http.MethodPost, "/v1/audiences:explain", nil, map[string]any{"rule": c.Rule})
	if err != nil || !decoded {
		return err
	}
	var b strings.Builder
	tab := tabwriter.NewWriter(&b, 0, 4, 2, ' ', tabwriter.AlignRight|tabwriter.Debug)
	spoken := language(w.Environ)
	_, _ = fmt.Fprintf(tab, "%s\tµs\t %s\n", fil.Bilingual{FR: "agents", EN: "agents"}.In(spoken), fil.Bilingual{FR: "plan", EN: "plan"}.In(spoken))
	writeStep(tab, spoken, explained.Plan, "", "")
	if err := tab.Flush(); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return w.print(b.String())
}

// microseconds writes how long a step took, which is withheld with its figure.
func microseconds(n *int64) string {
	if n == nil {
		return "–"
	}
	return strconv.FormatInt(*n, 10)
}

// writeStep writes one part of a plan and those in it, as a tree.
func writeStep(out io.Writer, spoken string, s planStep, first, rest string) {
	what := s.Text
	if what == "" {
		what = s.What.In(spoken)
	}
	if how := s.How.In(spoken); how != "" {
		what += " · " + how
	}
	_, _ = fmt.Fprintf(out, "%s\t%s\t %s%s\n", figure(s.Agents), microseconds(s.Microseconds), first, strings.Join(strings.Fields(what), " "))
	for i, inner := range s.Steps {
		if i == len(s.Steps)-1 {
			writeStep(out, spoken, inner, rest+"└─ ", rest+"   ")
		} else {
			writeStep(out, spoken, inner, rest+"├─ ", rest+"│  ")
		}
	}
}

type whyCommand struct {
	serverFlags
	Agent    identifier `arg:"" help:"${help_agent}"`
	Audience identifier `arg:"" help:"${help_audience_id}"`
}

type whyReason struct {
	What    fil.Bilingual
	Holds   bool
	Text    string
	Values  map[string]any
	Reasons []whyReason
}

func (c *whyCommand) Run(w *world) error {
	type answer struct {
		Agent, Audience string
		In              bool
		Reasons         []whyReason
	}
	why, decoded, err := get[answer](w, c.serverFlags, http.MethodGet, "/v1/audiences/"+url.PathEscape(string(c.Audience))+"/why", url.Values{"agent": {string(c.Agent)}}, nil)
	if err != nil || !decoded {
		return err
	}
	var b strings.Builder
	spoken := language(w.Environ)
	verdict := fil.Bilingual{FR: "n'est pas dans", EN: "is not in"}
	if why.In {
		verdict = fil.Bilingual{FR: "est dans", EN: "is in"}
	}
	fmt.Fprintf(&b, "%s %s %s\n", why.Agent, verdict.In(spoken), why.Audience)
	writeReasons(&b, spoken, why.Reasons, "  ")
	return w.print(b.String())
}

func writeReasons(b *strings.Builder, spoken string, reasons []whyReason, indent string) {
	for _, r := range reasons {
		what, mark := r.Text, map[bool]string{true: "✓", false: "✗"}[r.Holds]
		if what == "" {
			what = r.What.In(spoken)
		}
		fmt.Fprintf(b, "%s%s %s", indent, mark, strings.Join(strings.Fields(what), " "))
		for i, name := range slices.Sorted(maps.Keys(r.Values)) {
			value, err := json.Marshal(r.Values[name])
			if err != nil {
				value = []byte(strconv.Quote(fmt.Sprint(r.Values[name])))
			}
			fmt.Fprintf(b, "%s%s = %s", map[bool]string{true: "   (", false: ", "}[i == 0], name, value)
		}
		if len(r.Values) > 0 {
			b.WriteString(")")
		}
		b.WriteString("\n")
		writeReasons(b, spoken, r.Reasons, indent+"  ")
	}
}

// ruleWarning is what a rule probably does not mean.
type ruleWarning struct {
	Line, Column int
	Problem      fil.Bilingual
}

func warn(w *world, warnings []ruleWarning) {
	for _, warning := range warnings {
		_, _ = fmt.Fprintf(w.Err, "%d:%d: %s\n", warning.Line, warning.Column, warning.Problem.In(language(w.Environ)))
	}
}

// print writes what someone else may have written: it must not speak to the terminal.
func (w *world) print(text string) error {
	_, err := io.WriteString(w.Out, strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return -1
		}
		return r
	}, text))
	return err
}
