package delivery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery"
)

// A feed that is still right is answered from what was kept of its reasons; only what is asked for in full, or is left of
// another feed, is explained anew.
func TestFeed_ExplainsOnlyWhatItMust(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(9)...)
	first, _ := w.page("agent:marie", "/v1/feed?limit=3")
	w.page("agent:marie", "/v1/feed?limit=3&cursor="+first.Next)
	w.page("agent:marie", "/v1/feed?limit=3&order=chronological")
	if w.told != 9 || w.placed != 0 {
		t.Errorf("%d items in brief and %d explained, want 9 and none", w.told, w.placed)
	}
	w.page("agent:marie", "/v1/feed?limit=3&explain=full")
	w.page("agent:marie", "/v1/feed?limit=3&explain=full&cursor="+first.Next)
	if w.told != 9 || w.placed != 6 {
		t.Errorf("%d items in brief and %d explained in full, want 9 and 6", w.told, w.placed)
	}
	w.drop("c004")
	rest, _ := w.page("agent:marie", "/v1/feed?limit=3&cursor="+first.Next)
	if got := titles(rest); !slices.Equal(got, []string{"c003", "c005", "c006"}) || w.placed != 8 || w.told != 10 {
		t.Errorf("%v after a withdrawal; %d explained and %d in brief, want 2 more and 1", got, w.placed, w.told)
	}
}

// Each item of a later page is checked when it is served, whether the feed has it or not.
func TestPaging_ChecksWhatIsLeft(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"withdrawn": func(w *world) { w.drop("c003") },
		"expired":   func(w *world) { w.pass(2 * time.Hour) },
		"for others": func(w *world) {
			w.put(fil.Content{ID: "c003", Audiences: []string{"paul"}, PublishedAt: noon.Add(-4 * time.Hour)})
		},
		"dismissed": func(w *world) { w.redis.Set(t.Context(), profileKey("marie"), "-c003;", 0) },
		"dismissed by many act": func(w *world) {
			w.redis.Set(t.Context(), profileKey("marie"), "many acts"+strings.Repeat(" ", 2000)+"-c003;", 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, nil)
			all := numbered(6)
			all[3].ExpiresAt = noon.Add(time.Hour)
			w.put(all...)
			for _, form := range []string{"", "&explain=full"} {
				first, _ := w.page("agent:marie", "/v1/feed?limit=2")
				if form == "" {
					change(w)
				}
				rest, _ := w.page("agent:marie", "/v1/feed?limit=5&cursor="+first.Next+form)
				if slices.Contains(titles(rest), "c003") || len(rest.Items) < 3 {
					t.Errorf("the page %q holds %v", form, titles(rest))
				}
			}
		})
	}
}

// An answer and its tag are the same whether the feed was just ranked or kept, and change when reasons may, at full hours.
func TestFeed_IsTheSameRankedOrKept(t *testing.T) {
	w := setup(t, nil)
	all := numbered(3)
	all[1].PublishedAt = all[1].PublishedAt.Add(7 * time.Second) // a score that is no multiple of a step
	w.put(all...)
	ranked := w.request("agent:marie", "/v1/feed")
	w.pass(59 * time.Minute)
	kept := w.request("agent:marie", "/v1/feed")
	if w.rankings() != 1 || ranked.body != kept.body || ranked.header.Get("ETag") != kept.header.Get("ETag") {
		t.Errorf("%d rankings\n%s\n%s", w.rankings(), ranked.body, kept.body)
	}
	for _, later := range []struct {
		time.Duration
		status int
	}{{0, http.StatusNotModified}, {time.Minute, http.StatusOK}} {
		w.pass(later.Duration)
		if got := w.request("agent:marie", "/v1/feed", "If-None-Match", ranked.header.Get("ETag")); got.status != later.status {
			t.Errorf("%v later: status %d, want %d", later.Duration, got.status, later.status)
		}
	}
}

// A page in full says when it was made, so that no two are equal: it has no tag. Its scores are whole.
func TestFeed_InFull(t *testing.T) {
	w := setup(t, nil)
	all := numbered(1)
	all[0].PublishedAt = noon.Add(-7 * time.Second)
	w.put(all...)
	page, header := w.page("agent:marie", "/v1/feed?explain=full")
	if item := page.Items[0]; header.Get("ETag") != "" || item.Score != item.Explanation.Parameters[0].Contribution || item.Explanation.Basis.At.IsZero() {
		t.Errorf("ETag %q: %+v", header.Get("ETag"), item)
	}
	brief, _ := w.page("agent:marie", "/v1/feed")
	if brief.Items[0].Score != 0 || brief.Items[0].Explanation != nil {
		t.Errorf("in brief: %+v", brief.Items[0])
	}
}

