package ranking_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// onlyWeighs is a policy in which the criteria named are all that counts.
func onlyWeighs(t *testing.T, names ...string) ranking.Policy {
	t.Helper()
	var weights []string
	for _, name := range ranking.FeatureNames() {
		weights = append(weights, fmt.Sprintf("%s: %d", name, map[bool]int{true: 1}[slices.Contains(names, name)]))
	}
	return policy(t, "rules: {cap_per_source: 0, cap_per_topic: 0, community_within: 0, pinned_at_most: 0, mandatory_first: false}\nnewcomers: {org: 0}\nweights: {"+strings.Join(weights, ", ")+"}")
}

// What is listed follows from the criteria that have a weight: each adds all that it is computed from, and says what that is.
func TestData_FollowFromTheCriteria(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	contents := newsroom(random, 60)
	profile := reader(random, contents, 50)
	list := func(language string, weighed ...string) map[string]string {
		t.Helper()
		ranker := ranking.NewRanker(onlyWeighs(t, weighed...), newCatalogue(t, contents...), town, nil)
		p := place(t, ranker, profile, rank(t, ranker, profile, noon), fil.OrderRanked, language)[0]
		told := map[string]string{}
		for _, d := range p.Explanation.Data {
			if _, twice := told[d.Name]; twice || d.Value == "" || d.Source == "" {
				t.Errorf("%v: a datum is told of twice, or not in full: %+v", weighed, d)
			}
			told[d.Name] = d.Value
		}
		return told
	}
	more, says := ranking.UsesOfFeatures()
	for _, language := range []string{"fr", "en"} {
		base := len(list(language))
		for i, name := range ranking.FeatureNames() {
			if !says[i] {
				t.Errorf("the criterion %s does not say what it is computed from", name)
			}
			if told := list(language, name); len(told) != base+more[i] {
				t.Errorf("%s: with the criterion %s, %d data are told of, without any %d; it uses %d more: %v", language, name, len(told), base, more[i], slices.Sorted(maps.Keys(told)))
			}
		}
	}
	for name, want := range map[string]string{
		"org": "Votre organisation", "language": "Votre langue", "daytime": "Les heures auxquelles vous lisez", "returned": "Votre visite précédente",
		"company": "Lectures des agents qui lisent comme vous", "topic": "Thèmes", "thread": "Vos toutes dernières lectures", "appeal": "Fois où il a été affiché à des agents qui ne l'avaient pas lu",
	} {
		if told := list("fr", name); told[want] == "" {
			t.Errorf("the criterion %s uses « %s », which is not told of: %v", name, want, told)
		}
	}
	for _, name := range ranking.TermNames() {
		if !ranking.Tells(name) {
			t.Errorf("the terms of a policy may name %s, of which no explanation tells", name)
		}
	}
}

// A term of the policy adds what its expression names.
func TestData_AreThoseOfThePolicysTerms(t *testing.T) {
	c := news("a", noon.Add(-time.Hour))
	c.Author = "Mme Dupont"
	lines := `terms: [{name: own, label: {fr: "Le nôtre", en: "Ours"}, value: 'author == "kind" and reads < 3', weight: 1}]`
	p := onlyWeighs(t)
	with, err := ranking.ParsePolicy([]byte(lines))
	if err != nil {
		t.Fatal(err)
	}
	p.Terms = with.Terms
	ranker := ranking.NewRanker(p, newCatalogue(t, c), town, nil)
	x := place(t, ranker, nil, rank(t, ranker, nil, noon), fil.OrderRanked, "fr")[0].Explanation
	has := func(name string) bool {
		return slices.ContainsFunc(x.Data, func(d fil.Datum) bool { return d.Name == name })
	}
	if !has("Auteur") || !has("Lectures de ce contenu par l'ensemble des agents") || has("Type de contenu") {
		t.Errorf("data %+v", x.Data)
	}
	if len(x.Parameters) != 1 || x.Parameters[0].Label != "Le nôtre" || x.Parameters[0].Measure != `author == "kind" and reads < 3` {
		t.Errorf("parameters %+v", x.Parameters)
	}
}

// named is a town whose audiences have names, but for one.
type named struct{ directory }

func (named) NameOf(audience string) string {
	return map[string]string{"managers": "Les cadres", "city": "La ville"}[audience]
}

