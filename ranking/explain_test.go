package ranking_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

func place(t testing.TB, r *ranking.Ranker, profile []byte, feed fil.Feed, order fil.Order, language string) []fil.Placement {
	t.Helper()
	placements, contents, err := r.Place("alice", profile, feed.Entries, order, language, noon)
	if err != nil {
		t.Fatal(err)
	}
	for i := range placements {
		if placements[i].Content != contents[i].ID {
			t.Fatalf("placement %d is of %s, its content is %s", i, placements[i].Content, contents[i].ID)
		}
	}
	return placements
}

func TestPlace_ExplainsEveryPlacementInFull(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	contents := newsroom(random, 300)
	ranker := ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(t, contents...), town, nil)
	for _, profile := range [][]byte{nil, reader(random, contents, 5), reader(random, contents, 400)} {
		for _, order := range []fil.Order{fil.OrderRanked, fil.OrderChronological} {
			for _, language := range []string{"", "fr-FR", "en", "en-GB"} {
				feed, _, err := ranker.Rank("alice", profile, order, noon)
				if err != nil {
					t.Fatal(err)
				}
				placements := place(t, ranker, profile, feed, order, language)
				if len(placements) != len(feed.Entries) {
					t.Fatalf("%d placements of %d entries", len(placements), len(feed.Entries))
				}
				for i, p := range placements {
					expectFull(t, p, feed.Entries[i])
				}
			}
		}
	}
}

// expectFull checks that no part is missing and that the numbers are those that were used.
func expectFull(t *testing.T, p fil.Placement, entry fil.Entry) {
	t.Helper()
	x := p.Explanation
	timed := x.Rule == string(fil.OrderChronological)
	if len(p.Reasons) == 0 || x.Degree == "" || len(x.Data) < 2 || (len(x.Parameters) == 0) != timed || len(x.Operations) < 2 {
		t.Fatalf("a part is missing, or there is arithmetic in the order of time: %+v", p)
	}
	sum, texts := 0.0, append(append([]string{x.Degree}, p.Reasons...), x.Operations...)
	for _, parameter := range x.Parameters {
		if parameter.Contribution != parameter.Weight*parameter.Value {
			t.Errorf("%s: %v is not %v × %v", parameter.Name, parameter.Contribution, parameter.Weight, parameter.Value)
		}
		sum += parameter.Contribution
		texts = append(texts, parameter.Label, parameter.Measure)
		if strings.Contains(parameter.Label, "log2") {
			t.Errorf("%s: an agent is told %q", parameter.Name, parameter.Label)
		}
	}
	if !timed && math.Abs(sum-p.Score) > 1e-9 || math.Abs(p.Score-float64(entry.Score)) > math.Abs(p.Score)*1e-6 {
		t.Errorf("%s: contributions sum to %v, the score is %v, that of the feed %v", p.Content, sum, p.Score, entry.Score)
	}
	for _, datum := range x.Data {
		if datum.Source == "" || datum.Value == "" {
			t.Errorf("%s: datum %+v lacks its value or its source", p.Content, datum)
		}
		texts = append(texts, datum.Name, datum.Value, datum.Source)
	}
	for _, text := range texts {
		if text == "" || strings.Contains(text, "%!") {
			t.Errorf("%s: text %q", p.Content, text)
		}
	}
}

