package roles

import (
	"context"
	"encoding/xml"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/filtest"
	"github.com/filengine/fil/delivery/syndication"
)

// subscribe makes an address.
func (r readerHand) subscribe(label string) syndication.MadeSubscription {
	r.t.Helper()
	var made syndication.MadeSubscription
	r.Must(http.MethodPost, "/v1/feed/subscriptions", r.token, fmt.Sprintf(`{"label":%q}`, label), 201).JSON(r.t, &made)
	for _, address := range []*string{&made.Addresses.RSS, &made.Addresses.Atom, &made.Addresses.JSON} {
		path, ok := strings.CutPrefix(*address, r.Base)
		if !ok {
			r.t.Fatalf("the address %s is not at %s", *address, r.Base)
		}
		*address = path
	}
	return made
}

func (r readerHand) subscriptions() (labels []string) {
	r.t.Helper()
	got := r.Must(http.MethodGet, "/v1/feed/subscriptions", r.token, "", 200)
	var list struct {
		Subscriptions []syndication.ListedSubscription
		Most          int
	}
	got.JSON(r.t, &list)
	for _, s := range list.Subscriptions {
		labels = append(labels, s.Label)
	}
	if list.Most != r.server.house.cfg.Feeds.Addresses {
		r.t.Errorf("an agent may have %d addresses", list.Most)
	}
	return labels
}

const (
	nsAtom = "http://www.w3.org/2005/Atom"
)

// One agent's feed is the same list in the three formats, each to the letter of its standard.
func TestElsewhere_SaysTheFeedInThreeFormats(t *testing.T) {
	r := handOf(t)
	now := time.Now().UTC()
	r.Must(http.MethodPut, "/v1/contents/c9", r.Keys["communicator"], fmt.Sprintf(`{"title":"Télétravail & « <b>règles</b> »","summary":"Résumé <court>","kind":"document",
		"topics":["Paie","Télétravail"],"source":"DRH","author":"Mme Dupont","published_at":%q,"revised_at":%q,"mandatory_until":%q,"pinned_until":%q,
		"body":"Voir [la note](/docs/note.pdf?a=1&b=2) ou [le site](https://exemple.fr/x).\n\n<script>alert(1)</script>"}`,
		now.Add(-time.Minute).Format(time.RFC3339), now.Add(-30*time.Second).Format(time.RFC3339), now.Add(48*time.Hour).Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339)), 201)
	r.write(http.MethodPut, at("content", "c2"), `{"choice":"hide"}`)
	made := r.subscribe("Thunderbird au bureau")
	titles := []string{"À lire avant le " + now.Add(48*time.Hour).Format("02/01/2006") + " : Télétravail & « <b>règles</b> »", "Titre 4", "Titre 3", "Titre 1", "Titre 0"} // c2 is hidden
	html := `<p>Voir <a href="` + r.Base + `/docs/note.pdf?a=1&amp;b=2" rel="nofollow noopener">la note</a> ou <a href="https://exemple.fr/x" rel="nofollow noopener">le site</a>.</p>`

	t.Run("RSS 2.0", func(t *testing.T) { r.rss(t, made.Addresses.RSS, titles, html) })
	t.Run("Atom 1.0", func(t *testing.T) { r.atom(t, made.Addresses.Atom, titles, html) })
	t.Run("JSON Feed 1.1", func(t *testing.T) { r.jsonFeed(t, made.Addresses.JSON, titles, html) })

	if k := r.known(""); len(k.Facts) != 1 { // what was hidden
		t.Errorf("what an application fetched is known as acts: %+v", k.Facts)
	}
	said := string(r.Must(http.MethodGet, made.Addresses.JSON, "", "", 200).Body)
	said = regexp.MustCompile(`urn:uuid:[0-9a-f-]*`).ReplaceAllString(strings.ReplaceAll(said, made.Addresses.JSON, ""), "")
	if strings.Contains(said, "a0") || strings.Contains(said, "Thunderbird") {
		t.Errorf("the feed says whose it is: %s", said)
	}
}

