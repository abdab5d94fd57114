package rulebook_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/rulebook"
)

func ask(t testing.TB, page http.Handler, target, etag string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, target, nil)
	request.Header.Set("If-None-Match", etag)
	answer := httptest.NewRecorder()
	page.ServeHTTP(answer, request)
	return answer
}

// The public page has every key of the policy, in the language asked for, and loads nothing but itself.
func TestPage(t *testing.T) {
	desk, log := newDesk()
	if _, err := desk.Put(t.Context(), rulebook.Order{Text: strings.Replace(busy, "Sécurité,", `"<script>x</script>",`, 1), By: "key-1", Note: "secret"}); err != nil {
		t.Fatal(err)
	}
	page := rulebook.Page(log.policies)
	policy := log.policies.Current()
	for language, target := range map[string]string{"fr": "/policy", "en": "/policy?lang=en"} {
		answer := ask(t, page, target, "")
		body := answer.Body.String()
		style := regexp.MustCompile(`<style>(.*)</style>`).FindStringSubmatch(body)
		digest := sha256.Sum256([]byte(style[1]))
		if csp := answer.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, base64.StdEncoding.EncodeToString(digest[:])) {
			t.Errorf("%s: the style is not the one that %q lets through", language, csp)
		}
		for path := range paths(t, policy) {
			if !strings.Contains(body, "<code>"+path+"</code>") {
				t.Errorf("%s: %s is not on the page", language, path)
			}
		}
		for _, want := range []string{`<html lang="` + language + `">`, "<h1>", "<h2 id=", "<caption>", `<th scope="col">`, policy.Version, ranking.DefaultPolicy().Version, `lang="` + map[string]string{"fr": "en", "en": "fr"}[language] + `"`} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: no %s", language, want)
			}
		}
		for _, not := range []string{"<script", "http://", "https://", "key-1", "secret"} {
			if strings.Contains(body, not) {
				t.Errorf("%s: the page has %s", language, not)
			}
		}
		if again := ask(t, page, target, answer.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%s: asked again: %d", language, again.Code)
		}
	}
}
