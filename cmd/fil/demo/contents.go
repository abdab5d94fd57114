package demo

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// front is what stands between the two "---" lines of a content's file. Moments count from the anchor: "-36h" is a day
// and a half before it, "+48h" two days after. A publication is then moved to the nearest office hours.
type front struct {
	Kind      string        `yaml:"kind"`
	Title     string        `yaml:"title"`
	Summary   string        `yaml:"summary"`
	Topics    []string      `yaml:"topics"`
	Source    string        `yaml:"source"`
	Author    string        `yaml:"author"`
	Community string        `yaml:"community"`
	Audiences []string      `yaml:"audiences"`
	Published time.Duration `yaml:"published"`
	Expires   time.Duration `yaml:"expires"`
	Pinned    time.Duration `yaml:"pinned"`
	Mandatory time.Duration `yaml:"mandatory"`
	Priority  int           `yaml:"priority"`
}

// Contents gives what the services have to say, sorted by id, with dates that count from the anchor.
func Contents(anchor time.Time) []fil.Content {
	names, err := files.ReadDir("contents")
	must(err)
	topics := readTopics()
	byID := map[string]*fil.Content{}
	variants := map[string]map[string]fil.Variant{}
	for _, entry := range names {
		matter, text := readContent(entry.Name())
		id, language, translated := strings.Cut(strings.TrimSuffix(entry.Name(), ".md"), ".")
		if !translated {
			content := matter.content(id, text, anchor)
			content.Topics = named(matter.Topics, topics)
			byID[id] = &content
			continue
		}
		if variants[id] == nil {
			variants[id] = map[string]fil.Variant{}
		}
		variants[id][language] = fil.Variant{Title: matter.Title, Summary: matter.Summary, Body: text}
	}
	for id, translations := range variants {
		if byID[id] == nil {
			panic(fmt.Sprintf("demonstration contents: a translation of %s, which is not there", id))
		}
		byID[id].Translations = translations
	}
	contents := make([]fil.Content, 0, len(byID))
	for _, content := range byID {
		contents = append(contents, *content)
	}
	slices.SortFunc(contents, func(a, b fil.Content) int { return strings.Compare(a.ID, b.ID) })
	return contents
}

func (f front) content(id, text string, anchor time.Time) fil.Content {
	at := func(offset time.Duration) time.Time {
		if offset == 0 {
			return time.Time{}
		}
		return anchor.Add(offset).UTC()
	}
	return fil.Content{
		ID: id, Kind: f.Kind, Title: f.Title, Summary: f.Summary, Body: text, Language: "fr",
		Source: f.Source, Author: f.Author, Community: f.Community, Audiences: f.Audiences, Priority: f.Priority,
		PublishedAt: officeHours(anchor.Add(f.Published), anchor).UTC(), ExpiresAt: at(f.Expires), PinnedUntil: at(f.Pinned), MandatoryUntil: at(f.Mandatory),
	}
}

// named gives topics the names that readers see.
func named(slugs []string, topics map[string]string) []string {
	names := make([]string, len(slugs))
	for i, slug := range slugs {
		name, ok := topics[slug]
		if !ok {
			panic(fmt.Sprintf("demonstration contents: %s is not in topics.yaml", slug))
		}
		names[i] = name
	}
	return names
}

// officeHours moves a publication to a working day between 7 and 18 h, away from the anchor, unless that would take it to
// the other side of the anchor: what is out stays out and what is planned stays planned.
func officeHours(at, anchor time.Time) time.Time {
	step := -1
	if at.After(anchor) {
		step = 1
	}
	year, month, day := at.Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, at.Location())
	moved := midnight.Add(7*time.Hour + at.Sub(midnight)*11/24)
	for moved.Weekday() == time.Saturday || moved.Weekday() == time.Sunday {
		moved = moved.AddDate(0, 0, step)
	}
	if moved.After(anchor) != at.After(anchor) {
		return at
	}
	return moved.Truncate(time.Minute)
}

func readContent(name string) (front, string) {
	raw, err := files.ReadFile(path.Join("contents", name))
	if err == nil {
		var matter front
		var text string
		if matter, text, err = parseContent(raw); err == nil {
			return matter, text
		}
	}
	panic(fmt.Sprintf("demonstration content %s: %v", name, err))
}

var errNoFront = errors.New("must begin with front matter between two lines of ---")

func parseContent(raw []byte) (front, string, error) {
	rest, opened := bytes.CutPrefix(raw, []byte("---\n"))
	head, text, closed := bytes.Cut(rest, []byte("\n---\n"))
	if !opened || !closed {
		return front{}, "", errNoFront
	}
	var matter front
	if err := decode(head, &matter); err != nil {
		return front{}, "", err
	}
	return matter, strings.TrimSpace(string(text)), nil
}
