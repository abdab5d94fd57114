package accessibility_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/accessibility"
)

const french = "Le service des ressources humaines vous informe que les demandes de télétravail sont à déposer avant la fin du mois, dans le portail, par vos soins."

const english = "The human resources service informs you that requests for telework are to be made before the end of the month, in the portal, by you and for you."

// good is a content in which nothing is to mend.
func good() fil.Content {
	return fil.Content{Title: "Télétravail", Summary: "Demandes à déposer.", Language: "fr", Body: french}
}

func told(findings []accessibility.Finding) (all []string) {
	for _, f := range findings {
		all = append(all, fmt.Sprintf("%s %d:%d %s %s %s", f.Field, f.Line, f.Column, f.Severity, f.Rule, f.Criterion))
	}
	return all
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*fil.Content)
		want   []string
	}{
		"nothing to mend": {func(*fil.Content) {}, nil},
		"image without text": {func(c *fil.Content) { c.Body = french + "\n\nVoici : ![](plan.png)" },
			[]string{"body 3:9 error image_alt 1.1"}},
		"image named by its file": {func(c *fil.Content) { c.Body = "![IMG_0042.jpg](x/IMG_0042.jpg) et ![plan.png](a/plan.png)" },
			[]string{"body 1:1 error image_alt_name 1.3", "body 1:36 error image_alt_name 1.3"}},
		"image well told": {func(c *fil.Content) { c.Body = "![Plan d'accès au site](plan.png)" }, nil},
		"heading that skips": {func(c *fil.Content) { c.Body = "## Un\n\ntexte\n\n#### Deux\n\n### Trois" },
			[]string{"body 5:1 error heading_order 9.1"}},
		"heading that begins low": {func(c *fil.Content) { c.Body = "### Un\n\n## Deux" }, []string{"body 1:1 error heading_order 9.1"}},
		"heading that is empty":   {func(c *fil.Content) { c.Body = "## Un\n\n##\n" }, []string{"body 3:1 error heading_empty 9.1"}},
		"headings in order":       {func(c *fil.Content) { c.Body = "# Un\n\n## Deux\n\n### Trois\n\n## Quatre" }, nil},
		"links that say nothing": {func(c *fil.Content) {
			c.Body = "é [Cliquez ici !](https://a.fr) [](b) [👉](c) [En  savoir\nplus](d)"
		},
			[]string{"body 1:3 error link_vague 6.1", "body 1:33 error link_empty 6.2", "body 1:39 error link_emoji 6.1", "body 1:46 error link_vague 6.1"}},
		"bare addresses": {func(c *fil.Content) {
			c.Body = "Voir https://a.fr/b et <https://c.fr> et [https://d.fr](https://d.fr)"
		},
			[]string{"body 1:6 warning link_url 6.1", "body 1:24 warning link_url 6.1", "body 1:42 warning link_url 6.1"}},
		"link by an image": {func(c *fil.Content) { c.Body = "[![Plan du site](p.png)](x)" }, nil},
		"table without header": {func(c *fil.Content) { c.Body = "|   |   |\n|---|---|\n| a | b |" },
			[]string{"body 1:2 error table_header 5.6"}},
		"table with a corner": {func(c *fil.Content) { c.Body = "|   | Lundi |\n|---|---|\n| Ali | b |" }, nil},
		"capitals": {func(c *fil.Content) {
			c.Title = "RÉUNION DE RENTRÉE OBLIGATOIRE"
			c.Body = "La DRH et la DSI, puis\nATTENTION DERNIER RAPPEL avant"
		},
			[]string{"title 1:1 warning capitals 10.1", "body 2:1 warning capitals 10.1"}},
		"nothing but a body": {func(c *fil.Content) { c.Title, c.Summary = " ", "" },
			[]string{"title 1:1 error title_missing 9.1", "summary 1:1 warning summary_missing "}},
		"language":                   {func(c *fil.Content) { c.Body = english }, []string{"language 1:1 warning language_other 8.4"}},
		"no language":                {func(c *fil.Content) { c.Language = "" }, []string{"language 1:1 warning language_missing 8.3"}},
		"wholly in another language": {func(c *fil.Content) { c.Body = english + " " + english }, []string{"language 1:1 error language_other 8.4"}},
		"half in another language":   {func(c *fil.Content) { c.Body = english + " " + french + " " + french }, nil},
		"bad language":               {func(c *fil.Content) { c.Language = "français" }, []string{"language 1:1 error language_code 8.4"}},
		"translation": {func(c *fil.Content) {
			c.Translations = map[string]fil.Variant{"en": {Title: "Telework", Summary: "Requests.", Body: french + "\n\n![](x)"}}
		}, []string{"translations.en 1:1 warning language_other 8.4", "translations.en.body 3:1 error image_alt 1.1"}},
		"colours": {func(c *fil.Content) { c.Body = "Un <font color=\"red\">rouge</font> et <b>gras</b>" },
			[]string{"body 1:4 warning colour 3.1", "body 1:38 warning html 8.2"}},
	} {
		content := good()
		c.change(&content)
		findings := accessibility.Check(content)
		if got := told(findings); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		for _, f := range findings {
			if f.Problem.FR == "" || f.Problem.EN == "" || f.Remedy.FR == "" || f.Remedy.EN == "" {
				t.Errorf("%s: not said in both languages: %+v", name, f)
			}
		}
	}
}

