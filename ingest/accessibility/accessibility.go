// Package accessibility says what in a content's words keeps some agents from reading it: images without text, headings that
// skip a level, links that say nothing, a language that is not the one declared. Words are judged as they are read: entities for
// what they stand for, nothing of what has no width.
//
// It hides the Markdown parser, which it has read the same dialect as delivery does. Criteria are those of the RGAA 4.1
// (https://accessibilite.numerique.gouv.fr/methode/criteres-et-tests/); a finding without one is good practice. It guarantees
// that a finding names its field, line and column, and a way out, and that any text is checked in a time that its length
// bounds. It judges what a program can judge: that an alternative text is there, not that it is right.
package accessibility

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"github.com/filengine/fil"
)

// Severity says whether a finding keeps a content from being published.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // some agents cannot read it
	Warning Severity = "warning" // some agents read it with difficulty, or it may be right
)

// Finding is one thing to mend.
type Finding struct {
	Field     string        `json:"field"`  // such as "body" or "translations.en.body"
	Line      int           `json:"line"`   // from 1
	Column    int           `json:"column"` // from 1, in characters
	Severity  Severity      `json:"severity"`
	Rule      string        `json:"rule"`                // image_alt, heading_order…
	Criterion string        `json:"criterion,omitempty"` // of the RGAA, such as "1.1"
	Problem   fil.Bilingual `json:"problem"`
	Remedy    fil.Bilingual `json:"remedy"`
	Extract   string        `json:"extract,omitempty"` // the words at fault, cut
}

// maxFindings bounds what is told of one content.
const maxFindings = 100

// Check gives what is to mend in a content and its translations, in the order of reading, errors and warnings alike.
func Check(c fil.Content) []Finding {
	findings := checkVariant("", c.Language, fil.Variant{Title: c.Title, Summary: c.Summary, Body: c.Body})
	for _, tag := range slices.Sorted(maps.Keys(c.Translations)) {
		findings = append(findings, checkVariant("translations."+tag+".", tag, c.Translations[tag])...)
	}
	return findings[:min(len(findings), maxFindings)]
}

// Faults gives the errors of a content, for a door that refuses it; nil when it may be published.
func Faults(c fil.Content) fil.Faults {
	var faults fil.Faults
	for _, f := range Check(c) {
		if f.Severity != Error {
			continue
		}
		fr, en := "", ""
		if f.Criterion != "" {
			fr, en = " (RGAA "+f.Criterion+")", " (RGAA "+f.Criterion+")"
		}
		faults.Add(f.Field,
			fmt.Sprintf("ligne %d, colonne %d : %s%s. %s", f.Line, f.Column, f.Problem.FR, fr, f.Remedy.FR),
			fmt.Sprintf("line %d, column %d: %s%s. %s", f.Line, f.Column, f.Problem.EN, en, f.Remedy.EN))
	}
	return faults
}

// checker gathers the findings of one text.
type checker struct {
	field    string
	source   []byte
	findings []Finding
	links    map[string]string // where they lead, by plain text
}

func newChecker(field, source string) *checker { return &checker{field: field, source: []byte(source)} }

// add notes a finding at a byte of the source.
func (c *checker) add(at int, severity Severity, rule, criterion string, problem, remedy fil.Bilingual, extract string) {
	if len(c.findings) == maxFindings {
		return
	}
	at = max(0, min(at, len(c.source)))
	before := c.source[:at]
	start := strings.LastIndexByte(string(before), '\n') + 1
	c.findings = append(c.findings, Finding{
		Field: c.field, Line: strings.Count(string(before), "\n") + 1, Column: utf8.RuneCount(before[start:]) + 1,
		Severity: severity, Rule: rule, Criterion: criterion, Problem: problem, Remedy: remedy, Extract: cut(extract),
	})
}

// cut bounds an extract.
func cut(extract string) string {
	const most = 80
	extract = strings.Join(strings.Fields(extract), " ")
	if utf8.RuneCountInString(extract) <= most {
		return extract
	}
	return string([]rune(extract)[:most]) + "…"
}

func checkVariant(prefix, tag string, v fil.Variant) []Finding {
	title, summary, body := newChecker(prefix+"title", v.Title), newChecker(prefix+"summary", v.Summary), newChecker(prefix+"body", v.Body)
	if said(v.Title) == "" {
		title.add(0, Error, "title_missing", "9.1", fil.Bilingual{FR: "le titre manque", EN: "the title is missing"},
			fil.Bilingual{FR: "Donnez un titre qui dise de quoi il s'agit.", EN: "Give a title that says what it is about."}, "")
	}
	if said(v.Summary) == "" {
		summary.add(0, Warning, "summary_missing", "", fil.Bilingual{FR: "le résumé manque", EN: "the summary is missing"},
			fil.Bilingual{FR: "Dites l'essentiel en une ou deux phrases : beaucoup ne liront qu'elles.", EN: "Say what matters in a sentence or two: many will read nothing else."}, "")
	}
	title.capitals(v.Title, 0)
	summary.capitals(v.Summary, 0)
	body.markdown()
	language := languageFinding(prefix, tag, v)
	findings := slices.Concat(title.findings, language)
	findings = append(findings, summary.findings...)
	slices.SortStableFunc(body.findings, func(a, b Finding) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return append(findings, body.findings...)
}

// markdown checks the body, read as delivery reads it.
func (c *checker) markdown() {
	if len(c.source) == 0 {
		return
	}
	reader := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify))
	c.document(reader.Parser().Parse(text.NewReader(c.source)))
}