func (r readerHand) fetched(t *testing.T, path, media string) filtest.Answer {
	t.Helper()
	got := r.Must(http.MethodGet, path, "", "", 200)
	if kind, _, err := mime.ParseMediaType(got.Header.Get("Content-Type")); err != nil || kind != media {
		t.Errorf("the media type is %s", got.Header.Get("Content-Type"))
	}
	for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=600"} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
	return got
}

var urnPattern = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func (r readerHand) rss(t *testing.T, path string, titles []string, html string) {
	t.Helper()
	var feed struct {
		XMLName xml.Name
		Version string `xml:"version,attr"`
		Channel struct {
			Title       string `xml:"title"`
			Description string `xml:"description"`
			Language    string `xml:"language"`
			Built       string `xml:"lastBuildDate"`
			TTL         int    `xml:"ttl"`
			Links       []struct {
				XMLName xml.Name
				Rel     string `xml:"rel,attr"`
				Type    string `xml:"type,attr"`
				Href    string `xml:"href,attr"`
				Text    string `xml:",chardata"`
			} `xml:"link"` // of RSS, and of Atom
			Items []struct {
				Title       string   `xml:"title"`
				Description string   `xml:"description"`
				Creator     string   `xml:"http://purl.org/dc/elements/1.1/ creator"`
				Categories  []string `xml:"category"`
				GUID        struct {
					PermaLink string `xml:"isPermaLink,attr"`
					ID        string `xml:",chardata"`
				} `xml:"guid"`
				Published string `xml:"pubDate"`
				Content   string `xml:"http://purl.org/rss/1.0/modules/content/ encoded"`
			} `xml:"item"`
		} `xml:"channel"`
	}
	got := r.fetched(t, path, "application/rss+xml")
	if err := xml.Unmarshal(got.Body, &feed); err != nil {
		t.Fatalf("%v\n%s", err, got.Body)
	}
	c := feed.Channel
	if feed.XMLName.Local != "rss" || feed.XMLName.Space != "" || feed.Version != "2.0" || c.Title != "Mon fil" || c.Description == "" || c.Language != "fr" || c.TTL != 30 {
		t.Errorf("the channel is %s %s: %+v", feed.XMLName.Local, feed.Version, c)
	}
	if len(c.Links) != 2 || c.Links[0].Text != r.Base+"/app/" || c.Links[1].XMLName.Space != nsAtom || c.Links[1].Rel != "self" || c.Links[1].Href != r.Base+path || c.Links[1].Type != "application/rss+xml" {
		t.Errorf("the links are %+v", c.Links)
	}
	built, err := time.Parse(time.RFC1123, c.Built)
	if err != nil || got.Header.Get("Last-Modified") != built.Format(http.TimeFormat) {
		t.Errorf("built %s, %v; modified %s", c.Built, err, got.Header.Get("Last-Modified"))
	}
	ids, last := map[string]bool{}, time.Time{}
	for i, item := range c.Items {
		at, err := time.Parse(time.RFC1123, item.Published)
		if err != nil || i > 0 && at.After(last) {
			t.Errorf("item %d is of %s (%v), after %s", i, item.Published, err, last)
		}
		last = at
		if item.GUID.PermaLink != "false" || !urnPattern.MatchString(item.GUID.ID) || ids[item.GUID.ID] {
			t.Errorf("item %d is named %+v", i, item.GUID)
		}
		ids[item.GUID.ID] = true
		if i >= len(titles) || item.Title != titles[i] || item.Content == "" {
			t.Errorf("item %d is %q", i, item.Title)
		}
	}
	first := c.Items[0]
	if len(c.Items) != len(titles) || strings.TrimSpace(first.Content) != html || first.Description != "Résumé <court>" || first.Creator != "Mme Dupont" || fmt.Sprint(first.Categories) != "[Paie Télétravail]" {
		t.Errorf("%d items; the first is %+v, want %s", len(c.Items), first, html)
	}
}

