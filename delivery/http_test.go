package delivery_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/delivery"
)

func TestFeed_AnswersTheContractToTheLetter(t *testing.T) {
	w := setup(t, nil)
	w.put(fil.Content{
		ID: "note", Kind: "alert", Title: "Titre & « guillemets » <b>", Summary: "Résumé", Body: "Un *mot*.", Topics: []string{"rh"}, Source: "DRH", Author: "A. Martin",
		PublishedAt: noon.Add(-24 * time.Hour), PinnedUntil: noon.Add(time.Hour),
	})
	for path, forms := range map[string][2]string{
		"/v1/feed": {"", `,"reasons":["Publié récemment","1"],"acknowledged":false}]}`},
		"/v1/feed?explain=full&order=chronological&lang=fr": {"&order=chronological&lang=fr", `,"reasons":["Publié récemment"],"acknowledged":false,"explanation":{"degree":"chronological","data":[],` +
			`"parameters":[{"name":"freshness","label":"Fraîcheur","measure":"","value":-1,"weight":1,"contribution":-1}],"operations":[],"rule":"","position":0,"basis":{"policy":"newest-1","profile":-1,"order":"chronological","stamp":"7","at":"2026-03-02T12:00:00Z","contents":"","signals":"","reader":"","acts":""}}}]}`},
	} {
		expectToTheLetter(t, w.request("agent:marie", path), `{"agent":"marie","policy":"newest-1","explain":"/v1/feed/items/{content}/explanation?agent=marie`+forms[0]+
			`","items":[{"content":{"id":"note","kind":"alert","title":"Titre & « guillemets » <b>","summary":"Résumé",`+
			`"body_html":"<p>Un <em>mot</em>.</p>\n","language":"fr","topics":["rh"],"source":"DRH","author":"A. Martin","published_at":"2026-03-01T12:00:00Z","pinned_until":"2026-03-02T13:00:00Z"},"score":-1`+forms[1])
	}
}

// expectToTheLetter checks an answer, against the one wanted if there is one.
func expectToTheLetter(t *testing.T, res answer, want string) {
	t.Helper()
	got := res.body
	if diff := cmp.Diff(want, got); want != "" && diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "private, no-cache", "Vary": "Authorization, Accept-Language", "Link": "", "Content-Length": strconv.Itoa(len(got))} {
		if got := res.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	// The answer is assembled from cached parts: it must be what its declared type encodes to.
	var page delivery.FeedPage
	if err := json.Unmarshal([]byte(got), &page); err != nil {
		t.Fatal(err)
	}
	var again strings.Builder
	enc := json.NewEncoder(&again)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(page); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(again.String(), got+"\n"); diff != "" {
		t.Error("not what FeedPage encodes to", diff)
	}
}

func TestFeed_IsAnEmptyListForAnAgentWithNothing(t *testing.T) {
	w := setup(t, nil)
	got := w.request("service", "/v1/agents/zo%C3%A9/feed").body
	if want := `{"agent":"zoé","policy":"newest-1","explain":"/v1/feed/items/{content}/explanation?agent=zo%C3%A9","items":[]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFeed_RanksOnlyWhatIsNotFresh(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(3)...)
	read := func() []string {
		p, _ := w.page("agent:marie", "/v1/feed")
		return titles(p)
	}
	read()
	if read(); w.rankings() != 1 {
		t.Fatalf("two reads of an unchanged feed ranked %d times, want 1", w.rankings())
	}
	for _, change := range []struct {
		name string
		make func()
		want []string
	}{
		{"a withdrawn content", func() { w.drop("c001") }, []string{"c000", "c002"}},
		{"a content for someone else", func() { w.put(fil.Content{ID: "x", PublishedAt: noon, Audiences: []string{"paul"}}) }, []string{"c000", "c002"}},
		{"a content that time publishes", func() { w.put(fil.Content{ID: "later", PublishedAt: noon.Add(time.Hour)}); read(); w.pass(time.Hour) }, []string{"later", "c000", "c002"}},
		{"a profile", func() { w.redis.Set(t.Context(), profileKey("marie"), "-c000;", 0) }, []string{"later", "c002"}},
		{"a Redis emptied", func() { enginetest.Empty(t, w.redis) }, []string{"later", "c000", "c002"}},
	} {
		change.make()
		if got := read(); !slices.Equal(got, change.want) {
			t.Errorf("after %s the feed is %v, want %v", change.name, got, change.want)
		}
	}
	before := w.rankings()
	if read(); w.rankings() != before {
		t.Error("a read after the changes ranked again")
	}
}

func TestFeed_ChronologicalOrderIsComputedAndNotStored(t *testing.T) {
	w := setup(t, nil)
	w.put(fil.Content{ID: "old", Priority: 3, PublishedAt: noon.Add(-48 * time.Hour)}, fil.Content{ID: "new", PublishedAt: noon.Add(-time.Hour)})
	chronological, _ := w.page("agent:marie", "/v1/feed?order=chronological&explain=full")
	if got := titles(chronological); !slices.Equal(got, []string{"new", "old"}) {
		t.Errorf("chronological: %v", got)
	}
	if degree := chronological.Items[0].Explanation.Degree; degree != "chronological" {
		t.Errorf("explained as %q", degree)
	}
	ranked, _ := w.page("agent:marie", "/v1/feed")
	if got := titles(ranked); !slices.Equal(got, []string{"old", "new"}) {
		t.Errorf("ranked, after a chronological read: %v", got)
	}
}

func TestFeed_ETagIsEqualOnlyForEqualAnswers(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(30)...)
	first, header := w.page("agent:marie", "/v1/feed")
	seen := map[string]string{header.Get("ETag"): "/v1/feed"}
	for _, path := range []string{"/v1/feed?limit=5", "/v1/feed?lang=en", "/v1/feed?order=chronological", "/v1/feed?cursor=" + first.Next} {
		_, header := w.page("agent:marie", path)
		etag := header.Get("ETag")
		if other, taken := seen[etag]; taken {
			t.Errorf("%s and %s have the ETag %s", path, other, etag)
		}
		seen[etag] = path
	}
	for etag, path := range seen {
		res := w.request("agent:marie", path, "If-None-Match", `"other", W/`+etag)
		if res.status != http.StatusNotModified || res.body != "" || res.header.Get("ETag") != etag {
			t.Errorf("%s with its ETag: %d, ETag %s, %d bytes; want 304", path, res.status, res.header.Get("ETag"), len(res.body))
		}
	}
	changed := numbered(30)
	changed[2].Title = "Titre corrigé"
	changed[25].Title = "Titre corrigé"
	w.put(changed...)
	for etag, path := range seen {
		if res := w.request("agent:marie", path, "If-None-Match", etag); res.status != http.StatusOK {
			t.Errorf("%s after a correction: %d, want 200", path, res.status)
		}
	}
}

func TestFeed_LanguageIsAskedThenKnownThenAccepted(t *testing.T) {
	w := setup(t, nil)
	w.put(fil.Content{ID: "c", Title: "Bonjour", PublishedAt: noon, Translations: map[string]fil.Variant{"en": {Title: "Hello", Body: "Text"}, "de": {Title: "Hallo"}}})
	for _, c := range []struct{ agent, query, accept, title, language string }{
		{"marie", "", "", "Bonjour", "fr"},
		{"marie", "?lang=en-GB", "", "Hello", "en"},
		{"marie", "", "de-DE,de;q=0.9,en;q=0.5", "Hallo", "de"},
		{"marie", "", `"><script>`, "Bonjour", "fr"},
		{"marie", "?lang=it", "en", "Bonjour", "fr"},
		{"jane", "", "de", "Hello", "en"},
		{"jane", "?lang=fr", "de", "Bonjour", "fr"},
	} {
		p, _ := w.page("agent:"+c.agent, "/v1/feed"+c.query, "Accept-Language", c.accept)
		if got := p.Items[0].Content; got.Title != c.title || got.Language != c.language {
			t.Errorf("%+v: %q in %q", c, got.Title, got.Language)
		}
	}
}

