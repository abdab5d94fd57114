package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
