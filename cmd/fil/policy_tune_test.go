package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/roles"
)

// What is learned from a log is a policy that this program reads, beside its judgement.
func TestPolicyTune(t *testing.T) {
	dir := t.TempDir()
	log, tuned := filepath.Join(dir, "journal.csv"), filepath.Join(dir, "tuned.yaml")
	if err := os.WriteFile(log, []byte("quand;quoi;article;agent;lieu\n"+strings.Join(readings(21, 30), "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"policy", "tune", "-o", tuned, "--map", "agent=agent,content=article,kind=quoi,time=quand", "--value", "kind:VIEW=read", log}
	said, status := run(t, flags...)
	if status != exitDone || !strings.Contains(said, "fil-tuned-") || !strings.Contains(said, "NDCG@10") {
		t.Fatalf("status %d: %s", status, said)
	}
	if said, status = run(t, "policy", "check", tuned); status != exitDone {
		t.Errorf("the proposed policy: status %d: %s", status, said)
	}
	if said, status = run(t, "policy", "diff", "default", tuned); status != exitDone || !strings.Contains(said, "weights.") {
		t.Errorf("no weight differs: status %d: %s", status, said)
	}
	if err := os.WriteFile(log, []byte("quand;quoi;article;agent;lieu\n1770000000;VIEW;1;1;Nord"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, status = run(t, flags...); status != exitUsage || !strings.Contains(said, "rien à juger") {
		t.Errorf("of one row: status %d: %s", status, said)
	}
}

// What an installation learns from its own log is proposed once, and its history says so with the judgement.
func TestPolicyTune_OfServer(t *testing.T) {
	h := startHere(t, func(c *config.Config) { c.Ranking.Tuning.Apply = config.TuneOff })
	acts := h.Tastes()
	base := h.Published("name: blind\nweights: {topic: 0, recency: 3}")[0]
	tuned := func(args ...string) (a roles.TuneAnswer) {
		t.Helper()
		out, status := h.command("policy", append([]string{"policy", "tune", "--json"}, args...)...)
		if err := json.Unmarshal([]byte(out), &a); err != nil || status != exitDone {
			t.Fatalf("status %d, %v\n%s", status, err, out)
		}
		return a
	}
	done := tuned("--propose")
	if !done.Published || done.Before != base || done.Records != int64(acts) || done.Steps == 0 || !strings.Contains(done.Text, "topic") {
		t.Errorf("proposed: %+v", done)
	}
	if out, _ := h.command("policy", "policy", "history"); !strings.Contains(out, "* "+base) || !strings.Contains(out, "  "+done.After) || !strings.Contains(out, "NDCG@10") {
		t.Errorf("the proposal is not in the history with its judgement:\n%s", out)
	}
	if again := tuned("--propose"); again.Published || again.After != done.After {
		t.Errorf("a second time: %+v", again)
	}
}
