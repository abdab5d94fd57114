package delivery

import (
	"cmp"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// Contrast says why one content stands above, or below, another in the same feed.
type Contrast struct {
	Content    string       `json:"content" doc:"Identifiant de l'autre communication"`
	Title      string       `json:"title"`
	Above      bool         `json:"above" doc:"La communication expliquée est au-dessus de l'autre"`
	Decided    string       `json:"decided" enum:"score,mandatory,pinned,seen,cap,discovery,community,chronological,interleaved,rules" doc:"Ce qui en a décidé : le score, ou une règle, qui l'emporte sur lui"`
	Says       string       `json:"says" doc:"La même chose en une phrase"`
	Difference float64      `json:"difference" doc:"Score de la communication expliquée, moins celui de l'autre"`
	Parameters []Difference `json:"parameters" nullable:"false" doc:"D'où vient la différence des scores, dont c'est la somme : la plus grande d'abord"`
}

// Difference is what one parameter gives two contents.
type Difference struct {
	Name       string  `json:"name"`
	Label      string  `json:"label"`
	Here       float64 `json:"here" doc:"Contribution au score de la communication expliquée"`
	Other      float64 `json:"other" doc:"Contribution à celui de l'autre"`
	Difference float64 `json:"difference"`
}

// contrast compares two placements of one feed.
func contrast(here, other *fil.Placement, title, language string) *Contrast {
	c := &Contrast{Content: other.Content, Title: title, Above: isAbove(here, other), Difference: here.Score - other.Score, Parameters: []Difference{}}
	upper, lower := here, other
	if !c.Above {
		upper, lower = other, here
	}
	switch c.Decided = decided(upper, lower); c.Decided {
	case "interleaved", string(fil.OrderChronological):
		c.Difference = 0 // two policies' scores have no common measure; time weighs nothing
	default:
		c.Parameters = differences(here.Explanation.Parameters, other.Explanation.Parameters, language)
	}
	c.Says = says(c, language)
	return c
}

// isAbove compares places; of two contents beyond the feed, scores.
func isAbove(here, other *fil.Placement) bool {
	a, b := here.Explanation.Position, other.Explanation.Position
	if a == 0 && b == 0 {
		return here.Score >= other.Score
	}
	return b == 0 || a != 0 && a < b
}

// decided names what put one content above another: first what makes groups, then the score unless a rule went against it.
func decided(upper, lower *fil.Placement) string {
	up, low := upper.Explanation.Rule, lower.Explanation.Rule
	switch {
	case up == string(fil.OrderChronological):
		return up
	case up != low && (up == "mandatory" || up == "pinned"):
		return up
	case up != low && low == "seen":
		return low
	case upper.Explanation.Basis.Policy != lower.Explanation.Basis.Policy:
		return "interleaved"
	case upper.Score >= lower.Score:
		return "score"
	case up == "discovery" || up == "community":
		return up
	case low == "source" || low == "topic":
		return "cap"
	}
	return "rules"
}

// differences lists what each parameter gives more, or less, to the first, with what it says of each.
func differences(here, other []fil.Parameter, language string) []Difference {
	all := make([]Difference, 0, len(here))
	for _, p := range here {
		all = append(all, Difference{Name: p.Name, Label: p.Label, Here: p.Contribution})
	}
	for _, p := range other {
		at := slices.IndexFunc(all, func(d Difference) bool { return d.Name == p.Name })
		if at < 0 {
			at, all = len(all), append(all, Difference{Name: p.Name, Label: p.Label})
		}
		if all[at].Other = p.Contribution; all[at].Label != p.Label {
			all[at].Label += fil.Bilingual{FR: " (pour l'autre : ", EN: " (for the other: "}.In(language) + lowered(p.Label) + ")"
		}
	}
	for i := range all {
		all[i].Difference = all[i].Here - all[i].Other
	}
	all = slices.DeleteFunc(all, func(d Difference) bool { return d.Difference == 0 })
	slices.SortStableFunc(all, func(a, b Difference) int { return cmp.Compare(math.Abs(b.Difference), math.Abs(a.Difference)) })
	return all
}

// lowered begins a text with a small letter.
func lowered(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(first)) + text[size:]
}

// says puts a contrast into a sentence.
func says(c *Contrast, language string) string {
	stands := fil.Bilingual{FR: "Au-dessus de « " + c.Title + " »", EN: "Above “" + c.Title + "”"}
	if !c.Above {
		stands = fil.Bilingual{FR: "Au-dessous de « " + c.Title + " »", EN: "Below “" + c.Title + "”"}
	}
	why := map[string]fil.Bilingual{
		"chronological": {FR: "car le fil va du plus récent au plus ancien.", EN: "because the feed goes from the newest to the oldest."},
		"mandatory":     {FR: "car celle du dessus est à lire obligatoirement, et vous n'en avez pas encore pris connaissance.", EN: "because the one above must be read, and you have not acknowledged it yet."},
		"pinned":        {FR: "car celle du dessus est épinglée.", EN: "because the one above is pinned."},
		"seen":          {FR: "car vous avez déjà vu celle du dessous.", EN: "because you have seen the one below already."},
		"cap":           {FR: "malgré leurs scores : celle du dessous est d'une source ou d'un thème qui avait déjà ses places parmi les premières.", EN: "whatever their scores: the one below is of a source or a topic that had its places among the first ones already."},
		"discovery":     {FR: "malgré leurs scores : celle du dessus a été tirée pour une place de découverte.", EN: "whatever their scores: the one above was drawn for a place of discovery."},
		"community":     {FR: "malgré leurs scores : celle du dessus est d'une communauté que vous suivez, qui n'était pas encore parmi les premières.", EN: "whatever their scores: the one above is of a community that you follow, which was not among the first ones yet."},
		"interleaved":   {FR: "car votre fil entrelace les listes de deux politiques, dont les scores ne se comparent pas.", EN: "because your feed interleaves the lists of two policies, whose scores do not compare."},
		"rules":         {FR: "malgré leurs scores : les règles appliquées après le score l'ont déplacée.", EN: "whatever their scores: the rules applied after the score moved it."},
		"score":         {FR: "à score égal.", EN: "at equal scores."},
	}[c.Decided]
	if d := c.weightiest(); c.Decided == "score" && d != nil {
		why = fil.Bilingual{FR: "par le score, d'abord pour ceci : " + d.Label + ".", EN: "by the score, first of all for this: " + d.Label + "."}
	}
	return stands.In(language) + ", " + why.In(language)
}

// weightiest is the parameter that did most for the order as it is.
func (c *Contrast) weightiest() *Difference {
	for i := range c.Parameters {
		if c.Parameters[i].Difference > 0 == c.Above {
			return &c.Parameters[i]
		}
	}
	return nil
}
