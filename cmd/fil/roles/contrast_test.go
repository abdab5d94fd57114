package roles

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil/delivery"
)

// Why one content stands above another is told by what decided it, and the differences of what each parameter gives add up to
// that of the scores.
func TestContrast_SaysWhatDecided(t *testing.T) {
	r := handOf(t)
	now := time.Now().UTC()
	put := func(id, more string) {
		r.Must(http.MethodPut, "/v1/contents/"+id, r.Keys["communicator"], fmt.Sprintf(`{"title":"Titre %s","published_at":%q%s}`, id, now.Add(-time.Hour).Format(time.RFC3339), more), 200, 201)
	}
	put("must", fmt.Sprintf(`,"mandatory_until":%q`, now.Add(time.Hour).Format(time.RFC3339)))
	put("pin", fmt.Sprintf(`,"pinned_until":%q`, now.Add(time.Hour).Format(time.RFC3339)))
	put("strong", `,"priority":3`)
	if got := strings.Join(r.feed("")[:3], " "); got != "must pin strong" {
		t.Fatalf("the feed begins with %s", got)
	}
	for _, c := range []struct {
		content, query, other, decided, says string
		above                                bool
	}{
		{"must", "", "pin", "mandatory", "Au-dessus de « Titre pin », car celle du dessus est à lire obligatoirement", true},
		{"pin", "?above=strong", "strong", "pinned", "car celle du dessus est épinglée", true},
		{"strong", "?above=must", "must", "mandatory", "Au-dessous de « Titre must »", false},
		{"strong", "?above=c0", "c0", "score", "Signalé comme important (pour l'autre : signalé ni comme important", true},
		{"c0", "?above=strong&lang=en", "strong", "score", "Below “Titre strong”, by the score, first of all for this: Marked neither as important nor as less important (for the other: marked as important)", false},
		{"c0", "?above=c4&order=chronological", "c4", "chronological", "du plus récent au plus ancien", false},
	} {
		var answer delivery.ItemExplanation
		r.Must(http.MethodGet, "/v1/feed/items/"+c.content+"/explanation"+c.query, r.token, "", 200).JSON(t, &answer)
		got := answer.Contrast
		if got == nil || got.Content != c.other || got.Decided != c.decided || got.Above != c.above || !strings.Contains(got.Says, c.says) {
			t.Errorf("%s%s: %+v", c.content, c.query, got)
			continue
		}
		sum := 0.0
		for i, d := range got.Parameters {
			sum += d.Difference
			if i > 0 && math.Abs(d.Difference) > math.Abs(got.Parameters[i-1].Difference) {
				t.Errorf("%s: %s comes too late", c.content, d.Name)
			}
		}
		if math.Abs(sum-got.Difference) > 1e-9 || len(got.Parameters) == 0 && got.Difference != 0 {
			t.Errorf("%s: the differences add up to %v, the scores differ by %v", c.content, sum, got.Difference)
		}
	}
	r.Must(http.MethodGet, "/v1/feed/items/c0/explanation?above=nothing", r.token, "", 404)
}