// The address that a page gives leads to the explanation of each item, of the feed that the page is of.
func TestFeed_LeadsToExplanations(t *testing.T) {
	w := setup(t, nil)
	w.put(fil.Content{ID: "c/1 ?", PublishedAt: noon})
	for path, order := range map[string]string{"/v1/agents/zo%C3%A9/feed": "ranked", "/v1/agents/zo%C3%A9/feed?order=chronological&lang=en": "chronological"} {
		page, _ := w.page("service", path)
		res := w.request("service", strings.ReplaceAll(page.Explain, "{content}", "c%2F1%20%3F"))
		var got delivery.ItemExplanation
		if err := json.Unmarshal([]byte(res.body), &got); err != nil {
			t.Fatal(err)
		}
		reason := fil.Bilingual{FR: "Publié récemment", EN: "Published recently"}.In(strings.TrimPrefix(path[len(path)-2:], "ed"))
		if got.Content != "c/1 ?" || got.Explanation.Degree != order || got.Agent != "zoé" || got.Reasons[0] != reason {
			t.Errorf("%s leads to %s: %+v", path, page.Explain, got)
		}
	}
}

// halfStore has a feed and the head of a profile; it can be made to fail before the rest.
type halfStore struct {
	delivery.Store
	fails bool
}

func (s *halfStore) GetMany(ctx context.Context, agents []string) ([]delivery.Kept, error) {
	if s.fails {
		return nil, errors.New("away")
	}
	return s.Store.GetMany(ctx, agents)
}

// A store that goes away between the head of a profile and the rest is done without, as one that was away before.
func TestFeed_InFullWithoutTheRestOfTheProfile(t *testing.T) {
	w := setup(t, nil)
	half := &halfStore{Store: w.store}
	keeper, err := delivery.NewKeeper(delivery.DefaultConfig(), delivery.Parts{
		Ranker: w.newest, Store: half, Directory: w.newest, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Now: w.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.keeper, w.hub = keeper, delivery.NewHub(keeper)
	w.serve()
	w.put(important()...)
	w.redis.Set(t.Context(), profileKey("marie"), "many acts"+strings.Repeat(" ", 2000)+"-c001;", 0)
	if p, _ := w.page("agent:marie", "/v1/feed?explain=full"); !slices.Equal(titles(p), []string{"c002", "c000"}) {
		t.Fatalf("with the whole profile: %v", titles(p))
	}
	half.fails = true
	if p, header := w.page("agent:marie", "/v1/feed"); header.Get("Fil-Degraded") != "" || len(p.Items) != 2 {
		t.Errorf("in brief the head is enough: %v", titles(p))
	}
	for _, path := range []string{"/v1/feed?explain=full", "/v1/feed?order=chronological"} {
		if p, header := w.page("agent:marie", path); header.Get("Fil-Degraded") != "chronological" || !slices.Equal(titles(p), []string{"c000", "c001", "c002"}) {
			t.Errorf("%s: %v, Fil-Degraded %q", path, titles(p), header.Get("Fil-Degraded"))
		}
	}
	if res := w.request("agent:marie", "/v1/feed/items/c001/explanation"); res.status != http.StatusOK || res.header.Get("Fil-Degraded") != "chronological" {
		t.Errorf("explanation: %d, Fil-Degraded %q", res.status, res.header.Get("Fil-Degraded"))
	}
}

// Reasons are written by hand, and must come out as encoding/json writes them.
func FuzzFeed_ReasonsComeOutAsTheyAre(f *testing.F) {
	w := setup(f, nil)
	for _, seed := range []string{"", `"\`, "\x00\n\t\u2028«é»“’\u2029", "\xff\xe2\x80", "<&>", "\ufffd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w.t = t
		w.mu.Lock()
		w.says.FR = text
		w.mu.Unlock()
		w.put(fil.Content{ID: "c000", Title: fmt.Sprint(w.rankings()), PublishedAt: noon})            // what is said of a content is remembered
		if p, _ := w.page("agent:marie", "/v1/feed"); p.Items[0].Reasons[0] != string([]rune(text)) { // which replaces what is no UTF-8, a byte at a time
			t.Fatalf("%q comes out as %q", text, p.Items[0].Reasons[0])
		}
		if utf8.ValidString(text) {
			expectToTheLetter(t, w.request("agent:marie", "/v1/feed"), "")
		}
	})
}

// BenchmarkPage is a page of a kept feed without the network: what delivery does.
func BenchmarkPage(b *testing.B) {
	w := setup(b, nil)
	w.put(numbered(100)...)
	b.ReportAllocs()
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "/v1/feed", nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("X-Caller", "agent:marie")
		var out discard
		w.server.Config.Handler.ServeHTTP(&out, req)
		if out.status != http.StatusOK && out.status != 0 {
			b.Fatal(fmt.Sprint(out.status))
		}
	}
}

type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header {
	if d.header == nil {
		d.header = http.Header{}
	}
	return d.header
}

func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

func (d *discard) WriteHeader(status int) { d.status = status }
