package roles

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/filtest"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/hand"
)

// readerHand is one agent with a hand on their feed.
type readerHand struct {
	*here
	t     *testing.T
	token string
}

// handOf gives a reader of a feed of five contents, c0 to c4, the last published first, whom nobody else disturbs.
func handOf(t *testing.T) readerHand {
	t.Helper()
	h := startHere(t)
	h.Must(http.MethodPut, "/v1/agents/a0", h.Keys["ingest"], `{"org":"cd"}`, 200, 201)
	h.Must(http.MethodPut, "/v1/agents/a1", h.Keys["ingest"], `{"org":"cd"}`, 200, 201)
	now := time.Now().UTC()
	for i, topic := range []string{"Paie", "Congés", "Paie", "Égalité / parité", "Sport"} {
		h.Must(http.MethodPut, fmt.Sprintf("/v1/contents/c%d", i), h.Keys["communicator"], fmt.Sprintf(
			`{"title":"Titre %d","topics":[%q],"source":"Service %d","author":"Auteur","community":"Réseau %d","published_at":%q}`,
			i, topic, i%2, i%2, now.Add(time.Duration(i-10)*time.Minute).Format(time.RFC3339)), 200, 201)
	}
	return readerHand{h, t, h.token("a0")}
}

// write does one write, which the very next read must go by.
func (r readerHand) write(method, path, body string) {
	r.t.Helper()
	if got := r.Must(method, path, r.token, body, 200); !strings.Contains(string(got.Body), `"applied":true`) {
		r.t.Fatalf("%s %s: %s", method, path, got.Body)
	}
}

// feed lists the contents of the feed, asked for with a query.
func (r readerHand) feed(query string) (ids []string) {
	r.t.Helper()
	var page filtest.FeedPage
	r.Must(http.MethodGet, "/v1/feed"+query, r.token, "", 200).JSON(r.t, &page)
	for _, item := range page.Items {
		ids = append(ids, item.Content.ID)
	}
	return ids
}

func (r readerHand) known(query string) (k hand.Known) {
	r.t.Helper()
	r.Must(http.MethodGet, "/v1/me/profile"+query, r.token, "", 200).JSON(r.t, &k)
	return k
}

func at(facet, name string) string {
	return "/v1/me/preferences/" + facet + "/" + url.PathEscape(name)
}

// Each thing that a reader asks works at the next read, is seen in the profile, and can be taken back.
func TestHand_WorksAtTheNextReadAndBack(t *testing.T) {
	r := handOf(t)
	untouched := r.feed("")
	if len(untouched) != 5 {
		t.Fatalf("the feed is %v", untouched)
	}
	place := func(id string) int { return slices.Index(r.feed(""), id) }
	for _, c := range []struct {
		facet, name, choice string
		holds               func() bool
	}{
		{"topic", "Égalité / parité", "hide", func() bool { return place("c3") < 0 }},
		{"source", "Service 1", "hide", func() bool { return len(r.feed("")) == 3 }},
		{"community", "Réseau 0", "hide", func() bool { return len(r.feed("")) == 2 }},
		{"kind", "news", "hide", func() bool { return len(r.feed("")) == 0 }},
		{"topic", "Congés", "follow", func() bool { return place("c1") == 0 }},
		{"topic", "Congés", "more", func() bool { return place("c1") == 0 }},
		{"topic", "Sport", "less", func() bool { return place("c4") == 4 }},
		{"content", "c2", "hide", func() bool { return place("c2") < 0 && len(r.feed("?order=chronological")) == 4 }},
	} {
		r.write(http.MethodPut, at(c.facet, c.name), fmt.Sprintf(`{"choice":%q}`, c.choice))
		if !c.holds() {
			t.Errorf("%s %s %s: the feed is %v", c.choice, c.facet, c.name, r.feed(""))
		}
		k := r.known("")
		switch {
		case c.facet == "content" && (len(k.Hidden) != 1 || k.Hidden[0].Content != c.name || k.Hidden[0].Title == ""):
			t.Errorf("%s %s: the profile hides %+v", c.facet, c.name, k.Hidden)
		case c.facet != "content" && (len(k.Preferences) != 1 || k.Preferences[0].Name != c.name || string(k.Preferences[0].Choice) != c.choice || k.Preferences[0].Means == ""):
			t.Errorf("%s %s: the profile has %+v", c.facet, c.name, k.Preferences)
		}
		r.write(http.MethodDelete, at(c.facet, c.name), "")
		if got := r.feed(""); !slices.Equal(got, untouched) {
			t.Errorf("%s %s %s, taken back: the feed is %v, want %v", c.choice, c.facet, c.name, got, untouched)
		}
		if k := r.known(""); len(k.Preferences)+len(k.Hidden) != 0 {
			t.Errorf("%s %s, taken back: the profile has %+v and hides %+v", c.facet, c.name, k.Preferences, k.Hidden)
		}
	}
}