func TestFeed_RefusesWithAReason(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(2)...)
	twice := delivery.Cursor{1, 1}.String()
	for _, c := range []struct {
		caller, path, accept string
		status               int
		says                 string
	}{
		{"agent:ghost", "/v1/feed", "", 404, "PUT /v1/agents/{id}"},
		{"service", "/v1/agents/ghost/feed", "en", 404, "is not in the directory"},
		{"agent:marie", "/v1/feed?cursor=zzz", "", 422, `"location":"query.cursor"`},
		{"agent:marie", "/v1/feed?cursor=" + twice, "en", 422, "take the 'next' of a page"},
		{"agent:marie", "/v1/feed?limit=0", "", 422, `"location":"query.limit"`},
		{"agent:marie", "/v1/feed?limit=101", "", 422, `"location":"query.limit"`},
		{"agent:marie", "/v1/feed?order=best", "", 422, `"location":"query.order"`},
		{"agent:marie", "/v1/feed?lang=" + url.QueryEscape(`"`), "", 422, `"location":"query.lang"`},
		{"service", "/v1/feed", "", 403, ""},
		{"agent:marie", "/v1/agents/paul/feed", "", 403, ""},
		{"communicator", "/v1/agents/paul/feed", "", 403, ""},
		{"service", "/v1/feed/stream", "", 422, `"location":"query.agent"`},
		{"agent:marie", "/v1/feed/stream?agent=paul", "", 422, `"location":"query.agent"`},
		{"agent:ghost", "/v1/feed/stream", "", 404, "inconnu de l'annuaire"},
		{"service", "/v1/feed/items/c000/explanation", "", 422, `"location":"query.agent"`},
		{"agent:marie", "/v1/feed/items/none/explanation", "", 404, "n'est pas proposée"},
	} {
		res := w.request(c.caller, c.path, "Accept-Language", c.accept)
		if res.status != c.status || !strings.Contains(res.body, c.says) || res.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %s %s; want %d with %q", c.caller, c.path, res.status, res.header.Get("Content-Type"), res.body, c.status, c.says)
		}
	}
}

func TestExplanation_OfAnItemWhereverItIs(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(60)...)
	w.put(fil.Content{ID: "secret", PublishedAt: noon, Audiences: []string{"paul"}})
	for _, path := range []string{"/v1/feed/items/c055/explanation", "/v1/feed/items/c000/explanation?agent=marie"} {
		res := w.request("agent:marie", path)
		var got delivery.ItemExplanation
		if err := json.Unmarshal([]byte(res.body), &got); err != nil {
			t.Fatal(err)
		}
		if res.status != http.StatusOK || got.Agent != "marie" || got.Policy != "newest-1" || !strings.Contains(path, got.Content) || len(got.Explanation.Parameters) != 1 {
			t.Errorf("%s: %d %+v", path, res.status, got)
		}
	}
	for caller, want := range map[string]int{"agent:marie": 404, "agent:paul": 200} {
		if res := w.request(caller, "/v1/feed/items/secret/explanation"); res.status != want {
			t.Errorf("%s asks about a content for paul: %d, want %d", caller, res.status, want)
		}
	}
	if res := w.request("service", "/v1/feed/items/secret/explanation?agent=paul&lang=en"); res.status != http.StatusOK {
		t.Errorf("a service asks for paul: %d", res.status)
	}
}
