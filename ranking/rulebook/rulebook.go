// Package rulebook states a ranking policy in plain French and English, compares two, and lets operators publish them.
//
// It hides the sentence of each key, how a policy is laid out for readers, the public page and the operations of the API
// on fil.policies. It guarantees that every key of a policy is on its page, with its number, and that what is published
// is in the log on all in-sync replicas before it is said to be.
//
// It does not rank, and does not know who reads by which policy: ranking.Policies does.
package rulebook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// Statement is a policy in words, in one language.
type Statement struct {
	Version  string    `json:"version"`
	Language string    `json:"language"` // "fr" or "en"
	Title    string    `json:"title"`
	Lead     string    `json:"lead"`
	Sections []Section `json:"sections"`
}

// Section is one part of a policy: what belongs together.
type Section struct {
	Title string `json:"title"`
	Rules []Line `json:"rules"`
}

// Line is one key of a policy: its sentence, and its value as the file has it.
type Line struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Says  string `json:"says"`
}

// State puts a policy in words. Every key of the policy is in it once, in the order in which the ranking uses them.
func State(policy ranking.Policy, language string) Statement {
	speech := speak(language)
	s := Statement{
		Version: policy.Version, Language: speech.tag,
		Title: text("Comment votre fil est classé", "How your feed is ordered").In(language),
		Lead: text("Les communicants décident à qui s'adresse un contenu ; le reste est fait par les règles ci-dessous, les mêmes pour tous. Un contenu a d'autant plus de place qu'il a plus de points : un point de plus double son intérêt estimé. Vous pouvez toujours choisir l'ordre chronologique, et chaque place de votre fil est expliquée.",
			"Communicators decide whom a content is for; the rest is done by the rules below, the same for everyone. The more points a content has, the higher it stands: one more point doubles its estimated worth. You can always choose the chronological order, and each place in your feed is explained.").In(language),
	}
	leaves, book := leavesOf(policy), keybook()
	done := map[string]bool{}
	for _, part := range parts(policy) {
		section := Section{Title: part.title.In(language)}
		for _, path := range slices.Sorted(maps.Keys(leaves)) {
			if rank(part, path) < 0 || done[path] {
				continue
			}
			done[path] = true
			section.Rules = append(section.Rules, Line{Key: path, Value: leaves[path].written(), Says: book.says(path, leaves[path], speech)})
		}
		slices.SortStableFunc(section.Rules, func(a, b Line) int {
			if part.byValue {
				return cmp.Compare(leaves[b.Key].number(), leaves[a.Key].number())
			}
			return rank(part, a.Key) - rank(part, b.Key)
		})
		if len(section.Rules) > 0 {
			s.Sections = append(s.Sections, section)
		}
	}
	return s
}

// rank is the place of a key in a part, by the first of its prefixes that the key begins with; negative outside of it.
func rank(p part, path string) int {
	return slices.IndexFunc(p.prefixes, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// Text writes a statement for a terminal.
func (s Statement) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n\n%s\n", s.Title, s.Version, s.Lead)
	for i, section := range s.Sections {
		fmt.Fprintf(&b, "\n%d. %s\n", i+1, section.Title)
		for _, line := range section.Rules {
			fmt.Fprintf(&b, "   - %s\n     [%s: %s]\n", line.Says, line.Key, line.Value)
		}
	}
	return b.String()
}

// leaf is the value of a key: a number, a truth, a text or a list of texts.
type leaf struct{ value any }

// leavesOf lists the keys of a policy that have a value of their own: "weights.topic". A term's are under its name. It
// reads the policy's own JSON, so that no key can be left out.
func leavesOf(policy ranking.Policy) map[string]leaf {
	raw, err := json.Marshal(policy)
	if err != nil {
		return nil // impossible: it was read from a file
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if decoder.Decode(&tree) != nil {
		return nil // impossible: it was just encoded
	}
	leaves := map[string]leaf{}
	grow(leaves, "", tree)
	return leaves
}

func grow(leaves map[string]leaf, path string, node any) {
	under := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	switch n := node.(type) {
	case map[string]any:
		for name, child := range n {
			grow(leaves, under(name), child)
		}
	case []any:
		texts := make([]string, 0, len(n))
		for _, child := range n {
			if object, ok := child.(map[string]any); ok {
				name, _ := object["name"].(string)
				delete(object, "name")
				grow(leaves, under(name), object)
				continue
			}
			texts = append(texts, fmt.Sprint(child))
		}
		if len(n) == 0 || len(texts) > 0 {
			leaves[path] = leaf{texts}
		}
	case json.Number:
		number, _ := n.Float64()
		leaves[path] = leaf{number}
	default:
		leaves[path] = leaf{n}
	}
}

// written is the value as a policy file has it.
func (l leaf) written() string {
	switch v := l.value.(type) {
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	case float64:
		return decimal(v)
	}
	return fmt.Sprint(l.value)
}

// number is the value where it is one; 0 otherwise.
func (l leaf) number() float64 {
	n, _ := l.value.(float64)
	return n
}

// off says whether the value switches off what the key is about.
func (l leaf) off() bool {
	switch v := l.value.(type) {
	case bool:
		return !v
	case float64:
		return v == 0
	case []string:
		return len(v) == 0
	}
	return l.value == nil || l.value == ""
}

func text(fr, en string) fil.Bilingual { return fil.Bilingual{FR: fr, EN: en} }
