package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil/cmd/fil/filtest"
)

// The drill: a server is stopped, backed up and destroyed, and another begins with the backup: feeds, figures, keys and
// what is known of duplicates are as they were.
func TestBackupDrill(t *testing.T) {
	const events = 1200
	home := t.TempDir()
	dir, file := filepath.Join(home, "data"), filepath.Join(home, "fil.tar.gz")
	p := startUp(t, dir)
	p.Story()
	p.Must(http.MethodPut, "/v1/policies/current", p.key("policy"), `{"text":"name: kept"}`, 200) // feeds name it
	p.Ask(http.MethodPost, "/v1/engagements", p.Keys["ingest"], filtest.Engagements(0, events, 60, 3), "Content-Type: application/x-ndjson")
	p.AwaitTotals(events)
	if out, status := run(t, "backup", "--data", dir, file); status != exitFailed || !strings.Contains(out, "tourne sur") || strings.Count(out, "\n") != 1 {
		t.Errorf("with the server up: status %d, %s", status, out)
	}
	awaitHabits() // feeds that rest between two of its looks would move at the next
	before, totals := p.restingFeeds(60), fmt.Sprint(p.Totals())
	if code := p.stop(); code != exitDone {
		t.Fatalf("stop: status %d", code)
	}
	out, status := run(t, "backup", "--data", dir, file)
	if status != exitDone || !strings.Contains(out, "fichiers") {
		t.Fatalf("backup: status %d\n%s", status, out)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive holds the secret, and is %v, %v", info.Mode(), err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if out, status := run(t, "restore", "--data", dir, file); status != exitDone {
		t.Fatalf("restore: status %d\n%s", status, out)
	}
	keys := p.Keys
	again := startUp(t, dir)
	again.Keys = keys // as they were made before
	again.AwaitTotals(events)
	if got := fmt.Sprint(again.Totals()); got != totals {
		t.Errorf("figures are %s, want %s", got, totals)
	}
	for agent, want := range before {
		filtest.Eventually(t, "the feed of "+agent, func() bool { return filtest.SameFeed(want, again.Feed(agent)) })
	}
	var summary struct{ Admitted, Duplicates int }
	again.Ask(http.MethodPost, "/v1/engagements", keys["ingest"], filtest.Engagements(0, events, 60, 3), "Content-Type: application/x-ndjson").JSON(t, &summary)
	if summary.Duplicates != events {
		t.Errorf("sent again: %+v, want %d duplicates", summary, events)
	}
}

// restingFeeds reads the feeds of the first agents until they have been the same for longer than a process takes to look
// at popularity, twice: a feed follows what was admitted by a moment.
func (p *program) restingFeeds(agents int) map[string]filtest.FeedPage {
	p.T.Helper()
	var feeds map[string]filtest.FeedPage
	same := 0
	filtest.Eventually(p.T, "feeds to rest", func() bool {
		now := map[string]filtest.FeedPage{}
		for i := range agents {
			agent := fmt.Sprintf("a%d", i)
			now[agent] = p.Feed(agent)
		}
		if same++; !maps.EqualFunc(feeds, now, filtest.SameFeed) {
			feeds, same = now, 0
		}
		if same < 2 {
			<-time.After(popularityLooked)
		}
		return same == 2
	})
	return feeds
}

func TestBackupAndRestoreRefuse(t *testing.T) {
	home := t.TempDir()
	dir, file, cut := filepath.Join(home, "data"), filepath.Join(home, "fil.tar.gz"), filepath.Join(home, "cut.tar.gz")
	for name, text := range map[string]string{"keys.json": "[]", "secret.key": strings.Repeat("s", 32)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, status := run(t, "backup", "--data", dir, file); status != exitDone {
		t.Fatalf("backup: status %d\n%s", status, out)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, raw[:len(raw)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(home, "fresh")
	for _, c := range []struct {
		name, says string
		status     int
		args       []string
	}{
		{"no folder", "--data", exitUsage, []string{"backup", "--data", filepath.Join(home, "none"), filepath.Join(home, "x")}},
		{"a file in the folder", "outside of", exitUsage, []string{"backup", "--data", dir, filepath.Join(dir, "x.tar.gz")}},
		{"a file that is there", "already", exitUsage, []string{"backup", "--data", dir, file}},
		{"a folder that is not empty", "vide", exitFailed, []string{"restore", "--data", dir, file}},
		{"an archive cut short", "rien n'a été restauré", exitFailed, []string{"restore", "--data", fresh, cut}},
		{"no archive", "rien n'a été restauré", exitFailed, []string{"restore", "--data", fresh, filepath.Join(dir, "keys.json")}},
		{"no file", "none", exitUsage, []string{"restore", "--data", fresh, filepath.Join(home, "none")}},
	} {
		out, status := run(t, c.args...)
		if status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("%s: status %d, want %d, saying %q:\n%s", c.name, status, c.status, c.says, out)
		}
	}
	entries, err := os.ReadDir(home)
	if err != nil || len(entries) != 3 {
		t.Errorf("refused commands left %v, %v", entries, err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, status := run(t, "restore", "--data", fresh, file); status != exitDone {
		t.Errorf("into an empty folder: status %d\n%s", status, out)
	}
	if raw, err := os.ReadFile(filepath.Join(fresh, "secret.key")); err != nil || string(raw) != strings.Repeat("s", 32) {
		t.Errorf("the secret is %q, %v", raw, err)
	}
}
