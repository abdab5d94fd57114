package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// CheckAgent gathers the faults of an agent, as fil.Faults, and puts its organisation path and attribute values in their
// normal form, in place: what it leaves is what the log would have.
func CheckAgent(s fil.Schema, a *fil.Agent) error {
	var faults fil.Faults
	checkID(&faults, "id", a.ID)
	a.Org = strings.Trim(a.Org, "/")
	if a.Org != "" {
		levels := strings.Split(a.Org, "/")
		if len(levels) > 16 || len(a.Org) > 512 || slices.ContainsFunc(levels, func(l string) bool { return strings.TrimSpace(l) == "" }) {
			faults.Add("org", "doit être un chemin de 16 niveaux au plus, sans niveau vide", "must be a path of at most 16 levels, none empty")
		}
	}
	checkText(&faults, "site", a.Site, 256)
	checkText(&faults, "language", a.Language, 35)
	checkDirectory(&faults, &a.Directory)
	for name, value := range a.Attributes {
		if len(faults) >= maxFaults {
			break
		}
		field := "attributes." + clip(name)
		declared, ok := s.Lookup(name)
		if !ok {
			faults.Add(field, "n'est pas un attribut déclaré ("+names(s)+")", "is not a declared attribute ("+names(s)+")")
			continue
		}
		if value == nil {
			delete(a.Attributes, name)
			continue
		}
		normal, fault := normal(declared, value)
		if fault.FR != "" {
			faults = append(faults, &fil.Fault{Field: field, Problem: fault})
			continue
		}
		if list, ok := normal.([]string); ok && len(list) == 0 {
			delete(a.Attributes, name) // no value and an empty list say the same
			continue
		}
		if fault := allowed(declared, normal); fault.FR != "" {
			faults = append(faults, &fil.Fault{Field: field, Problem: fault})
			continue
		}
		a.Attributes[name] = normal
	}
	return faults.Err()
}

// checkDirectory wants an object of what a directory keeps; null says that it keeps nothing.
func checkDirectory(faults *fil.Faults, kept *json.RawMessage) {
	switch trimmed := bytes.TrimSpace(*kept); {
	case bytes.Equal(trimmed, []byte("null")):
		*kept = nil
	case len(trimmed) > 0 && trimmed[0] != '{':
		faults.Add("directory", "doit être un objet JSON", "must be a JSON object")
	}
}

func names(s fil.Schema) string {
	names := make([]string, len(s))
	for i, a := range s {
		names[i] = a.Name
	}
	return strings.Join(names, ", ")
}

func normal(d fil.Attribute, value any) (any, fil.Bilingual) {
	switch d.Kind {
	case fil.KindNumber:
		if v, ok := value.(float64); ok {
			return v, fil.Bilingual{}
		}
		return nil, fil.Bilingual{FR: "doit être un nombre", EN: "must be a number"}
	case fil.KindBoolean:
		if v, ok := value.(bool); ok {
			return v, fil.Bilingual{}
		}
		return nil, fil.Bilingual{FR: "doit être true ou false", EN: "must be true or false"}
	case fil.KindDate:
		if v, ok := value.(string); ok {
			if _, err := time.Parse(time.DateOnly, v); err == nil {
				return v, fil.Bilingual{}
			}
		}
		return nil, fil.Bilingual{FR: "doit être une date, comme 2026-01-31", EN: "must be a date, such as 2026-01-31"}
	case fil.KindList:
		return normalList(value)
	case fil.KindAgent:
		if v, ok := value.(string); ok && v != "" && len(v) <= 128 {
			return v, fil.Bilingual{}
		}
		return nil, fil.Bilingual{FR: "doit être l'identifiant d'un agent, de 128 octets au plus", EN: "must be an agent's id, of at most 128 bytes"}
	default:
		if v, ok := value.(string); ok && len(v) <= 256 {
			return v, fil.Bilingual{}
		}
		return nil, fil.Bilingual{FR: "doit être un texte de 256 octets au plus", EN: "must be a text of at most 256 bytes"}
	}
}

