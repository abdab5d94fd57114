package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

// The command, as an operator schedules it: what it says, what it exits with, and that nothing is written until it is told.
func TestSyncCommand(t *testing.T) {
	p := startAll(t)
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sync := func(status int, args ...string) string {
		t.Helper()
		out, got := run(t, append(append([]string{"sync"}, args...), "--server", p.Base, "--key", p.Keys["ingest"])...)
		if got != status {
			t.Fatalf("fil sync %v: status %d, want %d\n%s", args, got, status, out)
		}
		return out
	}
	four := write("agents.csv", "matricule;service;cat\na1;cd/routes;A\na2;cd/routes;B\na3;cd/finances;A\na4;cd/finances;A\n")
	mapped := []string{"--map", "id=matricule,org=service,category=cat", "--value", "org:cd/routes=cd/infra/routes"}
	of := func(file string, more ...string) []string {
		return append(append([]string{"csv", file}, mapped...), more...)
	}

	if out := sync(exitPending, of(four)...); !strings.Contains(out, "4 ajoutés") || !strings.Contains(out, "+ a") || !strings.Contains(out, "--apply") {
		t.Errorf("dry run: %s", out)
	}
	p.Must(http.MethodGet, "/v1/agents/a1", p.Keys["ingest"], "", 404)
	sync(exitDone, of(four, "--apply")...)
	if got := p.Must(http.MethodGet, "/v1/agents/a1", p.Keys["ingest"], "", 200); !strings.Contains(string(got.Body), "cd/infra/routes") {
		t.Errorf("agent %s", got.Body)
	}
	if out := sync(exitDone, of(four)...); !strings.Contains(out, "rien à changer") {
		t.Errorf("level: %s", out)
	}
	three := write("agents.csv", "matricule,service,cat\na1,cd/routes,A\na2,cd/routes,A\na3,cd/finances,A\n")
	if out := sync(exitWithheld, of(three, "--apply")...); !strings.Contains(out, "1 agents sur 4 (25%) seraient retirés, pour 5% permis ; si c'est voulu : --max-removals 25%") {
		t.Errorf("guarded: %s", out)
	}
	p.Must(http.MethodGet, "/v1/agents/a4", p.Keys["ingest"], "", 200)
	var report struct {
		Removed, Changed int
		Values           map[string]int
		Written          struct{ Put, Removed int }
	}
	if err := json.Unmarshal([]byte(sync(exitDone, of(three, "--apply", "--max-removals", "25 %", "--json")...)), &report); err != nil || report.Removed != 1 ||
		report.Written.Removed != 1 || report.Written.Put != 1 || report.Values["category"] != 1 {
		t.Errorf("applied: %+v, %v", report, err)
	}
	p.Must(http.MethodGet, "/v1/agents/a4", p.Keys["ingest"], "", 404)
	for _, wrong := range [][]string{of(three, "--max-removals", "101"), of(three, "--max-changes", "peu"), {"csv", three, "--map", "id=matricul"}, {"ldap"},
		{"ldap", write("annuaire.yaml", "url: ldap://x\nbase: dc=x\nfiltre: (a=b)\nmap: [id=uid]\n")}, {"ldap", write("annuaire.yaml", "url: http://x\nbase: dc=x\n")}} {
		sync(exitUsage, wrong...)
	}
	if out, status := run(t, append([]string{"sync"}, of(three, "--server", p.Base, "--key", "x")...)...); status != exitFailed || !strings.Contains(out, "nothing was written") {
		t.Errorf("a key that nobody made: status %d\n%s", status, out)
	}

	example := sync(exitDone, "ldap", "--default")
	if named, ok := enginetest.Named("ldap"); ok { // the example reads a real directory once its addresses are real
		settings := strings.NewReplacer("ldaps://annuaire.example.fr", "ldap://"+named.Addresses[0], `ca: ""`, "ca: "+os.Getenv("FIL_TEST_LDAP_CA"),
			"cn=fil,ou=services,dc=example,dc=fr", named.Username, "/etc/fil/ldap.password", write("password", named.Password), "ou=agents,dc=example,dc=fr", "dc=fil,dc=example",
			"(objectClass=person)", "(cn=limited)", "id=objectGUID:guid", "id=cn").Replace(example)
		if out := sync(exitWithheld, "ldap", write("annuaire.yaml", settings)); !strings.Contains(out, "+ limited") || !strings.Contains(out, "3 retirés") {
			t.Errorf("LDAP: %s", out)
		}
	}
}
