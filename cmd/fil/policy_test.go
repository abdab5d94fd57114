package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A policy is checked, compared and explained without a server.
func TestPolicyFiles(t *testing.T) {
	good := writeFile(t, "good.yaml", "name: good\nfeed_length: 20\n")
	bad := writeFile(t, "bad.yaml", "feed_length: 0\nterms: [{name: x, label: {fr: X, en: X}, weight: 1, value: 'prioritty > 1'}]\n")
	for _, c := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"good", []string{"check", good}, exitDone, "good-"},
		{"bad", []string{"check", bad}, exitFailed, bad + ": feed_length: doit être entre 1 et 500"},
		{"bad at a place", []string{"check", bad}, exitFailed, "terms[0].value:1:1: n'est pas compris"},
		{"not there", []string{"check", good + "x"}, exitUsage, "good.yamlx"},
		{"diff", []string{"diff", "default", good}, exitDone, "La longueur d'un fil passe de 100 à 20."},
		{"diff of one", []string{"diff", good, good}, exitDone, "rien ne change"},
		{"diff as JSON", []string{"diff", "default", good, "--json"}, exitDone, `"key":"feed_length","before":"100","after":"20"`},
		{"explain", []string{"explain", good}, exitDone, "Un fil tient 20 contenus au plus."},
		{"a file that is not there", []string{"explain", "nothing.yaml"}, exitFailed, "il n'y a pas de tel fichier"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if out, status := run(t, append([]string{"policy"}, c.args...)...); status != c.status || !strings.Contains(out, c.says) {
				t.Errorf("status %d, want %d, saying %q:\n%s", status, c.status, c.says, out)
			}
		})
	}
}

// A policy is published, is in force at once, is told of to everyone, and is gone back from.
func TestPolicyPublished(t *testing.T) {
	p := startAll(t)
	p.Keys["policy"] = p.key("policy")
	policy := func(status int, args ...string) string {
		t.Helper()
		out, got := run(t, append(append([]string{"policy"}, args...), "--server", p.Base, "--key", p.Keys["policy"])...)
		if got != status {
			t.Fatalf("fil policy %v: status %d, want %d\n%s", args, got, status, out)
		}
		return out
	}
	inForce := func() string {
		t.Helper()
		var now struct {
			Policy struct{ Version, Text string }
		}
		p.Must(http.MethodGet, "/v1/policy", p.Keys["communicator"], "", 200).JSON(t, &now)
		return now.Policy.Version
	}
	p.Story()
	agents := []string{"a0", "a1", "a2", "a3"}
	base := inForce()
	for _, agent := range agents { // feeds that are kept, and must not be given again
		if got := p.Feed(agent); got.Policy != base {
			t.Errorf("the feed of %s is ranked by %s, want %s", agent, got.Policy, base)
		}
	}
	file := writeFile(t, "short.yaml", "# plus court\nname: short\nfeed_length: 2\n")

	if out := policy(exitPending, "publish", file); !strings.Contains(out, "La longueur d'un fil passe de 100 à 2.") || !strings.Contains(out, "--yes") || inForce() != base {
		t.Errorf("without --yes, %s is in force:\n%s", inForce(), out)
	}
	policy(exitDone, "publish", file, "--yes", "--note", "essai")
	short := inForce()
	if !strings.HasPrefix(short, "short-") {
		t.Fatalf("%s is in force", short)
	}
	for _, agent := range agents {
		got := p.FeedIn(agent, "full")
		if got.Policy != short || len(got.Items) != 2 {
			t.Errorf("the feed of %s has %d places, by %s; want 2 by %s", agent, len(got.Items), got.Policy, short)
		}
		for _, item := range got.Items {
			if item.Explanation.Basis.Policy != short {
				t.Errorf("the explanation of %s names another policy: %s", item.Content.ID, item.Explanation.Basis.Policy)
			}
		}
	}
	if out := policy(exitDone, "publish", file, "--yes"); !strings.Contains(out, "Déjà en vigueur") {
		t.Errorf("published again:\n%s", out)
	}
	if out := policy(exitDone, "show"); out != "# plus court\nname: short\nfeed_length: 2\n" {
		t.Errorf("the file in force is\n%s", out)
	}
	if out := policy(exitDone, "explain"); !strings.Contains(out, "Un fil tient 2 contenus au plus.") || !strings.Contains(out, short) {
		t.Errorf("explained as\n%s", out)
	}
	if out := policy(exitDone, "history"); !strings.Contains(out, "* "+short) || !strings.Contains(out, "essai") || !strings.Contains(out, base) {
		t.Errorf("history:\n%s", out)
	}
	if page := p.Must(http.MethodGet, "/policy", "", "", 200); !strings.Contains(string(page.Body), short) || !strings.Contains(string(page.Body), "Un fil tient 2 contenus au plus.") {
		t.Errorf("the public page tells of another policy:\n%s", page.Body)
	}
	policy(exitDone, "publish", base, "--yes")
	if got := inForce(); got != base {
		t.Errorf("after the way back %s is in force, want %s", got, base)
	}
	for _, agent := range agents {
		if got := p.Feed(agent); got.Policy != base || len(got.Items) < 2 {
			t.Errorf("after the way back the feed of %s has %d places, by %s", agent, len(got.Items), got.Policy)
		}
	}
	policy(exitFailed, "publish", "other-00000000", "--yes")

	t.Run("by those who may, in the knowledge of what is in force", func(t *testing.T) {
		body := `{"version":"` + short + `"}`
		for _, role := range []string{"ingest", "communicator", "leader", "service"} {
			p.Must(http.MethodPut, "/v1/policies/current", p.Keys[role], body, 403)
		}
		if got := p.Ask(http.MethodPut, "/v1/policies/current", p.Keys["policy"], body, "Content-Type: application/json", `If-Match: "`+short+`"`); got.Status != 412 {
			t.Errorf("published over another: %d %s", got.Status, got.Body)
		}
		if got := p.Ask(http.MethodPut, "/v1/policies/current", p.Keys["policy"], `{"text":"feed_length: 0"}`, "Content-Type: application/json"); got.Status != 422 || !strings.Contains(string(got.Body), "body.feed_length") {
			t.Errorf("a policy that is not valid: %d %s", got.Status, got.Body)
		}
		if got := p.Must(http.MethodGet, "/v1/policies/"+short, p.key("agent", "--agent", "a1"), "", 200); strings.Contains(string(got.Body), `"by"`) {
			t.Errorf("an agent is told which key published: %s", got.Body)
		}
	})
}