func TestPlace_GivesReasonsTheWeightiestFirst(t *testing.T) {
	mandatory, pinned, both := news("mandatory", noon.Add(-time.Hour)), news("pinned", noon.Add(-100*time.Hour)), news("both", noon.Add(-time.Hour))
	mandatory.MandatoryUntil = time.Date(2026, time.December, 3, 0, 0, 0, 0, time.UTC)
	pinned.PinnedUntil, pinned.Source = noon.Add(time.Hour), "Mairie"
	both.Topics, both.Priority = []string{"Budget", "Mobilité"}, 1
	old := news("old", time.Date(2025, time.March, 1, 0, 0, 0, 0, time.UTC))
	contents := []fil.Content{mandatory, pinned, both, old}
	var acts []fil.Engagement
	for i := range 20 {
		c := news(fmt.Sprint("read", i), noon.Add(-1000*time.Hour))
		c.Topics, c.ExpiresAt, c.Kind = []string{"Mobilité"}, noon.Add(-900*time.Hour), "event"
		contents, acts = append(contents, c), append(acts, did(fil.Read, c.ID, noon.Add(-950*time.Hour)))
	}
	profile := profileOf(acts...)
	ranker := ranking.NewRanker(policy(t, "weights: {kind: 0, returned: 0}"), newCatalogue(t, contents...), town, nil)
	for language, want := range map[string][]string{
		"fr": {"À lire obligatoirement avant le 3 décembre, Récent", "Épinglé par Mairie, Récent", "Vous lisez ou suivez le thème « Mobilité », Signalé comme important, Récent", "Publié le 1er mars 2025"},
		"en": {"Must be read before 3 December, Recent", "Pinned by Mairie, Recent", "You read or follow the topic “Mobilité”, Marked as important, Recent", "Published on 1 March 2025"},
	} {
		for i, p := range place(t, ranker, profile, rank(t, ranker, profile, noon), fil.OrderRanked, language) {
			if got := strings.Join(p.Reasons, ", "); got != want[i] {
				t.Errorf("%s: reasons for %s are %q, want %q", language, p.Content, got, want[i])
			}
		}
	}
}

func TestPlace_TellsWhichRuleMovedWhat(t *testing.T) {
	var contents []fil.Content
	for i := range 5 {
		c := news(fmt.Sprint("loud", i), noon.Add(-time.Duration(i)*time.Minute))
		c.Source = "loud"
		contents = append(contents, c)
	}
	contents = append(contents, news("quiet0", noon.Add(-time.Hour)), news("quiet1", noon.Add(-2*time.Hour)))
	ranker := ranking.NewRanker(policy(t, ""), newCatalogue(t, contents...), town, nil)
	placements := place(t, ranker, nil, rank(t, ranker, nil, noon), fil.OrderRanked, "fr")
	for content, want := range map[string]string{
		"loud0": "Résultat : 1er sur 7.",
		"loud3": "Règle : déplacé sous 2 autres, car au plus 3 par source parmi les 10 premiers. Résultat : 6e sur 7.",
		"quiet": "Résultat : 4e sur 7.",
	} {
		i := slices.IndexFunc(placements, func(p fil.Placement) bool { return strings.HasPrefix(p.Content, content) })
		if got := strings.Join(placements[i].Explanation.Operations, " "); !strings.HasSuffix(got, "Rangement selon les critères ci-dessus, du plus fort au plus faible. "+want) {
			t.Errorf("%s: %q, want it to end in %q", content, got, want)
		}
	}
}

func TestPlace_MarksDiscoveries(t *testing.T) {
	contents := newsroom(rand.New(rand.NewPCG(19, 20)), 200)
	for i := range contents {
		contents[i].MandatoryUntil, contents[i].PinnedUntil = time.Time{}, time.Time{}
	}
	ranker := ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(t, contents...), town, nil)
	for i, p := range place(t, ranker, nil, rank(t, ranker, nil, noon), fil.OrderRanked, "fr") {
		marked := p.Reasons[0] == "Proposé pour vous faire découvrir d'autres sources"
		if reserved := (i+1)%10 == 0; marked != reserved {
			t.Errorf("place %d: marked as a discovery: %v, reserved: %v", i+1, marked, reserved)
		}
	}
}

func TestPlace_SaysThatTheAlgorithmHadNoPart(t *testing.T) {
	ranker := ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(t, news("a", noon)), town, nil)
	feed, _, err := ranker.Rank("alice", nil, fil.OrderChronological, noon)
	if err != nil {
		t.Fatal(err)
	}
	p := place(t, ranker, nil, feed, fil.OrderChronological, "fr")[0]
	if !strings.HasPrefix(p.Explanation.Degree, "L'algorithme n'a pas contribué à l'ordre") || len(p.Explanation.Parameters) != 0 {
		t.Errorf("explanation of a chronological placement: %+v", p.Explanation)
	}
}

