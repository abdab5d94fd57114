package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil/delivery/web"
)

type answer struct {
	status int
	header http.Header
	body   string
}

func get(t *testing.T, method, path string, headers ...string) answer {
	t.Helper()
	req := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	web.Page().ServeHTTP(rec, req)
	return answer{rec.Code, rec.Header(), rec.Body.String()}
}

func TestPage_ServesItsFilesAndNothingElse(t *testing.T) {
	for path, media := range map[string]string{
		"/": "text/html; charset=utf-8", "/assets/page.css": "text/css; charset=utf-8",
		"/assets/page.js": "text/javascript; charset=utf-8", "/assets/icon.svg": "image/svg+xml",
	} {
		got := get(t, http.MethodGet, path)
		if got.status != http.StatusOK || got.header.Get("Content-Type") != media || got.body == "" {
			t.Errorf("%s: %d, %s, %d bytes", path, got.status, got.header.Get("Content-Type"), len(got.body))
		}
		etag := got.header.Get("ETag")
		if got := get(t, http.MethodGet, path, "If-None-Match", etag); got.status != http.StatusNotModified {
			t.Errorf("%s with its ETag %s: %d", path, etag, got.status)
		}
	}
	for _, path := range []string{"/index.html", "/assets/", "/assets/../page.go", "/assets/page.go", "/v1/feed"} {
		if got := get(t, http.MethodGet, path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, got.status)
		}
	}
	if got := get(t, http.MethodPost, "/"); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d", got.status)
	}
}

// The page works on a closed network and under its own policy: no other origin, nothing inline.
func TestPage_NeedsNoOneElse(t *testing.T) {
	outside := regexp.MustCompile(`(?i)(?:https?:)?//[a-z0-9-]+\.[a-z]`)
	for _, path := range []string{"/", "/assets/page.css", "/assets/page.js"} {
		body := get(t, http.MethodGet, path).body
		if found := outside.FindString(body); found != "" {
			t.Errorf("%s names another origin: %s", path, found)
		}
	}
	index := get(t, http.MethodGet, "/")
	policy := index.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("policy is %q", policy)
	}
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(?:\s+type="module")?\s*>`)
	if found := inline.FindString(index.body); found != "" {
		t.Errorf("the policy would refuse %q", found)
	}
}

// What the module looks for must be in the page, and what the page asks to be said must be said in both languages.
func TestPage_PartsFitTogether(t *testing.T) {
	html, script := get(t, http.MethodGet, "/").body, get(t, http.MethodGet, "/assets/page.js").body
	for _, m := range regexp.MustCompile(`\$\("([a-z-]+)"\)`).FindAllStringSubmatch(script, -1) {
		if !strings.Contains(html, `id="`+m[1]+`"`) {
			t.Errorf("the module looks for #%s, which the page does not have", m[1])
		}
	}
	french, english, ok := strings.Cut(script, "\n  en: {")
	if !ok {
		t.Fatal("no English texts found")
	}
	english, rest, _ := strings.Cut(english, "\n};")
	names := regexp.MustCompile(`(?m)(?:(?:^    )|(?:, ))([a-zA-Z_]+): (?:"|\{)`)
	keys := func(text string) []string {
		var all []string
		for _, m := range names.FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
		slices.Sort(all)
		return all
	}
	fr, en := keys(french), keys(english)
	if len(fr) < 50 || !slices.Equal(fr, en) {
		t.Errorf("texts differ between languages:\nfr %v\nen %v", fr, en)
	}
	wanted := regexp.MustCompile(`data-(?:text|label)="([a-zA-Z]+)"`).FindAllStringSubmatch(html, -1)
	wanted = append(wanted, regexp.MustCompile(`say\("([a-zA-Z]+)"`).FindAllStringSubmatch(rest, -1)...)
	for _, m := range wanted {
		if !slices.Contains(fr, m[1]) {
			t.Errorf("text %q is asked for and not written", m[1])
		}
	}
}
