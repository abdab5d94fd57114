package delivery_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery"
	"github.com/filengine/fil/delivery/feedstore"
)

func TestWarm_RanksOnlyKeptFeedsThatAreNoLongerRight(t *testing.T) {
	w := setup(t, func(cfg *delivery.Config) { cfg.WarmBatch = 2 })
	w.put(numbered(3)...)
	for _, reader := range []string{"marie", "paul"} {
		w.page("agent:"+reader, "/v1/feed")
	}
	w.put(fil.Content{ID: "for-paul", PublishedAt: noon, Audiences: []string{"paul"}})
	if err := w.keeper.Warm(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	before := w.rankings()
	if err := w.keeper.Warm(t.Context(), []string{"ghost", "zoé", "paul", "marie", "jane"}); err != nil {
		t.Fatal(err)
	}
	if ranked := w.rankings() - before; ranked != 2 {
		t.Errorf("%d feeds ranked, want the 2 that are kept", ranked)
	}
	kept, err := w.store.Get(t.Context(), "paul")
	if err != nil || !kept.Found || kept.Feed.Entries[0].Content != fil.KeyOf("for-paul") {
		t.Errorf("paul's feed was not warmed: %+v, %v", kept, err)
	}
	for _, agent := range []string{"zoé", "jane"} {
		if kept, _ := w.store.Get(t.Context(), agent); kept.Found {
			t.Errorf("%s never read and has a feed", agent)
		}
	}
	before = w.rankings()
	w.page("agent:paul", "/v1/feed")
	if w.rankings() != before {
		t.Error("the read of a warmed feed ranked again")
	}
	if err := w.keeper.Warm(t.Context(), []string{"paul", "marie"}); err != nil || w.rankings() != before {
		t.Errorf("warming what is fresh ranked again (%v)", err)
	}
}

func TestWarm_SaysWhenTheStoreIsAway(t *testing.T) {
	w := setup(t, nil)
	_ = w.redis.Close()
	if err := w.keeper.Warm(t.Context(), []string{"marie"}); err == nil || !strings.Contains(err.Error(), "warm feeds") {
		t.Errorf("error is %v", err)
	}
}

// The warm window is about reading: neither warming nor a second read of the day make it last.
func TestWindow_FollowsReadingOnly(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(3)...)
	ttl := func() time.Duration { return w.redis.TTL(t.Context(), feedstore.Key("marie")).Val() }
	w.page("agent:marie", "/v1/feed")
	if got := ttl(); got > 30*24*time.Hour || got < 30*24*time.Hour-time.Minute {
		t.Fatalf("kept for %v, want 30 days", got)
	}
	// What is left is set by hand, as if three days had passed for Redis.
	left := 27 * 24 * time.Hour
	w.redis.Expire(t.Context(), feedstore.Key("marie"), left)
	w.put(fil.Content{ID: "x", PublishedAt: noon})
	if err := w.keeper.Warm(t.Context(), []string{"marie"}); err != nil {
		t.Fatal(err)
	}
	if got := ttl(); got > left {
		t.Errorf("warming made the feed last %v, over the %v it had", got, left)
	}
	w.pass(11 * time.Hour)
	w.page("agent:marie", "/v1/feed") // the same day: no write
	if got := ttl(); got > left {
		t.Errorf("a second read of the day made it last %v", got)
	}
	w.pass(12*time.Hour + 30*time.Minute)
	w.page("agent:marie", "/v1/feed")
	if got := ttl(); got < 30*24*time.Hour-time.Minute {
		t.Errorf("a read of another day left %v, want 30 days", got)
	}
}

func TestConfig_NamesEveryFault(t *testing.T) {
	if err := delivery.DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	faults := fil.FaultsOf(delivery.Config{Poll: time.Second}.Validate())
	if len(faults) != 8 || slices.ContainsFunc(faults, func(f *fil.Fault) bool { return f.Field == "poll" }) {
		t.Errorf("faults are %v", faults)
	}
	_, err := delivery.NewKeeper(delivery.Config{}, delivery.Parts{})
	if fil.FaultsOf(err) == nil {
		t.Errorf("a keeper without settings: %v", err)
	}
}