// allowed holds a value to those that its attribute declares, and proposes the nearest.
func allowed(d fil.Attribute, value any) fil.Bilingual {
	if len(d.Values) == 0 {
		return fil.Bilingual{}
	}
	texts, list := value.([]string)
	if !list {
		texts = []string{value.(string)} // fil.Schema.Validate allows values to texts and lists only
	}
	for _, text := range texts {
		if slices.Contains(d.Values, text) {
			continue
		}
		if best := fil.Nearest(text, d.Values); best != "" {
			return fil.Bilingual{FR: fmt.Sprintf("n'admet pas « %s » ; vouliez-vous dire « %s » ?", clip(text), best), EN: fmt.Sprintf("does not allow %q; did you mean %q?", clip(text), best)}
		}
		all := clip(strings.Join(d.Values, ", "))
		return fil.Bilingual{FR: fmt.Sprintf("n'admet pas « %s » ; sont admis : %s", clip(text), all), EN: fmt.Sprintf("does not allow %q; allowed are: %s", clip(text), all)}
	}
	return fil.Bilingual{}
}

func normalList(value any) (any, fil.Bilingual) {
	problem := fil.Bilingual{FR: "doit être une liste de 64 textes au plus", EN: "must be a list of at most 64 texts"}
	var list []string
	switch v := value.(type) {
	case []string:
		list = slices.Clone(v)
	case []any:
		for _, one := range v {
			text, ok := one.(string)
			if !ok || len(text) > 256 {
				return nil, problem
			}
			list = append(list, text)
		}
	default:
		return nil, problem
	}
	if len(list) > 64 {
		return nil, problem
	}
	slices.Sort(list)
	return slices.Compact(list), fil.Bilingual{}
}

func checkID(faults *fil.Faults, field, id string) {
	switch {
	case id == "":
		faults.Add(field, "doit être renseigné", "is required")
	case strings.HasPrefix(id, "}"): // it would empty the hash tag {id} that keeps an agent's keys in one slot of a Redis Cluster
		faults.Add(field, "ne doit pas commencer par « } »", "must not begin with '}'")
	case len(id) > 128 || !utf8.ValidString(id) || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == '/' || unicode.IsSpace(r) || unicode.IsControl(r) }):
		faults.Add(field, "doit tenir en 128 octets, sans espace ni « / »", "must fit in 128 bytes, without space or '/'")
	}
}

func checkText(faults *fil.Faults, field, text string, most int) {
	if len(text) > most {
		faults.Add(field, fmt.Sprintf("dépasse %d octets", most), fmt.Sprintf("is over %d bytes", most))
	}
	if !utf8.ValidString(text) {
		faults.Add(field, "doit être de l'UTF-8", "must be UTF-8")
	}
}

// checkContent gathers the faults of a content and fills what has a default: kind, language, and the publication (now).
func checkContent(c *fil.Content, now time.Time) error {
	kinds := fil.ContentKinds()
	var faults fil.Faults
	if c.Kind == "" {
		c.Kind = kinds[0]
	}
	if c.Language == "" {
		c.Language = "fr"
	}
	if c.PublishedAt.IsZero() {
		c.PublishedAt = now.UTC().Truncate(time.Second)
	}
	for _, at := range []*time.Time{&c.PublishedAt, &c.ExpiresAt, &c.RevisedAt, &c.PinnedUntil, &c.MandatoryUntil} {
		*at = at.UTC()
	}
	checkID(&faults, "id", c.ID)
	if !slices.Contains(kinds, c.Kind) {
		faults.Add("kind", fmt.Sprintf("doit être l'un de %v", kinds), fmt.Sprintf("must be one of %v", kinds))
	}
	checkVariant(&faults, "", fil.Variant{Title: c.Title, Summary: c.Summary, Body: c.Body})
	checkText(&faults, "language", c.Language, 35)
	for tag, variant := range c.Translations {
		checkText(&faults, "translations", tag, 35)
		checkVariant(&faults, "translations."+tag+".", variant)
	}
	checkText(&faults, "source", c.Source, 256)
	checkText(&faults, "author", c.Author, 256)
	checkText(&faults, "community", c.Community, 256)
	if c.Perimeter != "" {
		checkID(&faults, "perimeter", c.Perimeter)
	}
	c.Topics = once(c.Topics)
	for _, list := range []struct {
		name  string
		items []string
	}{{"topics", c.Topics}, {"audiences", c.Audiences}} {
		if len(list.items) > 32 {
			faults.Add(list.name, "compte plus de 32 éléments", "has more than 32 items")
		}
		for _, item := range list.items {
			if item == "" {
				faults.Add(list.name, "contient un élément vide", "has an empty item")
			}
			checkText(&faults, list.name, item, 128)
		}
	}
	if c.Priority < -3 || c.Priority > 3 {
		faults.Add("priority", "doit être entre -3 et 3", "must be between -3 and 3")
	}
	checkWindow(c, &faults)
	if at := c.RevisedAt; !at.IsZero() && (at.Before(c.PublishedAt) || at.After(now.Add(maxAhead))) {
		faults.Add("revised_at", "doit être entre la publication et maintenant : c'est le moment où le contenu a changé sur le fond", "must be between the publication and now: it is when the content changed in substance")
	}
	return faults.Err()
}

