package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/filengine/fil/delivery/web"
)

type answer struct {
	status int
	header http.Header
	body   string
}

// built is a build of a few files, so that what is served is tested whether or not there is one.
var built = fstest.MapFS{
	"index.html":           {Data: []byte("<p>page</p>")},
	"page.js":              {Data: []byte(strings.Repeat("say();", 100))},
	"page.css":             {Data: []byte("p{}")},
	"icon.svg":             {Data: []byte("<svg/>")},
	"fil-feed.js":          {Data: []byte(strings.Repeat("feed();", 100))},
	"app.html":             {Data: []byte("<p>app</p>")},
	"console.html":         {Data: []byte("<p>console</p>")},
	"dashboards.html":      {Data: []byte("<p>dashboards</p>")},
	"worker.js":            {Data: []byte("self")},
	"manifest.webmanifest": {Data: []byte("{}")},
	"unbuilt.html":         {Data: []byte("<p>make build</p>")},
}

func get(t *testing.T, build fs.FS, method, path string, headers ...string) answer {
	t.Helper()
	req := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	web.Handler(build).ServeHTTP(rec, req)
	return answer{rec.Code, rec.Header(), rec.Body.String()}
}

func TestHandler_ServesItsFilesAndNothingElse(t *testing.T) {
	for path, media := range map[string]string{
		"/": "text/html; charset=utf-8", "/assets/page.css": "text/css; charset=utf-8", "/assets/page.js": "text/javascript; charset=utf-8",
		"/assets/icon.svg": "image/svg+xml", "/fil-feed.js": "text/javascript; charset=utf-8", "/fil-feed.json": "application/json",
		"/console/": "text/html; charset=utf-8", "/dashboards/": "text/html; charset=utf-8",
		"/app/": "text/html; charset=utf-8", "/app/worker.js": "text/javascript; charset=utf-8", "/app/manifest.webmanifest": "application/manifest+json",
	} {
		got := get(t, built, http.MethodGet, path)
		if got.status != http.StatusOK || got.header.Get("Content-Type") != media || got.body == "" {
			t.Errorf("%s: %d, %s, %d bytes", path, got.status, got.header.Get("Content-Type"), len(got.body))
		}
		etag := got.header.Get("ETag")
		if got := get(t, built, http.MethodGet, path, "If-None-Match", etag); got.status != http.StatusNotModified {
			t.Errorf("%s with its ETag %s: %d", path, etag, got.status)
		}
	}
	for _, path := range []string{"/index.html", "/assets/", "/assets/../page.go", "/assets/fil-feed-first.js", "/page.js", "/v1/feed"} {
		if got := get(t, built, http.MethodGet, path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, got.status)
		}
	}
	if got := get(t, built, http.MethodPost, "/"); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d", got.status)
	}
}

// A script is at an address that stays, and at one that never changes, which is told with its integrity.
func TestHandler_TellsTheAddressThatNeverChanges(t *testing.T) {
	stays := get(t, built, http.MethodGet, "/fil-feed.js")
	if cache := stays.header.Get("Cache-Control"); cache != "no-cache" {
		t.Errorf("the address that stays is cached %q", cache)
	}
	var told struct{ Script, Integrity string }
	if err := json.Unmarshal([]byte(get(t, built, http.MethodGet, "/fil-feed.json").body), &told); err != nil || !strings.HasPrefix(told.Integrity, "sha384-") {
		t.Fatalf("told %+v, %v", told, err)
	}
	fixed := get(t, built, http.MethodGet, told.Script)
	if fixed.body != stays.body || !strings.Contains(fixed.header.Get("Cache-Control"), "immutable") || fixed.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s: %d, %v", told.Script, fixed.status, fixed.header)
	}
	if whole := get(t, built, http.MethodGet, "/assets/fil-feed.js"); whole.body != fixed.body || whole.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("for who finds another version: %d, %v", whole.status, whole.header)
	}
	parts := fstest.MapFS{"fil-feed.js": built["fil-feed.js"], "fil-feed-first.js": {Data: []byte("begin()")}}
	first, whole := get(t, parts, http.MethodGet, "/fil-feed.js"), get(t, parts, http.MethodGet, told.Script)
	if first.body != "begin()" || first.header.Get("Access-Control-Allow-Origin") != "*" || whole.body != fixed.body {
		t.Errorf("the first part is %q, %v, and what never changes %q", first.body, first.header, whole.body)
	}
	other := fstest.MapFS{"fil-feed.js": {Data: []byte("other()")}}
	if got := get(t, other, http.MethodGet, told.Script); got.status != http.StatusNotFound {
		t.Errorf("the address of another build is served: %d", got.status)
	}
}