func (r readerHand) atom(t *testing.T, path string, titles []string, html string) {
	t.Helper()
	type link struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	}
	var feed struct {
		XMLName xml.Name
		Lang    string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
		Author  string `xml:"author>name"`
		Links   []link `xml:"link"`
		Entries []struct {
			ID         string `xml:"id"`
			Title      string `xml:"title"`
			Updated    string `xml:"updated"`
			Published  string `xml:"published"`
			Author     string `xml:"author>name"`
			Categories []struct {
				Term string `xml:"term,attr"`
			} `xml:"category"`
			Summary string `xml:"summary"`
			Content struct {
				Type string `xml:"type,attr"`
				Text string `xml:",chardata"`
			} `xml:"content"`
		} `xml:"entry"`
	}
	got := r.fetched(t, path, "application/atom+xml")
	if err := xml.Unmarshal(got.Body, &feed); err != nil {
		t.Fatalf("%v\n%s", err, got.Body)
	}
	if feed.XMLName != (xml.Name{Space: nsAtom, Local: "feed"}) || feed.Lang != "fr" || !urnPattern.MatchString(feed.ID) || feed.Title != "Mon fil" || feed.Author != "Fil" {
		t.Errorf("the feed is %+v", feed)
	}
	if !slices.Contains(feed.Links, link{"self", "application/atom+xml", r.Base + path}) || !slices.Contains(feed.Links, link{"alternate", "text/html", r.Base + "/app/"}) {
		t.Errorf("the links are %+v", feed.Links)
	}
	ids, newest := map[string]bool{feed.ID: true}, ""
	for i, e := range feed.Entries {
		updated, err := time.Parse(time.RFC3339, e.Updated)
		published, err2 := time.Parse(time.RFC3339, e.Published)
		if err != nil || err2 != nil || updated.Before(published) {
			t.Errorf("entry %d is of %s and %s", i, e.Published, e.Updated)
		}
		newest = max(newest, e.Updated)
		if !urnPattern.MatchString(e.ID) || ids[e.ID] || i >= len(titles) || e.Title != titles[i] || e.Content.Type != "html" || e.Content.Text == "" {
			t.Errorf("entry %d is %+v", i, e)
		}
		ids[e.ID] = true
	}
	if feed.Updated != newest {
		t.Errorf("updated %s, the newest entry %s", feed.Updated, newest)
	}
	first := feed.Entries[0]
	if len(feed.Entries) != len(titles) || strings.TrimSpace(first.Content.Text) != html || first.Summary != "Résumé <court>" || first.Author != "Mme Dupont" || len(first.Categories) != 2 || first.Categories[1].Term != "Télétravail" || first.Updated == first.Published {
		t.Errorf("%d entries; the first is %+v", len(feed.Entries), first)
	}
	if other := r.subscribe("Un autre lecteur"); r.atomIDs(other.Addresses.Atom, false) == r.atomIDs(path, false) || r.atomIDs(other.Addresses.Atom, true) != r.atomIDs(path, true) {
		t.Error("two addresses must name the feed apart, and entries alike")
	}
}

// atomIDs lists the names of the entries, or of the feed.
func (r readerHand) atomIDs(path string, entries bool) string {
	r.t.Helper()
	all := regexp.MustCompile(`<id>([^<]*)</id>`).FindAllString(string(r.Must(http.MethodGet, path, "", "", 200).Body), -1)
	if entries {
		return strings.Join(all[1:], " ")
	}
	return all[0]
}