// The order chosen is that of readings that ask for none, and of their next pages.
func TestHand_ChoosesTheOrder(t *testing.T) {
	r := handOf(t)
	r.write(http.MethodPut, at("topic", "Congés"), `{"choice":"follow"}`)
	ranked, newest := r.feed(""), []string{"c4", "c3", "c2", "c1", "c0"}
	if slices.Equal(ranked, newest) {
		t.Fatal("both orders are the same: nothing is tested")
	}
	r.write(http.MethodPut, "/v1/me/order", `{"order":"chronological"}`)
	if got := r.feed(""); !slices.Equal(got, newest) {
		t.Errorf("chosen chronological: %v", got)
	}
	if got := r.feed("?order=ranked"); !slices.Equal(got, ranked) {
		t.Errorf("asked for ranked: %v, want %v", got, ranked)
	}
	first := r.Must(http.MethodGet, "/v1/feed?limit=2", r.token, "", 200)
	if link := first.Header.Get("Link"); !strings.Contains(link, "order=chronological") {
		t.Errorf("the next page is in another order: %s", link)
	}
	if k := r.known("?lang=en"); k.Order.Order != fil.OrderChronological || !k.Order.Chosen || !strings.Contains(k.Order.Means, "newest") {
		t.Errorf("the profile says %+v", k.Order)
	}
	r.write(http.MethodDelete, "/v1/me/order", "")
	if got := r.feed(""); !slices.Equal(got, ranked) {
		t.Errorf("no order chosen: %v, want %v", got, ranked)
	}
}

// A service may erase a profile; whoever leaves the directory leaves none behind.
func TestHand_ErasureAndRemoval(t *testing.T) {
	r := handOf(t)
	for range 2 {
		r.write(http.MethodPut, at("topic", "Sport"), `{"choice":"less"}`)
		r.Must(http.MethodDelete, "/v1/me/profile?agent=a0", r.Keys["service"], "", 200)
		if k := r.known(""); len(k.Preferences) != 0 {
			t.Fatalf("erased, and %+v is left", k.Preferences)
		}
	}
	r.write(http.MethodPut, at("topic", "Sport"), `{"choice":"less"}`)
	r.Must(http.MethodDelete, "/v1/agents/a0", r.Keys["ingest"], "", 204)
	filtest.Eventually(t, "the profile of a removed agent to be empty", func() bool {
		packed, err := r.server.house.profiles.Profile(t.Context(), "a0")
		if err != nil {
			t.Fatal(err)
		}
		p, err := ranking.ParseProfile(packed)
		return err == nil && len(p.Preferences()) == 0 && p.Len() == 0
	})
	r.Must(http.MethodDelete, "/v1/agents/a1", r.Keys["ingest"], "", 204)
	db := filtest.Facts(t, r.server.house.cfg.ClickHouse)
	filtest.Eventually(t, "the erasure of the facts of who asked and of who was removed to be noted", func() bool {
		var asked uint64
		if err := db.QueryRow(t.Context(), "SELECT count() FROM erasures FINAL").Scan(&asked); err != nil {
			t.Fatal(err)
		}
		return asked == 2
	})
}

// What a reader saved is listed by itself, the last saved first, as long as they may read it and until they take it back.
func TestHand_KeepsWhatIsSaved(t *testing.T) {
	r := handOf(t)
	if got := r.feed("?saved=true"); len(got) != 0 {
		t.Fatalf("saved before anything was: %v", got)
	}
	for i, content := range []string{"c3", "c0", "c4", "c1"} {
		r.Must(http.MethodPost, "/v1/engagements", r.token, fmt.Sprintf(
			`{"specversion":"1.0","id":"%d","source":"test","type":"fil.engagement.save","time":%q,"data":{"agent":"a0","content":%q}}`, i, time.Now().UTC().Add(time.Duration(i-9)*time.Minute).Format(time.RFC3339), content), 202)
	}
	r.write(http.MethodPut, at("topic", "Congés"), `{"choice":"more"}`) // which waits for all of them
	saved := func(query string, want ...string) {
		t.Helper()
		if got := r.feed("?saved=true" + query); !slices.Equal(got, want) {
			t.Errorf("saved%s are %v, want %v", query, got, want)
		}
	}
	saved("", "c1", "c4", "c0", "c3")
	saved("&limit=2", "c1", "c4")
	var page filtest.FeedPage
	r.Must(http.MethodGet, "/v1/feed?saved=true&limit=3", r.token, "", 200).JSON(t, &page)
	if got := r.feed("?cursor=" + page.Next); fmt.Sprint(got) != "[c3]" {
		t.Errorf("the next page has %v", got)
	}
	r.write(http.MethodDelete, "/v1/me/saved/c4", "")
	r.Must(http.MethodDelete, "/v1/contents/c0", r.Keys["communicator"], "", 200, 204)
	saved("", "c1", "c3")
	r.Must(http.MethodGet, "/v1/agents/a0/feed?saved=true", r.Keys["service"], "", 200).JSON(t, &page)
	if len(page.Items) != 2 {
		t.Errorf("a service sees %d saved", len(page.Items))
	}
	r.write(http.MethodDelete, "/v1/me/profile", "")
	saved("")
}

