package roles

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"github.com/filengine/fil/cmd/fil/filtest"
)

var update = flag.Bool("update", false, "write the golden files")

// panel is what the tests read of a panel of Grafana.
type panel struct {
	Type, Title, Description string
	Targets                  []struct {
		Expr   string
		RawSQL string `json:"rawSql"`
	}
}

// grafanaBoards reads deploy/grafana: their panels by the name of their file.
func grafanaBoards(t *testing.T) map[string][]panel {
	t.Helper()
	files, err := filepath.Glob("../../../deploy/grafana/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	all, uids := map[string][]panel{}, map[string]string{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			UID, Title, Description string
			Panels                  []panel
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if d.UID == "" || d.Title == "" || d.Description == "" || uids[d.UID] != "" {
			t.Errorf("%s: uid %q (also of %q), title %q, description %q", file, d.UID, uids[d.UID], d.Title, d.Description)
		}
		uids[d.UID], all[filepath.Base(file)] = file, d.Panels
		for _, p := range d.Panels {
			if p.Title == "" || p.Description == "" || p.Type != "row" && len(p.Targets) == 0 {
				t.Errorf("%s: panel %q without title, description or query", file, p.Title)
			}
		}
	}
	return all
}

// rule is a recording or an alert rule of Prometheus.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile("../../../deploy/prometheus/" + name)
	if err == nil {
		err = yaml.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	readYAML(t, "alerts.yaml", &file)
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// exported gives the labels of each metric that the program has, by name, as its registry describes them.
func exported(reg *prometheus.Registry) map[string][]string {
	descriptions := make(chan *prometheus.Desc)
	go func() {
		reg.Describe(descriptions)
		close(descriptions)
	}()
	form := regexp.MustCompile(`fqName: "([^"]+)".*constLabels: \{(.*)\}, variableLabels: \{(.*)\}`)
	name := regexp.MustCompile(`\w+="|\w+`)
	metrics := map[string][]string{"up": nil}
	for d := range descriptions {
		found := form.FindStringSubmatch(d.String())
		labels := name.FindAllString(found[3], -1)
		for _, pair := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(found[2], -1) {
			labels = append(labels, pair[1])
		}
		metrics[found[1]] = labels
	}
	return metrics
}

// Patterns of what a query is made of.
var (
	quoted   = regexp.MustCompile(`"[^"]*"`)
	grouping = regexp.MustCompile(`\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	selector = regexp.MustCompile(`([a-zA-Z_:][\w:]*)\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
	span     = regexp.MustCompile(`\[[^\]]*\]|\boffset\s+\w+`)
	word     = regexp.MustCompile(`[a-zA-Z_:][\w:]*\s*\(?`)
)

// queried gives the metrics that a query names, and what is wrong with it for a program that has these metrics.
func queried(expr string, metrics map[string][]string) (labels []string, faults []string) {
	find := func(name string) (string, bool) {
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			if base, cut := strings.CutSuffix(name, suffix); cut {
				if _, known := metrics[base]; known {
					return base, true
				}
			}
		}
		return name, false
	}
	labels = []string{"job", "instance", "le"} // given by the scrape, or by the histogram
	rest := quoted.ReplaceAllString(expr, `""`)
	for _, use := range selector.FindAllStringSubmatch(rest, -1) {
		base, _ := find(use[1])
		for _, m := range matcher.FindAllStringSubmatch(use[2], -1) {
			if !slices.Contains(labels, m[1]) && !slices.Contains(metrics[base], m[1]) {
				faults = append(faults, fmt.Sprintf("%s has no label %s", base, m[1]))
			}
		}
	}
	var grouped []string
	for _, g := range grouping.FindAllStringSubmatch(rest, -1) {
		grouped = append(grouped, regexp.MustCompile(`\w+`).FindAllString(g[1], -1)...)
	}
	rest = grouping.ReplaceAllString(rest, " ")
	rest = selector.ReplaceAllString(rest, "$1 ")
	rest = span.ReplaceAllString(rest, " ")
	for _, w := range word.FindAllString(rest, -1) {
		if strings.HasSuffix(w, "(") || slices.Contains([]string{"and", "or", "unless", "bool"}, strings.TrimSpace(w)) {
			continue
		}
		base, known := find(strings.TrimSpace(w))
		if !known {
			faults = append(faults, "the program has no metric "+base)
		}
		labels = append(labels, metrics[base]...)
	}
	for _, g := range grouped {
		if !slices.Contains(labels, g) {
			faults = append(faults, "no metric here has the label "+g)
		}
	}
	return labels, faults
}

// Every metric, and every label, that dashboards and rules name is one that the program exports.
func TestDeployedQueries(t *testing.T) {
	h := startHere(t)
	metrics := exported(h.server.house.reg)
	all := rules(t)
	for _, r := range all {
		if r.Record == "" {
			continue
		}
		labels, faults := queried(r.Expr, metrics)
		if len(faults) > 0 {
			t.Errorf("%s: %q", r.Record, faults)
		}
		metrics[r.Record] = append(labels, slices.Collect(maps.Keys(r.Labels))...)
	}
	for _, r := range all {
		labels, faults := queried(r.Expr, metrics)
		if len(faults) > 0 {
			t.Errorf("%s%s: %q", r.Record, r.Alert, faults)
		}
		for _, text := range r.Annotations {
			for _, use := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
				if !slices.Contains(labels, use[1]) {
					t.Errorf("%s tells of a label %s that it does not have", r.Alert, use[1])
				}
			}
		}
	}
	for file, panels := range grafanaBoards(t) {
		for _, p := range panels {
			for _, target := range p.Targets {
				if _, faults := queried(target.Expr, metrics); len(faults) > 0 {
					t.Errorf("%s, %s: %q", file, p.Title, faults)
				}
			}
		}
	}
	for _, invented := range []string{
		`rate(fil_ranking_invented_total[5m])`, `fil_server_ready{colour="red"}`, `sum by (colour) (fil_server_ready)`, `fil_server_ready > fil_nothing offset 5m`,
		`histogram_quantile(0.9, rate(fil_ranking_nothing_seconds_bucket[5m]))`,
	} {
		if _, faults := queried(invented, metrics); len(faults) != 1 {
			t.Errorf("%s: faults %q, want one", invented, faults)
		}
	}
}