func (r readerHand) jsonFeed(t *testing.T, path string, titles []string, html string) {
	t.Helper()
	var feed struct {
		Version, Title, Language string
		Self                     string `json:"feed_url"`
		Home                     string `json:"home_page_url"`
		Items                    []struct {
			ID, Title, Summary, Language string
			HTML                         string    `json:"content_html"`
			Published                    time.Time `json:"date_published"`
			Modified                     time.Time `json:"date_modified"`
			Tags                         []string
			Authors                      []struct{ Name string }
			Fil                          struct {
				About, Content, Kind, Source string
				Why                          []string
				Pinned, Mandatory            bool
			} `json:"_fil"`
		}
	}
	r.fetched(t, path, "application/feed+json").JSON(t, &feed)
	if feed.Version != "https://jsonfeed.org/version/1.1" || feed.Title != "Mon fil" || feed.Self != r.Base+path || feed.Home != r.Base+"/app/" || feed.Language != "fr" || len(feed.Items) != len(titles) {
		t.Fatalf("the feed is %+v", feed)
	}
	for i, item := range feed.Items {
		if !urnPattern.MatchString(item.ID) || item.Title != titles[i] || item.HTML == "" || item.Published.IsZero() || item.Language != "fr" || len(item.Fil.Why) == 0 || item.Fil.About != r.Base+"/policy" {
			t.Errorf("item %d is %+v", i, item)
		}
		if first := i == 0; item.Fil.Pinned != first || item.Fil.Mandatory != first || item.Modified.IsZero() == first {
			t.Errorf("item %d is marked %+v, modified %s", i, item.Fil, item.Modified)
		}
	}
	first := feed.Items[0]
	if strings.TrimSpace(first.HTML) != html || fmt.Sprint(first.Tags) != "[Paie Télétravail]" || fmt.Sprint(first.Authors) != "[{Mme Dupont}]" || first.Fil.Kind != "document" || first.Fil.Content != "c9" || first.Fil.Source != "DRH" {
		t.Errorf("the first is %+v", first)
	}
}

// An application that has the feed is told so until something in it changes.
func TestElsewhere_IsCheapToAskAgain(t *testing.T) {
	r := handOf(t)
	made := r.subscribe("Lecteur")
	first := r.Must(http.MethodGet, made.Addresses.RSS, "", "", 200)
	etag := first.Header.Get("ETag")
	plain := strings.Replace(etag, "-gzip", "", 1) // without compression
	again := func(path, etag string) filtest.Answer {
		return r.Ask(http.MethodGet, path, "", "", "If-None-Match: "+etag)
	}
	for _, known := range []string{etag, "W/" + etag, `"other", ` + etag} {
		if got := again(made.Addresses.RSS, known); got.Status != 304 || len(got.Body) != 0 || got.Header.Get("ETag") != etag || got.Header.Get("Cache-Control") == "" {
			t.Errorf("asked again with %s: %d, %d bytes", known, got.Status, len(got.Body))
		}
	}
	if got := again(made.Addresses.Atom, etag); got.Status != 200 || got.Header.Get("ETag") == etag {
		t.Errorf("another format: %d %s", got.Status, got.Header.Get("ETag"))
	}
	if got := r.Ask(http.MethodHead, made.Addresses.RSS, "", ""); got.Status != 200 || len(got.Body) != 0 || got.Header.Get("ETag") != plain {
		t.Errorf("HEAD: %d, %s", got.Status, got.Header.Get("ETag"))
	}
	r.Must(http.MethodDelete, "/v1/contents/c3", r.Keys["communicator"], "", 200, 204)
	if got := again(made.Addresses.RSS, etag); got.Status != 200 || strings.Contains(string(got.Body), "Titre 3") {
		t.Errorf("after a removal: %d", got.Status)
	}
	if got := r.Ask(http.MethodGet, made.Addresses.RSS, "", "", "If-Modified-Since: "+first.Header.Get("Last-Modified")); got.Status != 200 {
		t.Errorf("a withdrawal would be missed: %d", got.Status)
	}
	proxied := r.Ask(http.MethodGet, made.Addresses.Atom, "", "", "X-Forwarded-Proto: https")
	if !strings.Contains(string(proxied.Body), "https://"+strings.TrimPrefix(r.Base, "http://")+made.Addresses.Atom) {
		t.Errorf("behind a proxy the feed does not name itself so:\n%.600s", proxied.Body)
	}
	var list struct {
		Subscriptions []syndication.ListedSubscription
	}
	r.Must(http.MethodGet, "/v1/feed/subscriptions", r.token, "", 200).JSON(t, &list)
	if today := time.Now().UTC().Truncate(24 * time.Hour); list.Subscriptions[0].LastUsed.Before(today.Add(-24 * time.Hour)) {
		t.Errorf("last used %s", list.Subscriptions[0].LastUsed)
	}
}

