package ranking_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/filengine/fil/ranking"
)

func TestStems_AreTheSubjectOfASentence(t *testing.T) {
	for _, c := range []struct{ language, text, want string }{
		{"fr", "Le versement de l'indemnité", "vers indemn"},
		{"", "l’indemnité", "indemn"}, // typographic apostrophe, French by default
		{"fr", "Qu'est-ce que le RIFSEEP ? L'essentiel jusqu'au 31/12/2026.", "rifseep essentiel"},
		{"fr-CA", "Aujourd'hui, les congés annuels", "cong annuel"},
		{"fr", "LES CONGES ANNUELS", "cong annuel"},
		{"fr", "Les agent·e·s, les agent.e.s et les agent(e)s", "agent agent agent"},
		{"fr", "des directeur·rice·s", "directeur"},
		{"fr", "Œuvre du cœur", "oeuvr coeur"},
		{"en", "The agents' leave requests weren't approved", "agent leav request approv"},
		{"en-GB", "We're updating your pension schemes", "updat pension scheme"},
		{"pt", "Os servidores públicos têm direito à licença", "servidores publicos direito licenca"},
		{"fr", "Voir [la note](https://intra.ville.fr/note-de-service) ou https://example.org/grille?x=1 (www.ville.fr), écrire à drh@ville.fr.", "voir not ecrir"},
		{"fr", "<p class=\"x\">Prime</p> &eacute;lections <!-- rien --> 3 < 4", "prim elect"},
		{"fr", "![plan](plan.png) télé\u00adtravail", "plan teletravail"},
		{"fr", "COVID19, 2026, 12e, " + strings.Repeat("x", 41) + ", " + strings.Repeat("y", 40), "covid19 12e " + strings.Repeat("y", 40)},
		{"fr", "](sans fin <b sans fin", "fin fin"},
		{"fr", "", ""},
	} {
		if got := strings.Join(ranking.Stems(c.text, c.language), " "); got != c.want {
			t.Errorf("%s: %q has the stems %q, want %q", c.language, c.text, got, c.want)
		}
	}
}

func TestStems_AreOneForAllForms(t *testing.T) {
	for _, c := range []struct{ language, forms string }{
		{"fr", "agent agents agente agentes AGENTS"},
		{"fr", "congé congés CONGÉS conges"},
		{"fr", "télétravail télétravails TÉLÉTRAVAIL teletravail"},
		{"fr", "indemnité indemnités"},
		{"fr", "mutuelle mutuelles"},
		{"fr", "formation formations"},
		{"fr", "contractuel contractuelle contractuels contractuelles"},
		{"fr", "chargé chargée chargés chargées"},
		{"fr", "déménager déménagement déménagements"},
		{"fr", "syndical syndicale syndicaux"},
		{"en", "request requests requested requesting"},
		{"en", "policy policies"},
		{"en", "training trainings trained"},
	} {
		forms := strings.Fields(c.forms)
		for _, form := range forms[1:] {
			if a, b := ranking.Stems(forms[0], c.language), ranking.Stems(form, c.language); !slices.Equal(a, b) || len(a) != 1 {
				t.Errorf("%s has the stem %q, %s %q", forms[0], a, form, b)
			}
		}
	}
}

func TestSpelling_KeepsTheNamesOfSchemes(t *testing.T) {
	for word, want := range map[string]string{"Télétravail": "télétravail", "RIFSEEP": "RIFSEEP", "ÉTÉ": "ÉTÉ", "É": "é", "télé\u00adtravail": "télétravail"} {
		if got := ranking.Spelling(word); got != want {
			t.Errorf("%q is spelt %q, want %q", word, got, want)
		}
	}
}

func FuzzStems(f *testing.F) {
	for _, text := range []string{"L'indemnité de télétravail des agent·e·s", "https://x y@z ](a) <b>&eacute;", "œuf\u0301\u0301", "\xff\xfe", "yyyy uuuu iiii", "issements", "qu'y", "ﬁn", "İI", "'s'", "ies", "ment", "aux"} {
		for _, language := range []string{"fr", "en", "pt"} {
			f.Add(text, language)
		}
	}
	f.Fuzz(func(t *testing.T, text, language string) {
		stems := ranking.Stems(text, language)
		for _, stem := range stems {
			if stem == "" || !utf8.ValidString(stem) || utf8.RuneCountInString(stem) > 90 || strings.ContainsFunc(stem, unicode.IsSpace) {
				t.Fatalf("%q has the stem %q", text, stem)
			}
		}
		if len(text) > 1000 || !utf8.ValidString(text) || strings.Contains(text, "&") {
			return // a bound cuts one form of Unicode elsewhere than the other, and entities are read before either
		}
		if apart := ranking.Stems(norm.NFD.String(text), language); !slices.Equal(stems, apart) {
			t.Fatalf("%q has the stems %q, decomposed %q", text, stems, apart)
		}
	})
}
