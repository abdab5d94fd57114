package demo_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/demo"
)

func TestContentsAreFitToPublish(t *testing.T) {
	t.Parallel()
	topics, sources := map[string]bool{}, knownSources()
	for _, anchor := range anchors() {
		for _, c := range demo.Contents(anchor) {
			if !slices.Contains(fil.ContentKinds(), c.Kind) {
				t.Errorf("%s: kind %q", c.ID, c.Kind)
			}
			checkText(t, c.ID, fil.Variant{Title: c.Title, Summary: c.Summary, Body: c.Body}, 60)
			for language, variant := range c.Translations {
				checkText(t, c.ID+"."+language, variant, 45)
			}
			if len(c.Topics) == 0 || len(c.Topics) > 3 {
				t.Errorf("%s: %d topics", c.ID, len(c.Topics))
			}
			for _, topic := range c.Topics {
				topics[topic] = true
			}
			if !sources[c.Source] {
				t.Errorf("%s: source %q is no service of the body", c.ID, c.Source)
			}
			if c.Author == "" || c.Priority < -3 || c.Priority > 3 {
				t.Errorf("%s: author %q, priority %d", c.ID, c.Author, c.Priority)
			}
			checkMoments(t, c, anchor)
		}
	}
	if len(topics) < 10 || len(topics) > 16 {
		t.Errorf("%d topics, ten to sixteen are wanted", len(topics))
	}
}

// knownSources are the services that agents are in, and two that are too small to be units of their own.
func knownSources() map[string]bool {
	sources := map[string]bool{"Service prévention": true, "Direction générale adjointe aux solidarités": true}
	for _, agent := range demo.Agents() {
		service, _ := agent.Attributes["service"].(string)
		sources[service] = true
	}
	return sources
}

func checkText(t *testing.T, id string, v fil.Variant, fewest int) {
	t.Helper()
	if n := utf8.RuneCountInString(v.Title); n == 0 || n > 110 {
		t.Errorf("%s: a title of %d characters", id, n)
	}
	if n := utf8.RuneCountInString(v.Summary); n < 30 || n > 260 {
		t.Errorf("%s: a summary of %d characters", id, n)
	}
	if n := len(strings.Fields(v.Body)); n < fewest || n > 220 {
		t.Errorf("%s: a body of %d words", id, n)
	}
	if regexp.MustCompile(`(?i)lorem|ipsum|xxx|<[a-z]`).MatchString(v.Title + v.Summary + v.Body) {
		t.Errorf("%s: filler or HTML", id)
	}
}

func checkMoments(t *testing.T, c fil.Content, anchor time.Time) {
	t.Helper()
	if age := anchor.Sub(c.PublishedAt); age > 33*24*time.Hour || age < -8*24*time.Hour {
		t.Errorf("%s: published %v before the anchor", c.ID, age)
	}
	for name, at := range map[string]time.Time{"expires": c.ExpiresAt, "pinned": c.PinnedUntil, "mandatory": c.MandatoryUntil} {
		if !at.IsZero() && !at.After(c.PublishedAt) {
			t.Errorf("%s: %s %v, before its publication %v", c.ID, name, at, c.PublishedAt)
		}
	}
}

func TestContentsShowEveryCase(t *testing.T) {
	t.Parallel()
	anchor := anchors()[0]
	got := map[string]int{}
	for _, c := range demo.Contents(anchor) {
		got["all"]++
		got[c.Kind]++
		for name, is := range map[string]bool{
			"aimed":      len(c.Audiences) > 0,
			"pinned":     c.PinnedUntil.After(anchor),
			"mandatory":  c.MandatoryUntil.After(anchor),
			"expired":    !c.ExpiresAt.IsZero() && c.ExpiresAt.Before(anchor),
			"scheduled":  c.PublishedAt.After(anchor),
			"translated": c.Translations["en"].Title != "",
		} {
			if is {
				got[name]++
			}
		}
	}
	for name, least := range map[string]int{
		"all": 110, "news": 30, "alert": 6, "event": 10, "survey": 5, "recognition": 5, "document": 10,
		"aimed": 50, "pinned": 3, "mandatory": 4, "expired": 4, "scheduled": 4, "translated": 8,
	} {
		if got[name] < least {
			t.Errorf("%d contents are %s, at least %d are wanted", got[name], name, least)
		}
	}
}

// A demonstration whose texts repeat each other shows nothing of ranking.
func TestNoSentenceStandsInTwoContents(t *testing.T) {
	t.Parallel()
	where := map[string]string{}
	for _, c := range demo.Contents(anchors()[0]) {
		for _, sentence := range regexp.MustCompile(`[.!?\n]+\s*`).Split(c.Title+"\n"+c.Summary+"\n"+c.Body, -1) {
			if len(strings.Fields(sentence)) < 5 {
				continue
			}
			if other, ok := where[sentence]; ok {
				t.Errorf("%s and %s both say %q", other, c.ID, sentence)
			}
			where[sentence] = c.ID
		}
	}
}