// An address gives the feed and nothing else, until it is closed, its agent's profile erased, or its agent gone.
func TestElsewhere_OpensAndCloses(t *testing.T) {
	r := handOf(t)
	office, phone := r.subscribe("  Thunderbird au bureau "), r.subscribe("Téléphone")
	if got := r.subscriptions(); fmt.Sprint(got) != "[Thunderbird au bureau Téléphone]" {
		t.Fatalf("the addresses are %q", got)
	}
	secret := strings.TrimSuffix(strings.TrimPrefix(office.Addresses.RSS, "/feeds/"), ".rss")
	r.Must(http.MethodGet, "/v1/feed", secret, "", 401)
	r.Must(http.MethodGet, "/feeds/"+secret+".xml", "", "", 404)
	r.Must(http.MethodGet, "/feeds/"+strings.Repeat("A", 32)+".rss", "", "", 404)
	r.Must(http.MethodPost, office.Addresses.RSS, "", "", 405)

	other := r.token
	r.token = r.agentToken("a1")
	r.Must(http.MethodDelete, "/v1/feed/subscriptions/"+office.ID, r.token, "", 404)
	r.Must(http.MethodGet, "/v1/feed/subscriptions?agent=a0", r.token, "", 422)
	r.token = other
	r.Must(http.MethodDelete, "/v1/feed/subscriptions/"+office.ID, r.token, "", 204)
	r.Must(http.MethodDelete, "/v1/feed/subscriptions/"+office.ID, r.token, "", 204)
	for _, path := range []string{office.Addresses.RSS, office.Addresses.Atom, office.Addresses.JSON} {
		if got := r.Must(http.MethodGet, path, "", "", 410); !strings.Contains(string(got.Body), "a été fermée") || !strings.Contains(string(got.Body), "was closed") {
			t.Errorf("closed: %s", got.Body)
		}
	}
	r.Must(http.MethodGet, phone.Addresses.RSS, "", "", 200)
	third := r.subscribe("Tablette")
	r.Must(http.MethodDelete, "/v1/feed/subscriptions", r.token, "", 204)
	r.Must(http.MethodGet, phone.Addresses.RSS, "", "", 410)
	r.Must(http.MethodGet, third.Addresses.RSS, "", "", 410)
	if got := r.subscriptions(); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
	gone := func(path string) {
		t.Helper()
		filtest.Eventually(t, "the address to be forgotten", func() bool { return r.Ask(http.MethodGet, path, "", "").Status == 404 })
	}
	erased := r.subscribe("Avant l'effacement")
	r.write(http.MethodDelete, "/v1/me/profile", "")
	gone(erased.Addresses.JSON)
	gone(phone.Addresses.JSON)
	removed := r.subscribe("Avant le départ")
	r.Must(http.MethodDelete, "/v1/agents/a0", r.Keys["ingest"], "", 200, 204)
	gone(removed.Addresses.JSON)
	r.Must(http.MethodPut, "/v1/agents/a0", r.Keys["ingest"], `{"org":"cd"}`, 200, 201)
	r.Must(http.MethodGet, removed.Addresses.JSON, "", "", 404)
	if logged := r.Out.String(); strings.Contains(logged, secret) {
		t.Error("the secret of an address is logged")
	}
}

// agentToken is a token of an agent.
func (r readerHand) agentToken(agent string) string {
	r.t.Helper()
	var made struct{ Token string }
	r.Must(http.MethodPost, "/v1/agents/"+agent+"/tokens", r.Keys["service"], "{}", 201).JSON(r.t, &made)
	return made.Token
}