// once drops a topic that is there before but for its capitals: tastes would be of two topics.
func once(topics []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(topics, func(topic string) bool {
		folded := strings.ToLower(topic)
		again := seen[folded]
		seen[folded] = true
		return again
	})
}

// maxAhead is how much clocks may differ.
const maxAhead = 5 * time.Minute

// checkWindow holds moments to years that the packed forms can carry (32-bit Unix seconds, so before 2106).
func checkWindow(c *fil.Content, faults *fil.Faults) {
	for _, moment := range []struct {
		name string
		at   time.Time
	}{{"published_at", c.PublishedAt}, {"expires_at", c.ExpiresAt}, {"revised_at", c.RevisedAt}, {"pinned_until", c.PinnedUntil}, {"mandatory_until", c.MandatoryUntil}} {
		if !moment.at.IsZero() && (moment.at.Year() < 1970 || moment.at.Year() > 2105) {
			faults.Add(moment.name, "doit être entre 1970 et 2105", "must be between 1970 and 2105")
		}
	}
	if !c.ExpiresAt.IsZero() && !c.ExpiresAt.After(c.PublishedAt) {
		faults.Add("expires_at", "doit suivre la publication", "must follow the publication")
	}
}

func checkVariant(faults *fil.Faults, prefix string, v fil.Variant) {
	if v.Title == "" {
		faults.Add(prefix+"title", "doit être renseigné", "is required")
	}
	checkText(faults, prefix+"title", v.Title, 512)
	checkText(faults, prefix+"summary", v.Summary, 4<<10)
	checkText(faults, prefix+"body", v.Body, 48<<10)
	if marks := strings.Count(v.Body, "[") + strings.Count(v.Body, "*") + strings.Count(v.Body, "_") + strings.Count(v.Body, ">"); marks > maxMarks {
		faults.Add(prefix+"body", fmt.Sprintf("compte %d signes [ * _ >, plus de %d : aucun texte n'en demande tant", marks, maxMarks), fmt.Sprintf("has %d signs [ * _ >, more than %d: no text needs as many", marks, maxMarks))
	}
}

// maxMarks bounds the signs of Markdown for which its parser takes a time that grows with their square: 48 KiB of nothing else
// take it 6 seconds, so many a tenth of one.
const maxMarks = 4000

// checkAudience gathers the faults of the audience, but for its rule, which the audiences stage checks.
func checkAudience(a *fil.Audience) error {
	var faults fil.Faults
	checkID(&faults, "id", a.ID)
	if a.Name == "" {
		faults.Add("name", "doit être renseigné", "is required")
	}
	checkText(&faults, "name", a.Name, 256)
	checkText(&faults, "owner", a.Owner, 256)
	checkText(&faults, "rule", a.Rule, 8192)
	if a.Perimeter != "" {
		checkID(&faults, "perimeter", a.Perimeter)
	}
	checkDirectory(&faults, &a.Directory)
	for _, member := range a.Members {
		if len(member) > 128 || member == "" {
			faults.Add("members", "doit être une liste d'identifiants de 128 octets au plus", "must be a list of ids of at most 128 bytes")
			break
		}
	}
	return faults.Err()
}