// Audiences are told of by their names and never by their ids.
func TestData_NameAudiences(t *testing.T) {
	c := news("a", noon)
	c.Audiences, c.Perimeter = []string{"managers", "agents-routes"}, "city"
	agents := directory{"alice": {"managers", "agents-routes", "city"}}
	for want, of := range map[string]ranking.Directory{"Les cadres, La ville": named{agents}, "a group of agents that you are in, a perimeter that you are in": agents} {
		ranker := ranking.NewRanker(policy(t, ""), newCatalogue(t, c), of, nil)
		data := place(t, ranker, nil, rank(t, ranker, nil, noon), fil.OrderRanked, "en")[0].Explanation.Data
		if got := data[0].Value + ", " + data[1].Value; got != want {
			t.Errorf("told of as %q, want %q", got, want)
		}
	}
}

// The first part says by whom a content was placed: by a rule, by time or by the algorithm.
func TestDegree_SaysWhatPlacedIt(t *testing.T) {
	must, pinned, plain, seen := news("must", noon.Add(-time.Hour)), news("pinned", noon.Add(-time.Hour)), news("plain", noon.Add(-time.Hour)), news("seen", noon.Add(-time.Hour))
	must.MandatoryUntil, pinned.PinnedUntil = noon.Add(time.Hour), noon.Add(time.Hour)
	ranker := ranking.NewRanker(policy(t, ""), newCatalogue(t, must, pinned, plain, seen), town, nil)
	profile := profileOf(did(fil.Read, "seen", noon.Add(-time.Minute)))
	for language, want := range map[string]map[string]string{
		"fr": {"must": "Une règle l'a placé parmi les premiers : il est à lire", "pinned": "Une règle l'a placé parmi les premiers : votre organisation l'a épinglé", "seen": "Une règle l'a placé après", "plain": "Les communicants décident"},
		"en": {"must": "A rule placed it among the first: it must be read", "pinned": "A rule placed it among the first: your organisation pinned it", "seen": "A rule placed it after", "plain": "Communicators decide"},
	} {
		for _, p := range place(t, ranker, profile, rank(t, ranker, profile, noon), fil.OrderRanked, language) {
			if !strings.HasPrefix(p.Explanation.Degree, want[p.Content]) || strings.Contains(p.Explanation.Degree, p.Explanation.Basis.Policy) {
				t.Errorf("%s: %q", p.Content, p.Explanation.Degree)
			}
		}
	}
}

// Criteria are told in words, with what is counted in the number that it has.
func TestLabels_AreInPlainWords(t *testing.T) {
	c, other := news("a", noon.Add(-72*time.Hour)), news("b", noon.Add(-time.Hour))
	c.Topics, c.Priority, c.Language = []string{"Travaux"}, -1, "en"
	ranker := ranking.NewRanker(policy(t, ""), newCatalogue(t, c, other), town, nil)
	once := profileOf(did(fil.Impression, "a", noon.Add(-time.Hour)))
	twice := profileOf(did(fil.Impression, "a", noon.Add(-time.Hour)), did(fil.Impression, "a", noon.Add(-time.Hour)))
	for _, c := range []struct {
		language, parameter, want string
		profile                   []byte
	}{
		{"fr", "age", "Date de 3 jours", nil},
		{"en", "age", "Came out 3 days ago", nil},
		{"fr", "priority", "Signalé comme secondaire", nil},
		{"fr", "topic", "Ni goût ni rejet connu pour le thème « Travaux »", nil},
		{"fr", "source", "N'a pas de source", nil},
		{"fr", "language", "N'est pas écrit dans votre langue", nil},
		{"fr", "reads_ever", "Pas encore lu par d'autres agents", nil},
		{"fr", "fatigue", "Sans que vous l'ouvriez : affiché 1 fois", once},
		{"en", "fatigue", "Without your opening it: shown once", once},
		{"en", "fatigue", "Without your opening it: shown 2 times", twice},
	} {
		placements, _, err := ranker.Place("alice", c.profile, []fil.Entry{{Content: fil.KeyOf("a")}}, fil.OrderRanked, c.language, noon)
		if err != nil {
			t.Fatal(err)
		}
		all := placements[0].Explanation.Parameters
		at := slices.IndexFunc(all, func(p fil.Parameter) bool { return p.Name == c.parameter })
		if all[at].Label != c.want || all[at].Measure == "" {
			t.Errorf("%s, %s: %q (%q), want %q", c.language, c.parameter, all[at].Label, all[at].Measure, c.want)
		}
	}
}