// Each alert is told in both languages, leads to its section of the guide, and is raised once in the tests of the rules.
func TestAlerts(t *testing.T) {
	t.Parallel()
	var tests struct {
		Tests []struct {
			Alerts []struct {
				Name   string `yaml:"alertname"`
				Raised []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	readYAML(t, "alerts_test.yaml", &tests)
	raised := map[string]bool{}
	for _, test := range tests.Tests {
		for _, alert := range test.Alerts {
			raised[alert.Name] = raised[alert.Name] || len(alert.Raised) > 0
		}
	}
	guide, err := os.ReadFile("../../../deploy/GUIDE.md")
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		for _, key := range []string{"summary", "summary_en", "description", "description_en"} {
			if r.Annotations[key] == "" {
				t.Errorf("%s has no %s", r.Alert, key)
			}
		}
		if want := "../GUIDE.md#" + strings.ToLower(r.Alert); r.Annotations["runbook_url"] != want {
			t.Errorf("%s leads to %s, want %s", r.Alert, r.Annotations["runbook_url"], want)
		}
		if err == nil && !strings.Contains(string(guide), r.Alert) {
			t.Errorf("the guide does not tell of %s", r.Alert)
		}
		if !raised[r.Alert] {
			t.Errorf("%s is raised in no test", r.Alert)
		}
		if !slices.Contains([]string{"warning", "critical"}, r.Labels["severity"]) {
			t.Errorf("%s: severity %q", r.Alert, r.Labels["severity"])
		}
	}
}

// The queries of the dashboards as a file of rules, which `make check-deploy` gives to promtool: the grammar is Prometheus' to
// judge. After a change of a dashboard: go test ./cmd/fil/roles -run TestDashboardsAsRules -update
func TestDashboardsAsRules(t *testing.T) {
	t.Parallel()
	type recorded struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	var found []recorded
	all := grafanaBoards(t)
	for _, file := range slices.Sorted(maps.Keys(all)) {
		for _, p := range all[file] {
			for _, target := range p.Targets {
				if target.Expr != "" {
					name := fmt.Sprintf("panel:%s:%d", strings.TrimSuffix(file, ".json"), len(found))
					found = append(found, recorded{name, strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")})
				}
			}
		}
	}
	got, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboards", "rules": found}}})
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/dashboards.yaml"
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(got) != string(want) {
		t.Errorf("%s is not what the dashboards say (%v): run this test with -update", golden, err)
	}
}

// Grafana sees of the facts what the view gives, and the view gives no day of fewer than ten agents.
func TestDashboardOfFacts(t *testing.T) {
	h := startHere(t)
	h.Story()
	view, err := os.ReadFile("../../../deploy/grafana/reach.sql")
	if err != nil {
		t.Fatal(err)
	}
	var events strings.Builder
	for day, agents := range map[string]int{"2026-11-02": 10, "2026-10-02": 9} { // the second: many events of nine agents
		for i := range 30 {
			for _, kind := range []string{"impression", "open", "read"} {
				fmt.Fprintf(&events, `{"specversion":"1.0","id":"%s-%d-%s","source":"t","type":"fil.engagement.%[3]s","time":"%[1]sT08:00:00Z","data":{"agent":"a%[4]d","content":"c1"}}`+"\n",
					day, i, kind, i%agents)
			}
		}
	}
	h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], events.String(), "Content-Type: application/x-ndjson")
	filtest.Eventually(t, "the facts", func() bool { return h.metric("fil_analytics_records_total", "outcome=stored") == 180 })
	h.sql(string(view))
	asked := 0
	for file, panels := range grafanaBoards(t) {
		for _, p := range panels {
			for _, target := range p.Targets {
				if target.RawSQL == "" {
					continue
				}
				asked++
				for _, from := range regexp.MustCompile(`(?i)\b(?:from|join)\s+(\S+)`).FindAllStringSubmatch(target.RawSQL, -1) {
					if from[1] != "reach_by_day" {
						t.Errorf("%s, %s reads %s", file, p.Title, from[1])
					}
				}
				rows := h.sql(strings.ReplaceAll(target.RawSQL, "$__dateFilter(day)", "day >= '2026-01-01'"))
				if !strings.Contains(rows, "2026-11-02") || strings.Contains(rows, "2026-10-02") {
					t.Errorf("%s, %s: the day of ten agents, and not the one of nine, is wanted:\n%s", file, p.Title, rows)
				}
			}
		}
	}
	if asked == 0 {
		t.Error("no panel reads the facts")
	}
}

// sql asks ClickHouse as any client of its HTTP interface would.
func (h *here) sql(statement string) string {
	h.T.Helper()
	ch := h.server.house.cfg.ClickHouse
	req, err := http.NewRequestWithContext(h.T.Context(), http.MethodPost, "http://"+ch.Addresses[0]+"/?default_format=TabSeparated&database="+ch.Database, strings.NewReader(statement))
	if err != nil {
		h.T.Fatal(err)
	}
	req.SetBasicAuth(ch.Username, ch.Password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.T.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		h.T.Fatalf("status %d, %v: %s\n%s", resp.StatusCode, err, raw, statement)
	}
	return string(raw)
}