func TestFaultsAreErrorsWithTheirPlaceAndWayOut(t *testing.T) {
	t.Parallel()
	content := good()
	content.Body = "texte\n\n![](x.png)\n\nhttps://a.fr"
	faults := accessibility.Faults(content)
	if len(faults) != 1 || faults[0].Field != "body" {
		t.Fatalf("%v", faults)
	}
	for _, part := range []string{"line 3, column 1", "RGAA 1.1", "Say between the brackets"} {
		if !strings.Contains(faults[0].Problem.EN, part) {
			t.Errorf("%q is not in %q", part, faults[0].Problem.EN)
		}
	}
}

// FuzzCheck holds the checker to places that are in the text, whatever the text.
func FuzzCheck(f *testing.F) {
	f.Add("Titre", "fr", "# a\n\n### b\n\n![](x) [ici](y) <b> https://a.fr\n\n| |\n|-|\n|a|")
	f.Add("\u200b", "fr", "**a**\n\n• b\n• c\n\n[i&#99;i](x) ![&nbsp;](y) [d](e) [d](f)\n\n• \xff\n\n•")
	f.Add("MAJUSCULES PARTOUT ICI", "x-", "Setext\n===\n\n- [x](\"\n> ![a\n](b)")
	f.Fuzz(func(t *testing.T, title, tag, body string) {
		content := fil.Content{Title: title, Language: tag, Body: body, Translations: map[string]fil.Variant{tag: {Title: title, Body: body}}}
		for _, finding := range accessibility.Check(content) {
			source := body
			if !strings.HasSuffix(finding.Field, "body") {
				source = title
			}
			lines := strings.Split(source, "\n")
			if finding.Line < 1 || finding.Column < 1 || finding.Line > len(lines) || finding.Column > utf8.RuneCountInString(lines[finding.Line-1])+1 {
				t.Fatalf("%+v is not a place of %q", finding, source)
			}
		}
	})
}

// TestCheck_JudgesWhatIsReadAndNotWhatIsTyped has texts that look well filled to a program and are empty, or vague, to people.
func TestCheck_JudgesWhatIsReadAndNotWhatIsTyped(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"![\u200b\u200d\u2060](a.png)":        "image_alt",
		"![&nbsp;](a.png)":                    "image_alt",
		"![&#8203; &zwj;\u00ad\u3164](a.png)": "image_alt",
		"![\u2800](a.png)":                    "image_alt",
		"![...](a.png)":                       "image_alt_signs",
		"![\u200b–\u200b](a.png)":             "image_alt_signs",
		"![🖼\ufe0f](a.png)":                   "image_alt_signs",
		"![DSC_0042](a.png)":                  "image_alt_name",
		"![IMG 20260131 0830 (2)](a.png)":     "image_alt_name",
		"![photo.jpg](a.png)":                 "image_alt_name",
		"![Photo de\u00a0groupe.JPEG](a.png)": "image_alt_name",
		"![phot\u200bo.j&#112;g](a.png)":      "image_alt_name",
		"![Image](a.png)":                     "image_alt_vague",
		"![Ｐｈｏｔｏ !](a.png)":                   "image_alt_vague",
		"![Une photo](a.png)":                 "image_alt_vague",
		"![Capture d'écran](a.png)":           "image_alt_vague",
		"![Photo de groupe](a.png)":           "",
		"![Ma région en 2026](a.png)":         "",

		"[i\u200bci](a)":                  "link_vague",
		"[i&#99;i](a)":                    "link_vague",
		"[іcі](a)":                        "link_vague", // Cyrillic і
		"[iсi](a)":                        "link_vague", // Cyrillic с
		"[ＩＣＩ](a)":                        "link_vague",
		"[En savoir\u00a0plus…](a)":       "link_vague",
		"[de\u0301tails](a)":              "link_vague",
		"[\\[PDF\\]](a)":                  "link_vague",
		"[PDF](a)":                        "link_vague",
		"[Télécharger (PDF, 2,5 Mo)](a)":  "link_vague",
		"[\u200b](a)":                     "link_empty",
		"[&nbsp;](a)":                     "link_empty",
		"[Guide du télétravail (PDF)](a)": "",
		"[Расписание автобусов](a)": "", // another alphabet is a text as well
		"## \u200b":                           "heading_empty",
		"[Lundi](a) et [Lundi](a)":            "",
		"[Programme](a), [programme !](b)":    "link_same",
		"**Les horaires**\n\nDe 9 h à 17 h.":  "heading_bold",
		"**Fermé lundi.**\n\nRevenez mardi.":  "",
		"**Fermé** lundi\n\nRevenez mardi.":   "",
		"De 9 h à 17 h.\n\n**Les horaires**":  "",
		"Apportez :\n• un stylo\n• un cahier": "list_typed",
		"• un stylo\n\n• un cahier\n\n• midi": "list_typed",
		"– un stylo\n– un cahier":             "list_typed",
		"– un stylo, et rien d'autre":         "",
		"- un stylo\n- un cahier":             "",
	} {
		content := good()
		content.Language, content.Body = "fr", body
		var got []string
		for _, f := range accessibility.Check(content) {
			got = append(got, f.Rule)
			if f.Problem.FR == "" || f.Problem.EN == "" || f.Remedy.FR == "" || f.Remedy.EN == "" {
				t.Errorf("%q: not said in both languages: %+v", body, f)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
}

// Advice never stops a publication.
func TestFaults_LeaveAdviceOut(t *testing.T) {
	t.Parallel()
	content := good()
	content.Body = "**Les horaires**\n\n• un\n• deux\n\n[Programme](a), [programme](b)"
	if faults := accessibility.Faults(content); len(faults) > 0 || len(accessibility.Check(content)) != 3 {
		t.Errorf("%v of %+v", faults, accessibility.Check(content))
	}
}