func TestHandler_Compresses(t *testing.T) {
	plain := get(t, built, http.MethodGet, "/fil-feed.js", "Accept-Encoding", "br, gzip;q=0")
	packed := get(t, built, http.MethodGet, "/fil-feed.js", "Accept-Encoding", "gzip, br")
	if packed.header.Get("Content-Encoding") != "gzip" || plain.header.Get("Content-Encoding") != "" || packed.header.Get("ETag") == plain.header.Get("ETag") || plain.header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("plain %v, packed %v", plain.header, packed.header)
	}
	r, err := gzip.NewReader(strings.NewReader(packed.body))
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(r); err != nil || string(raw) != plain.body {
		t.Errorf("unpacked to %d bytes of %d, %v", len(raw), len(plain.body), err)
	}
}

// What the build made smaller in brotli is served so, under either address, and is a file of its own nowhere.
func TestHandler_ServesTheBrotliOfTheBuild(t *testing.T) {
	packed := fstest.MapFS{"fil-feed.js": built["fil-feed.js"], "fil-feed.js.br": {Data: []byte("brotli")}, "icon.svg": built["icon.svg"]}
	var told struct{ Script string }
	if err := json.Unmarshal([]byte(get(t, packed, http.MethodGet, "/fil-feed.json").body), &told); err != nil {
		t.Fatal(err)
	}
	tags := map[string]bool{}
	for _, c := range []struct{ path, accepts, coding string }{
		{"/fil-feed.js", "gzip, deflate, br, zstd", "br"}, {told.Script, "br", "br"}, {"/fil-feed.js", "gzip, br;q=0", "gzip"}, {"/fil-feed.js", "deflate", ""}, {"/assets/icon.svg", "br", ""},
	} {
		got := get(t, packed, http.MethodGet, c.path, "Accept-Encoding", c.accepts)
		if got.status != http.StatusOK || got.header.Get("Content-Encoding") != c.coding || (got.body == "brotli") != (c.coding == "br") {
			t.Errorf("%s for %q: %d, %v", c.path, c.accepts, got.status, got.header)
		}
		if c.path == "/fil-feed.js" {
			tags[got.header.Get("ETag")] = got.header.Get("Vary") == "Accept-Encoding"
		}
	}
	if len(tags) != 3 || slices.Contains(slices.Collect(maps.Values(tags)), false) {
		t.Errorf("three codings have the tags %v, true where the answer says that it varies", tags)
	}
	for _, path := range []string{"/fil-feed.js.br", "/assets/fil-feed.js.br"} {
		if got := get(t, packed, http.MethodGet, path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

// A page may have a script of the build in itself: its policy names that one by its digest, and the policies of others do not.
func TestHandler_NamesTheScriptOfAPage(t *testing.T) {
	build := fstest.MapFS{"app.html": {Data: []byte("<script>ask()</script><script src=x></script>")}, "index.html": built["index.html"]}
	sum := sha256.Sum256([]byte("ask()"))
	named := "script-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"
	if policy := get(t, build, http.MethodGet, "/app/").header.Get("Content-Security-Policy"); !strings.Contains(policy, named) {
		t.Errorf("%q does not have %q", policy, named)
	}
	if policy := get(t, build, http.MethodGet, "/").header.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self';") {
		t.Errorf("a page without such a script has %q", policy)
	}
}

// A program compiled before anything is built says how to build it.
func TestHandler_SaysThatItIsUnbuilt(t *testing.T) {
	unbuilt := fstest.MapFS{"unbuilt.html": built["unbuilt.html"]}
	if got := get(t, unbuilt, http.MethodGet, "/"); got.status != http.StatusOK || !strings.Contains(got.body, "make build") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := get(t, unbuilt, http.MethodGet, "/fil-feed.js"); got.status != http.StatusNotFound {
		t.Errorf("a script that there is not: %d", got.status)
	}
}

// The build itself: within its budget, without another origin, and under its own policy.
func TestBuilt_KeepsItsPromises(t *testing.T) {
	const budget = 40_000 // of bytes compressed, for the feed whole
	first := get(t, web.Built(), http.MethodGet, "/fil-feed.js", "Accept-Encoding", "gzip")
	if first.status != http.StatusOK {
		t.Fatalf("the program was compiled without its pages: make web (%d)", first.status)
	}
	var told struct{ Script string }
	if err := json.Unmarshal([]byte(get(t, web.Built(), http.MethodGet, "/fil-feed.json").body), &told); err != nil {
		t.Fatal(err)
	}
	script := get(t, web.Built(), http.MethodGet, told.Script, "Accept-Encoding", "gzip")
	if size := len(first.body) + len(script.body); size > budget {
		t.Errorf("what the feed loads at first has %d bytes compressed, more than %d", size, budget)
	}
	if named := get(t, web.Built(), http.MethodGet, "/fil-feed.js").body; !strings.Contains(named, path.Base(told.Script)) {
		t.Errorf("the first part does not fetch %s: make web", told.Script)
	}
	outside := regexp.MustCompile(`(?i)["'(](?:https?:)?//[a-z0-9-]+\.[a-z]`)
	for _, path := range []string{"/", "/assets/page.css", "/assets/page.js", "/app/", "/app/worker.js", "/assets/app.js", "/assets/fil-feed.js", "/fil-feed.js", "/fil-sdk.js"} {
		body := strings.ReplaceAll(get(t, web.Built(), http.MethodGet, path).body, "http://www.w3.org/", "") // names of formats, never asked for
		if found := outside.FindString(body); found != "" || body == "" {
			t.Errorf("%s (%d bytes) names another origin: %s", path, len(body), found)
		}
	}
	index := get(t, web.Built(), http.MethodGet, "/")
	policy := index.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("policy is %q", policy)
	}
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(?:\s+type="module")?\s*>`)
	if found := inline.FindString(index.body); found != "" {
		t.Errorf("the policy would refuse %q", found)
	}
}

// limit is in lines, as that of Go files in house_test.go.
const limit = 400

var sources = []string{".ts", ".mjs", ".css"}

// Sources stand in rooms and stay small; what a module looks for in the page is there, and what the page asks to be said is written.
func TestSources_FitTogether(t *testing.T) {
	var all bytes.Buffer
	n := 0
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{"node_modules", "dist", "screenshots"}, entry.Name()) {
			return fs.SkipDir
		}
		if entry.IsDir() || !slices.Contains(sources, filepath.Ext(name)) {
			return nil
		}
		raw, err := os.ReadFile(name)
		if lines := bytes.Count(raw, []byte("\n")); lines > limit && filepath.Base(name) != "api.ts" { // which is made from /openapi.json
			t.Errorf("%s: %d lines, more than %d", name, lines, limit)
		}
		if strings.HasPrefix(name, "page/") {
			all.Write(raw)
		}
		n++
		return err
	})
	if err != nil || n < 20 {
		t.Fatalf("%d sources, %v", n, err)
	}
	raw, err := os.ReadFile("page/index.html")
	if err != nil {
		t.Fatal(err)
	}
	html, script := string(raw), all.String()
	for _, m := range regexp.MustCompile(`(?:byId(?:<[A-Za-z]+>)?|input|show|tell|submit)\("([a-z-]+)"`).FindAllStringSubmatch(script, -1) {
		if !strings.Contains(html, `id="`+m[1]+`"`) {
			t.Errorf("a module looks for #%s, which the page does not have", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`data-(?:text|label)="([a-zA-Z]+)"`).FindAllStringSubmatch(html, -1) {
		if strings.Count(script, m[1]+": \"") != 2 {
			t.Errorf("text %q is asked for and not written in both languages", m[1])
		}
	}
}
