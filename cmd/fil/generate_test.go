package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/filengine/fil/cmd/fil/filtest"
)

// A made-up directory is written, declared and imported as its help says, and rules find it.
func TestGenerated(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	const size = "5000"
	for _, args := range [][]string{
		{"--schema", "--out", in("fil.yaml")},
		{"--agents", size, "--out", in("agents.ndjson")},
		{"--agents", size, "--format", "csv", "--out", in("agents.csv")},
		{"--agents", size, "--engagements", "2000", "--contents", "--out", in("contents.ndjson")},
		{"--agents", size, "--engagements", "2000", "--format", "csv", "--out", in("acts.csv")},
	} {
		if out, code := run(t, append([]string{"directory", "generate"}, args...)...); code != exitDone || out != "" {
			t.Fatalf("fil directory generate %v: status %d\n%s", args, code, out)
		}
	}
	p := startUp(t, in("data"), "--config", in("fil.yaml"))
	ingest := p.key("ingest")
	imported := func(what, file string) (sum struct{ Admitted, Duplicates, Refused int }) {
		t.Helper()
		out, code := run(t, "import", what, in(file), "--server", p.Base, "--key", ingest, "--json")
		if code != exitDone {
			t.Fatalf("fil import %s %s: status %d\n%s", what, file, code, out)
		}
		if err := json.Unmarshal([]byte(out), &sum); err != nil {
			t.Fatal(err)
		}
		return sum
	}
	for _, step := range []struct {
		what, file           string
		admitted, duplicates int
	}{
		{"agents", "agents.ndjson", 5000, 0}, {"agents", "agents.csv", 0, 5000}, {"contents", "contents.ndjson", 50, 0}, {"engagements", "acts.csv", 2000, 0},
	} {
		if sum := imported(step.what, step.file); sum.Admitted != step.admitted || sum.Duplicates != step.duplicates || sum.Refused != 0 {
			t.Errorf("%s: %+v, want %d new and %d known", step.file, sum, step.admitted, step.duplicates)
		}
	}
	communicator := p.key("communicator")
	var preview struct{ Size, Total *int }
	filtest.Eventually(t, "rules to find the directory", func() bool {
		p.Must(http.MethodPost, "/v1/audiences:preview", communicator, `{"rule":"branch == \"fonction publique hospitalière\" and not manager and inOrg(\"hospitalier\")"}`, 200).JSON(t, &preview)
		return preview.Total != nil && *preview.Total == 5000
	})
	if preview.Size == nil || *preview.Size < 800 || *preview.Size > 1100 {
		t.Errorf("%v agents of hospitals who do not manage", preview.Size)
	}
}

func TestGeneratedUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--agents", "9"}, {"--agents", "100000000"}, {"--engagements", "-1"}, {"--engagements", "5", "--until", "hier"}, {"--contents"}, {"--contents", "--engagements", "5", "--format", "csv"}, {"--format", "xml"}} {
		if out, code := run(t, append([]string{"directory", "generate"}, args...)...); code != exitUsage || !strings.Contains(out, "--") {
			t.Errorf("fil directory generate %v: status %d\n%s", args, code, out)
		}
	}
	if out, code := run(t, "directory", "generate", "--agents", "100", "--engagements", "20", "--until", "2026-11-25"); code != exitDone || strings.Count(out, `"time":"2026-`) != 20 {
		t.Errorf("acts of another year: status %d\n%s", code, out)
	}
	missing := filepath.Join(t.TempDir(), "no", "file")
	if out, code := run(t, "directory", "generate", "--out", missing); code != exitFailed {
		t.Errorf("a folder that does not exist: status %d\n%s", code, out)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a file was left")
	}
}