func TestPlace_LeavesOutWhatIsNoLongerEligible(t *testing.T) {
	ends, managers := news("ends", noon), news("managers", noon)
	ends.ExpiresAt, managers.Audiences = noon.Add(time.Hour), []string{"managers"}
	catalogue, agents := newCatalogue(t, news("stays", noon), ends, managers, news("withdrawn", noon), news("hidden", noon)), directory{"alice": {"managers"}}
	ranker := ranking.NewRanker(policy(t, ""), catalogue, agents, nil)
	feed := rank(t, ranker, nil, noon)
	if len(feed.Entries) != 5 {
		t.Fatalf("%d entries, want 5", len(feed.Entries))
	}
	if err := catalogue.Apply([]fil.Record{{Key: "withdrawn"}}); err != nil {
		t.Fatal(err)
	}
	agents["alice"] = nil
	profile := profileOf(did(fil.Dismiss, "hidden", noon))
	placements, contents, err := ranker.Place("alice", profile, feed.Entries, fil.OrderRanked, "fr", noon.Add(2*time.Hour))
	if err != nil || len(placements) != 1 || len(contents) != 1 || contents[0].ID != "stays" {
		t.Errorf("placements %v, contents %v, error %v; want stays alone", placements, contents, err)
	}
}

func TestPlace_ExplainsWhatIsBeyondTheFeed(t *testing.T) {
	catalogue := newCatalogue(t, news("a", noon), news("b", noon.Add(-time.Hour)))
	ranker, all := ranking.NewRanker(policy(t, "feed_length: 1"), catalogue, town, nil), ranking.NewRanker(policy(t, ""), catalogue, town, nil)
	entry := fil.Entry{Content: fil.KeyOf("b"), Score: rank(t, all, nil, noon).Entries[1].Score}
	placements := place(t, ranker, nil, fil.Feed{Entries: []fil.Entry{entry}}, fil.OrderRanked, "fr")
	expectFull(t, placements[0], entry)
	if last := placements[0].Explanation.Operations; last[len(last)-1] != "Résultat : au-delà des 1 premiers." {
		t.Errorf("operations %q", last)
	}
}

func TestPlace_GivesTheNumbersOfTheFormula(t *testing.T) {
	published := noon.Add(-36 * time.Hour)
	read, other, plain := news("read", published), news("other", published), news("plain", published)
	read.Topics, read.Source, read.Author = []string{"budget"}, "finance", "bob"
	other.Topics, other.Source, other.Author = []string{"travel", "budget"}, "finance", "zoe"
	other.Priority, plain.Kind = -2, "event"
	ranker := ranking.NewRanker(policy(t, ""), newCatalogue(t, read, other, plain), town, nil)
	// A read is worth 2; an open, half as much when it was 30 days before: 2 / (5 + 2 + 0.5) and 0.5 / (5 + 2 + 0.5).
	profile := profileOf(did(fil.Read, "read", noon), did(fil.Open, "plain", noon.Add(-30*24*time.Hour)))
	placements, _, err := ranker.Place("alice", profile, []fil.Entry{{Content: fil.KeyOf("other")}, {Content: fil.KeyOf("plain")}}, fil.OrderRanked, "fr", noon)
	if err != nil {
		t.Fatal(err)
	}
	shared := map[string]float64{"recency": -0.5, "age": -math.Log2(37), "passed": -1, "returned": 1, "language": 1}
	weights := ranking.DefaultPolicy().Weights
	for i, want := range []map[string]float64{
		{"priority": -2, "topic": 2 / 7.5, "source": 2 / 7.5, "kind": 2 / 7.5},
		{"kind": 0.5 / 7.5},
	} {
		maps.Copy(want, shared)
		parameters := placements[i].Explanation.Parameters
		if len(parameters) != len(ranking.FeatureNames()) {
			t.Errorf("%d parameters, want one for each of %v", len(parameters), ranking.FeatureNames())
		}
		for _, p := range parameters {
			weight, _ := weights.Of(p.Name)
			if p.Name == "org" { // of a newcomer
				weight += ranking.DefaultPolicy().Newcomers.Org
			}
			if math.Abs(p.Value-want[p.Name]) > 1e-9 || p.Weight != weight {
				t.Errorf("%s of %s: value %v, weight %v; want %v, %v", p.Name, placements[i].Content, p.Value, p.Weight, want[p.Name], weight)
			}
		}
	}
}
