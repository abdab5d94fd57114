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
			[]string{"body 1:1 warning image_alt_name 1.3", "body 1:36 warning image_alt_name 1.3"}},
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
		"language":     {func(c *fil.Content) { c.Body = english }, []string{"language 1:1 warning language_other 8.4"}},
		"no language":  {func(c *fil.Content) { c.Language = "" }, []string{"language 1:1 warning language_missing 8.3"}},
		"bad language": {func(c *fil.Content) { c.Language = "français" }, []string{"language 1:1 error language_code 8.4"}},
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
