package rulebook

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/filengine/fil/ranking"
)

// Change is one key that two policies have otherwise.
type Change struct {
	Key    string `json:"key"`
	Before string `json:"before"` // as a policy file has it; empty: the key was not there
	After  string `json:"after"`  // empty: the key is not there any more
	Says   string `json:"says"`   // its effect, in words
}

// Compare tells, key by key, what changes from one policy to another, and to what effect. The name comes last, since it has none.
func Compare(before, after ranking.Policy, language string) []Change {
	one, other, changes := leavesOf(before), leavesOf(after), []Change{}
	all := maps.Clone(one)
	maps.Copy(all, other)
	speech, book := speak(language), keybook()
	for _, path := range slices.Sorted(maps.Keys(all)) {
		was, had := one[path]
		is, has := other[path]
		change := Change{Key: path}
		if had {
			change.Before = was.written()
		}
		if has {
			change.After = is.written()
		}
		if change.Before == change.After {
			continue
		}
		change.Says = book.effect(path, was, is, had && has, speech)
		if !has {
			change.Says = text("Disparaît : ", "Goes away: ").In(speech.tag) + book.says(path, was, speech)
		}
		changes = append(changes, change)
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return strings.Compare(lastIfName(a.Key), lastIfName(b.Key)) })
	return changes
}

func lastIfName(path string) string {
	if path == "name" {
		return "\uffff"
	}
	return ""
}

// effect says what a change does; the new sentence of the key alone where it can be said of no number.
func (b book) effect(path string, was, is leaf, both bool, s speech) string {
	k, _ := b.find(path)
	sentence := b.says(path, is, s)
	before, wasNumber := was.value.(float64)
	after, isNumber := is.value.(float64)
	if !both || !wasNumber || !isNumber || k.subject.FR == "" {
		return sentence
	}
	subject := upper(k.subject.In(s.tag))
	if parts := strings.Split(path, "."); parts[0] == "terms" && len(parts) > 1 {
		subject += " « " + parts[1] + " »"
	}
	fr := s.tag == "fr"
	pick := func(french, english string) string {
		if fr {
			return french
		}
		return english
	}
	var effect string
	switch {
	case k.weighs && before == 0:
		effect = subject + pick(" compte désormais.", " counts from now on.")
	case k.weighs && after == 0:
		return subject + pick(" ne compte plus.", " counts no more.")
	case k.weighs && before*after > 0:
		effect = fmt.Sprintf("%s %s %s.", subject, pick("compte", "counts"), s.times(before, after))
	case k.weighs:
		effect = subject + pick(" compte désormais dans l'autre sens.", " counts the other way from now on.")
	case k.fades:
		effect = fmt.Sprintf(pick("%s baisse %s vite.", "%s fades %s."), subject, fasterOrSlower(s, after, before))
	default:
		effect = fmt.Sprintf(pick("%s passe de %s à %s.", "%s goes from %s to %s."), subject, s.value(was, k.share), s.value(is, k.share))
	}
	return effect + " " + sentence
}

// fasterOrSlower says how a half-life that goes from one length to another changes the speed of forgetting.
func fasterOrSlower(s speech, after, before float64) string {
	if s.tag == "fr" {
		return s.times(after, before)
	}
	if before > after {
		return s.number(before/after) + " times faster"
	}
	return s.number(after/before) + " times slower"
}