func TestMetrics_CountReadsByOutcome(t *testing.T) {
	w := setup(t, nil)
	reg := prometheus.NewRegistry()
	keeper, err := delivery.NewKeeper(delivery.DefaultConfig(), delivery.Parts{
		Ranker: w.newest, Store: w.store, Directory: w.newest, Log: slog.New(slog.DiscardHandler), Metrics: reg, Now: w.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.keeper, w.hub = keeper, delivery.NewHub(keeper)
	w.serve()
	w.put(numbered(2)...)
	_, header := w.page("agent:marie", "/v1/feed")
	w.page("agent:marie", "/v1/feed")
	w.request("agent:marie", "/v1/feed", "If-None-Match", header.Get("ETag"))
	w.request("agent:ghost", "/v1/feed")
	w.request("agent:marie", "/v1/feed?cursor=zzz")
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		if family.GetName() == "fil_delivery_reads_total" {
			for _, m := range family.GetMetric() {
				got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	for _, outcome := range []string{"ranked", "kept", "not_modified", "unknown_agent", "refused"} {
		if got[outcome] != 1 {
			t.Errorf("outcome %s counted %v times, want 1 (%v)", outcome, got[outcome], got)
		}
	}
	if _, err := delivery.NewKeeper(delivery.DefaultConfig(), delivery.Parts{Metrics: reg}); err == nil || !errors.As(err, new(prometheus.AlreadyRegisteredError)) {
		t.Errorf("registering twice: %v", err)
	}
}

func TestContent_MarkdownLeavesAsSafeHTML(t *testing.T) {
	w := setup(t, nil)
	for i, c := range []struct{ markdown, html string }{
		{"", ""},
		{"# Titre\n\n## Sous-titre\n\n#### Fin", "<h4>Titre</h4>\n<h5>Sous-titre</h5>\n<h6>Fin</h6>\n"},
		{"## Titre\n\n### Sous-titre", "<h4>Titre</h4>\n<h5>Sous-titre</h5>\n"},
		{"<script>alert(1)</script>\n\nTexte <b onclick=x()>gras</b>", "\n<p>Texte gras</p>\n"},
		{"[clic](javascript:alert(1)) [clic](data:text/html;base64,AAAA)", `<p><a rel="nofollow noopener">clic</a> <a rel="nofollow noopener">clic</a></p>` + "\n"},
		{"[guide](https://exemple.gouv.fr/a?b=1&c=2)", `<p><a href="https://exemple.gouv.fr/a?b=1&amp;c=2" rel="nofollow noopener">guide</a></p>` + "\n"},
		{"<https://exemple.gouv.fr> et https://exemple.fr", `<p><a href="https://exemple.gouv.fr" rel="nofollow noopener">https://exemple.gouv.fr</a> et <a href="https://exemple.fr" rel="nofollow noopener">https://exemple.fr</a></p>` + "\n"},
		{"![Plan du *site*](https://pisteur.example/p.gif) suite", "<p>Plan du <em>site</em> suite</p>\n"},
		{"[![logo](a.png)](/intranet)", `<p><a href="/intranet" rel="nofollow noopener">logo</a></p>` + "\n"},
		{"| a | b |\n|---|--:|\n| 1 | ~~2~~ |", "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td><del>2</del></td>\n</tr>\n</tbody>\n</table>\n"},
		{"3. trois\n4. quatre", "<ol start=\"3\">\n<li>trois</li>\n<li>quatre</li>\n</ol>\n"},
		{"L'été à l'hôtel", "<p>L&#39;été à l&#39;hôtel</p>\n"},
	} {
		w.put(fil.Content{ID: "c", Title: fmt.Sprint(i), Body: c.markdown, PublishedAt: noon})
		p, _ := w.page("agent:marie", "/v1/feed")
		if got := p.Items[0].Content.BodyHTML; got != c.html {
			t.Errorf("%q\ngives %q\nwant  %q", c.markdown, got, c.html)
		}
	}
}

func FuzzContent_NoMarkdownRunsInAPage(f *testing.F) {
	w := setup(f, nil)
	for _, seed := range []string{"<img src=x onerror=alert(1)>", "[a](java\nscript:x)", "<style>*{}</style>", "```html\n<script>\n```", "![a](b \"c\")", "<svg/onload=x>", "&#x3C;script>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w.t = t
		w.put(fil.Content{ID: "c", Title: "T", Body: body, PublishedAt: noon})
		p, _ := w.page("agent:marie", "/v1/feed")
		html := strings.ToLower(p.Items[0].Content.BodyHTML)
		for _, forbidden := range []string{"<script", "<style", "<img", "<svg", "<iframe", "<form", "<input", "href=\"javascript", "href=\"data"} {
			if strings.Contains(html, forbidden) {
				t.Errorf("%q gives %q", body, html)
			}
		}
	})
}

// The cache must neither grow without end nor give one content for another.
func TestContent_CacheIsBoundedAndExact(t *testing.T) {
	w := setup(t, func(cfg *delivery.Config) { cfg.CacheBytes = 8 << 10 })
	for round := range 3 {
		all := numbered(40)
		for i := range all {
			all[i].Body = strings.Repeat("mot ", 200)
			all[i].Summary = fmt.Sprint(round, i)
		}
		w.put(all...)
		p, _ := w.page("agent:marie", "/v1/feed?limit=100")
		for i, item := range p.Items {
			if item.Content.Summary != fmt.Sprint(round, i) || item.Content.ID != all[i].ID {
				t.Fatalf("round %d: item %d is %s with %q", round, i, item.Content.ID, item.Content.Summary)
			}
		}
	}
}
