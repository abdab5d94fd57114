package main

import (
	"strings"
	"testing"
)

func TestKeysWithPerimeter(t *testing.T) {
	dir := t.TempDir()
	create := func(args ...string) (string, int) {
		return run(t, append([]string{"keys", "create", "--data", dir}, args...)...)
	}
	for _, wrong := range [][]string{
		{"--role", "communicator", "--perimeter", ""}, {"--role", "ingest", "--perimeter", "P"}, {"--role", "service", "--sample"}, {"--role", "agent", "--agent", "a", "--perimeter", "P"},
	} {
		if out, status := create(wrong...); status != exitUsage {
			t.Errorf("%v: status %d, %s", wrong, status, out)
		}
	}
	for _, right := range [][]string{{"--role", "communicator", "--perimeter", "dgst", "--sample"}, {"--role", "leader", "--perimeter", "-12"}} {
		if out, status := create(right...); status != exitDone || !strings.HasPrefix(out, "fil_") {
			t.Errorf("%v: status %d, %s", right, status, out)
		}
	}
	out, _ := run(t, "keys", "list", "--data", dir)
	if !strings.Contains(out, "--perimeter=dgst --sample") || !strings.Contains(out, "--perimeter=-12") || strings.Count(out, "\n") != 2 {
		t.Errorf("the list does not say which keys are bounded:\n%s", out)
	}
}