// A profile that is erased is empty, and stays so when it is made again from the log.
func TestHand_Forgets(t *testing.T) {
	r := handOf(t)
	untouched := r.feed("")
	for i, kind := range []string{"read", "save", "dismiss"} {
		r.Must(http.MethodPost, "/v1/engagements", r.token, fmt.Sprintf(
			`{"specversion":"1.0","id":"%d","source":"test","type":"fil.engagement.%s","data":{"agent":"a0","content":"c%d"}}`, i, kind, i), 202)
	}
	r.write(http.MethodPut, at("topic", "Sport"), `{"choice":"less"}`)
	k := r.known("?lang=en")
	if len(k.Facts) != 3 || len(k.Hidden) != 1 || len(k.Preferences) != 1 || len(k.Tastes) == 0 || k.Kept == "" || len(k.Sources) == 0 || k.Facts[0].Did == "" || k.Facts[0].Day == "" {
		t.Fatalf("known: %+v", k)
	}
	r.write(http.MethodDelete, "/v1/me/profile", "")
	empty := func(when string) {
		t.Helper()
		if k := r.known(""); len(k.Facts)+len(k.Hidden)+len(k.Preferences)+len(k.Tastes) != 0 || k.Order.Chosen {
			t.Errorf("%s: %+v", when, k)
		}
		if got := r.feed(""); len(got) != len(untouched) {
			t.Errorf("%s: the feed is %v", when, got)
		}
	}
	empty("erased")
	r.Must(http.MethodPost, "/v1/rebuild/profiles", r.Keys["ingest"], "", 200)
	empty("made again from the log")
	if err := r.redis.Del(t.Context(), "p:{a0}", "i:{a0}").Err(); err != nil {
		t.Fatal(err)
	}
	r.Must(http.MethodPost, "/v1/rebuild/profiles", r.Keys["ingest"], "", 200)
	empty("lost, and made again from the log")
}

func TestHand_RefusesWithTheReason(t *testing.T) {
	r := handOf(t)
	service := r.Keys["service"]
	for _, c := range []struct {
		method, path, key, body string
		status                  int
		says                    string
	}{
		{http.MethodGet, "/v1/me/profile?agent=a1", r.token, "", 422, "query.agent"},
		{http.MethodGet, "/v1/me/profile", service, "", 422, "query.agent"},
		{http.MethodGet, "/v1/me/profile?agent=nobody", service, "", 404, "nobody"},
		{http.MethodDelete, "/v1/me/profile?agent=nobody", service, "", 404, "nobody"},
		{http.MethodPut, at("colour", "red"), r.token, `{"choice":"more"}`, 422, "facet"},
		{http.MethodPut, at("topic", "x"), r.token, `{"choice":"adore"}`, 422, "choice"},
		{http.MethodPut, at("content", "c1"), r.token, `{"choice":"more"}`, 422, "body.choice"},
		{http.MethodPut, at("content", "c 1"), r.token, `{"choice":"hide"}`, 422, "data.content"},
		{http.MethodPut, at("topic", "a\u0007"), r.token, `{"choice":"more"}`, 422, "data.name"},
		{http.MethodPut, "/v1/me/order", r.token, `{"order":"random"}`, 422, "order"},
		{http.MethodGet, "/v1/me/profile", r.Keys["leader"], "", 403, ""},
	} {
		if got := r.Must(c.method, c.path, c.key, c.body, c.status); !strings.Contains(string(got.Body), c.says) {
			t.Errorf("%s %s: %s, want a word on %s", c.method, c.path, got.Body, c.says)
		}
	}
	for i := range 64 {
		r.write(http.MethodPut, at("topic", fmt.Sprint("t", i)), `{"choice":"more"}`)
	}
	if got := r.Must(http.MethodPut, at("topic", "one more"), r.token, `{"choice":"more"}`, 422); !strings.Contains(string(got.Body), "65") {
		t.Errorf("a 65th preference: %s", got.Body)
	}
	r.write(http.MethodPut, at("topic", "t7"), `{"choice":"less"}`)
	var k hand.Known
	r.Must(http.MethodGet, "/v1/me/profile?agent=a0", service, "", 200).JSON(t, &k)
	if len(k.Preferences) != 64 {
		t.Errorf("a service sees %d preferences", len(k.Preferences))
	}
}