// What is asked for badly is refused with the way out.
func TestElsewhere_RefusesWithTheReason(t *testing.T) {
	r := handOf(t)
	for _, c := range []struct {
		name, query, key, body string
		status                 int
		says                   string
	}{
		{"no label", "", r.token, `{"label":"  "}`, 422, "Thunderbird au bureau"},
		{"a long label", "", r.token, `{"label":"` + strings.Repeat("é", 61) + `"}`, 422, "body.label"},
		{"a label of signs", "", r.token, `{"label":"a\u0007b"}`, 422, "body.label"},
		{"a service for nobody", "", r.Keys["service"], `{"label":"x"}`, 422, "query.agent"},
		{"a service for a stranger", "?agent=nobody", r.Keys["service"], `{"label":"x"}`, 404, "annuaire"},
		{"a service for an agent", "?agent=a1", r.Keys["service"], `{"label":"Portail"}`, 201, "/feeds/"},
		{"a communicator", "?agent=a1", r.Keys["communicator"], `{"label":"x"}`, 403, "rôle"},
	} {
		if got := r.Ask(http.MethodPost, "/v1/feed/subscriptions"+c.query, c.key, c.body); got.Status != c.status || !strings.Contains(string(got.Body), c.says) {
			t.Errorf("%s: %d %s", c.name, got.Status, got.Body)
		}
	}
	for n := range r.server.house.cfg.Feeds.Addresses {
		r.subscribe(fmt.Sprint("Lecteur ", n))
	}
	if got := r.Ask(http.MethodPost, "/v1/feed/subscriptions", r.token, `{"label":"de trop"}`); got.Status != 409 || !strings.Contains(string(got.Body), "fermez-en une") {
		t.Errorf("one too many: %d %s", got.Status, got.Body)
	}
}

// Another process that serves feeds has the addresses of the first, from the log alone, and what becomes of them.
func TestElsewhere_IsTheSameInEveryProcess(t *testing.T) {
	r := handOf(t)
	before, shut := r.subscribe("Avant"), r.subscribe("Fermée")
	r.Must(http.MethodDelete, "/v1/feed/subscriptions/"+shut.ID, r.token, "", 204)
	second := r.beside("delivery")
	asked := func(path string) int { return second.Ask(http.MethodGet, path, "", "").Status }
	if a, b := asked(before.Addresses.RSS), asked(shut.Addresses.RSS); a != 200 || b != 410 {
		t.Errorf("after a start from the log: %d and %d", a, b)
	}
	after := r.subscribe("Après")
	filtest.Eventually(t, "an address made by the other process", func() bool { return asked(after.Addresses.RSS) == 200 })
	second.Must(http.MethodDelete, "/v1/feed/subscriptions/"+before.ID, r.token, "", 204)
	filtest.Eventually(t, "one closed by the other process", func() bool { return r.Ask(http.MethodGet, before.Addresses.RSS, "", "").Status == 410 })
	if got := r.subscriptions(); fmt.Sprint(got) != "[Après]" {
		t.Errorf("left: %q", got)
	}
}

// beside starts more roles on the engines of a house, in this process.
func (h *here) beside(roles ...string) *filtest.Program {
	h.T.Helper()
	p := filtest.Host(h.T, h.server.house.cfg, func(ctx context.Context, p filtest.Hosted) error {
		return Process{Config: p.Config, Listener: p.Listener, Roles: roles, Logger: p.Logger}.run(ctx, func(context.Context, *server) error {
			p.Ready()
			return nil
		})
	})
	p.Keys = h.Keys
	return p
}

// An operator may keep the feed in: no address is made, and those there are serve no more.
func TestElsewhere_MayBeShut(t *testing.T) {
	h := startHere(t, func(cfg *config.Config) { cfg.Feeds.Addresses = 0 })
	h.Must(http.MethodPut, "/v1/agents/a0", h.Keys["ingest"], `{"org":"cd"}`, 200, 201)
	h.Must(http.MethodPost, "/v1/feed/subscriptions?agent=a0", h.Keys["service"], `{"label":"x"}`, 403)
	h.Must(http.MethodGet, "/feeds/"+strings.Repeat("A", 32)+".rss", "", "", 403)
}
