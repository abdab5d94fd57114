package main

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/filengine/fil"
)

type feedCommand struct {
	serverFlags
	Agent   identifier `arg:"" help:"${help_agent}"`
	Limit   int        `help:"${help_limit}" default:"10"`
	Order   string     `help:"${help_order}" enum:",ranked,chronological" default:""`
	Explain bool       `help:"${help_explain}"`
	Why     identifier `help:"${help_why}"`
	Above   identifier `help:"${help_above}"`
	Replay  string     `help:"${help_replay}" type:"existingfile" placeholder:"FICHIER"`
}

type feedAnswer struct {
	Agent, Policy string
	Items         []struct {
		Content     struct{ ID, Kind, Title, Source string }
		Score       float64
		Reasons     []string
		Explanation fil.Explanation
	}
}

func (c *feedCommand) Run(w *world) error {
	if c.Limit < 1 || c.Limit > 100 {
		return usageError{errors.New("--limit: between 1 and 100")}
	}
	if c.Replay != "" {
		return c.replay(w)
	}
	if c.Why != "" {
		return c.why(w)
	}
	if c.Above != "" {
		return usageError{errors.New("--above: --why")}
	}
	query := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	if c.Order != "" { // else the one that the agent chose
		query.Set("order", c.Order)
	}
	if c.Explain {
		query.Set("explain", "full")
	}
	answer, decoded, err := get[feedAnswer](w, c.serverFlags, http.MethodGet, "/v1/agents/"+url.PathEscape(string(c.Agent))+"/feed", query, nil)
	if err != nil || !decoded {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s · %s\n", answer.Agent, answer.Policy)
	for i, item := range answer.Items {
		fmt.Fprintf(&b, "%3d. %s\n     %s · %s · %.2f\n", i+1, item.Content.Title, item.Content.Kind, item.Content.Source, item.Score)
		for _, reason := range item.Reasons {
			fmt.Fprintf(&b, "     – %s\n", reason)
		}
		if c.Explain {
			writeExplanation(&b, item.Explanation)
		}
	}
	return w.print(b.String()) // with titles that someone else wrote
}

// why explains one content of the feed, beside another.
func (c *feedCommand) why(w *world) error {
	query := url.Values{"agent": {string(c.Agent)}}
	if c.Order != "" {
		query.Set("order", c.Order)
	}
	if c.Above != "" {
		query.Set("above", string(c.Above))
	}
	type answer struct {
		Content     string
		Score       float64
		Reasons     []string
		Explanation fil.Explanation
		Contrast    *struct {
			Says       string
			Difference float64
			Parameters []struct {
				Label                   string
				Here, Other, Difference float64
			}
		}
	}
	a, decoded, err := get[answer](w, c.serverFlags, http.MethodGet, "/v1/feed/items/"+url.PathEscape(string(c.Why))+"/explanation", query, nil)
	if err != nil || !decoded {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%3d. %s · %.2f\n", a.Explanation.Position, a.Content, a.Score)
	for _, reason := range a.Reasons {
		fmt.Fprintf(&b, "     – %s\n", reason)
	}
	writeExplanation(&b, a.Explanation)
	if a.Contrast != nil {
		fmt.Fprintf(&b, "     %s\n", a.Contrast.Says)
		for _, p := range a.Contrast.Parameters {
			fmt.Fprintf(&b, "       %-28s %8.3f − %8.3f = %8.3f\n", p.Label, p.Here, p.Other, p.Difference)
		}
	}
	return w.print(b.String())
}

func writeExplanation(b *strings.Builder, e fil.Explanation) {
	fmt.Fprintf(b, "     %s\n", e.Degree)
	for _, p := range e.Parameters {
		fmt.Fprintf(b, "       %-28s %8.3f × %6.3f = %8.3f   %s\n", p.Label, p.Value, p.Weight, p.Contribution, p.Measure)
	}
	for _, d := range e.Data {
		fmt.Fprintf(b, "       %s : %s (%s)\n", d.Name, d.Value, d.Source)
	}
	for _, o := range e.Operations {
		fmt.Fprintf(b, "       · %s\n", o)
	}
}

type previewCommand struct {
	serverFlags
	Rule    string   `arg:"" help:"${help_rule}"`
	By      []string `help:"${help_by_fields}"`
	Overlap []string `help:"${help_overlap}"`
	Sample  int      `help:"${help_show}"`

	Presence bool `help:"${help_presence}"`
}

func (c *previewCommand) Run(w *world) error {
	body := map[string]any{"rule": c.Rule}
	if len(c.By) > 0 {
		body["by"] = c.By
	}
	if len(c.Overlap) > 0 {
		body["overlap"] = c.Overlap
	}
	if c.Sample > 0 {
		body["sample"] = c.Sample
	}
	if c.Presence {
		body["presence"] = true
	}
	type answer struct {
		Size, Total *int
		Overlap     []struct {
			Audience     string
			Size, Shared *int
		}
		Sample    []fil.Agent
		Presence  []*int
		Breakdown map[string]map[string]*int
		Warnings  []ruleWarning
	}
	preview, decoded, err := get[answer](w, c.serverFlags, http.MethodPost, "/v1/audiences:preview", nil, body)
	if err != nil || !decoded {
		return err
	}
	tab := tabwriter.NewWriter(w.Out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintf(tab, "%s / %s\n", figure(preview.Size), figure(preview.Total))
	for _, attribute := range slices.Sorted(maps.Keys(preview.Breakdown)) {
		_, _ = fmt.Fprintf(tab, "%s\n", attribute)
		groups := preview.Breakdown[attribute]
		for _, value := range slices.Sorted(maps.Keys(groups)) {
			_, _ = fmt.Fprintf(tab, "  %s\t%s\n", value, figure(groups[value]))
		}
	}
	for _, o := range preview.Overlap {
		_, _ = fmt.Fprintf(tab, "∩ %s\t%s / %s\n", o.Audience, figure(o.Shared), figure(o.Size))
	}
	for hour, n := range preview.Presence {
		_, _ = fmt.Fprintf(tab, "%02d:00\t%s\n", hour, figure(n))
	}
	for _, a := range preview.Sample {
		_, _ = fmt.Fprintf(tab, "%s\t%s\t%s\n", a.ID, a.Org, a.Site)
	}
	warn(w, preview.Warnings)
	return tab.Flush()
}

// notTold stands for a figure that is withheld: it may be small, or one from which a small one would be worked out.
const notTold = "–"

// figure writes a count.
func figure(n *int) string {
	if n == nil {
		return notTold
	}
	return strconv.Itoa(*n)
}

type reportCommand struct {
	serverFlags
	Content identifier `arg:"" optional:"" help:"${help_content}"`
	From    string     `help:"${help_from}"`
	To      string     `help:"${help_to}"`
	By      string     `help:"${help_by}"`
	Every   string     `help:"${help_every}" enum:",day,week,month,quarter,year" default:""`
}

func (c *reportCommand) Run(w *world) error {
	query := url.Values{}
	for name, value := range map[string]string{"from": c.From, "to": c.To, "by": c.By, "every": c.Every} {
		if value != "" {
			query.Set(name, value)
		}
	}
	path := "/v1/dashboards/overview"
	if c.Content != "" {
		path = "/v1/dashboards/contents/" + url.PathEscape(string(c.Content))
	}
	type answer struct {
		Totals map[string]any
		Rows   []map[string]any
	}
	report, decoded, err := get[answer](w, c.serverFlags, http.MethodGet, path, query, nil)
	if err != nil || !decoded {
		return err
	}
	tab := tabwriter.NewWriter(w.Out, 0, 4, 2, ' ', 0)
	names := slices.Sorted(maps.Keys(report.Totals))
	for _, name := range names {
		_, _ = fmt.Fprintf(tab, "%s\t%s\n", name, cell(report.Totals[name]))
	}
	if len(report.Rows) > 0 {
		columns := slices.Sorted(maps.Keys(report.Rows[0]))
		_, _ = fmt.Fprintf(tab, "\n%s\n", strings.Join(columns, "\t"))
		for _, row := range report.Rows {
			cells := make([]string, len(columns))
			for i, column := range columns {
				cells[i] = cell(row[column])
			}
			_, _ = fmt.Fprintln(tab, strings.Join(cells, "\t"))
		}
	}
	return tab.Flush()
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return notTold
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case map[string]any: // a share with its interval
		return fmt.Sprintf("%s [%s ; %s]", cell(v["value"]), cell(v["low"]), cell(v["high"]))
	default:
		return fmt.Sprint(v)
	}
}
