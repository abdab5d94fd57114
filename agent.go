package fil

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Agent is one civil servant as the directory knows them.
type Agent struct {
	ID         string         `json:"id"`
	Org        string         `json:"org,omitempty"`      // path in the organisation tree, from the top: "mairie/dgst/voirie"
	Site       string         `json:"site,omitempty"`     // place of work
	Language   string         `json:"language,omitempty"` // preferred, BCP 47; empty means French
	Attributes map[string]any `json:"attributes,omitempty"`
	// Inactive says that the directory has suspended them: they are in no audience and have no feed, as if they were not
	// known, but the record stays, and a later one may bring them back.
	Inactive bool `json:"inactive,omitempty"`
	// Directory is a JSON object that a directory protocol must give back as it was given (SCIM: user name, external id, what
	// org and attributes were made from). It means nothing to Fil: no rule, feed or report reads it. Nil when there is none.
	Directory json.RawMessage `json:"directory,omitempty"`
}

// AttributeKind is the type of an attribute's values. In JSON and in Go a text and a date (2006-01-02) are a string, a
// number is a float64, a boolean a bool and a list a []string. The id of another agent is a string too.
type AttributeKind string

// The kinds of attribute.
const (
	KindText    AttributeKind = "text"
	KindNumber  AttributeKind = "number"
	KindDate    AttributeKind = "date"
	KindBoolean AttributeKind = "boolean"
	KindList    AttributeKind = "list"
	KindAgent   AttributeKind = "agent" // the id of another agent, such as who manages this one
)

// AttributeKinds lists them.
func AttributeKinds() []AttributeKind {
	return []AttributeKind{KindText, KindNumber, KindDate, KindBoolean, KindList, KindAgent}
}

// Attribute declares one attribute that agents may have.
type Attribute struct {
	Name  string        `json:"name" koanf:"name"`
	Kind  AttributeKind `json:"kind" koanf:"kind"`
	Label Bilingual     `json:"label" koanf:"label"`
	// Values, of a text or of the items of a list, are the only ones that agents may have and that rules may name; empty
	// when any may be.
	Values []string `json:"values,omitempty" koanf:"values"`
	// Sensitive marks what agents may have for their own sake (how to reach them, how to write to them) and what is never
	// a criterion: no rule may name it, no breakdown and no report may group by it.
	Sensitive bool `json:"sensitive,omitempty" koanf:"sensitive"`
}

// Groups says whether breakdowns and reports may group agents by the attribute: neither a sensitive one, nor one whose
// values are agents themselves.
func (a Attribute) Groups() bool { return !a.Sensitive && a.Kind != KindAgent }

// Schema is the closed list of attributes: what is not declared is refused, so that union, health or opinion data
// cannot slip in and become a criterion.
type Schema []Attribute

// Lookup finds a declared attribute.
func (s Schema) Lookup(name string) (Attribute, bool) {
	i := slices.IndexFunc(s, func(a Attribute) bool { return a.Name == name })
	if i < 0 {
		return Attribute{}, false
	}
	return s[i], true
}

// reservedNames are words of the rule language and of reports that an attribute may not take.
var reservedNames = []string{"id", "org", "site", "language", "attributes", "day", "all", "any", "none", "in", "not", "and", "or", "true", "false", "nil", "between", "within", "older"}

// Validate gathers the faults of the declaration itself.
func (s Schema) Validate() error {
	var faults Faults
	seen := map[string]bool{}
	for i, a := range s {
		field := fmt.Sprintf("attributes[%d]", i)
		if a.Name == "" || strings.IndexFunc(a.Name, func(r rune) bool { return r != '_' && (r > 'z' || !unicode.IsLower(r) && !unicode.IsDigit(r)) }) >= 0 || a.Name[0] <= '9' {
			faults.Add(field+".name", "doit être en minuscules ASCII, chiffres et _", "must be lower-case ASCII, digits and _")
		}
		if seen[a.Name] || slices.Contains(reservedNames, a.Name) {
			faults.Add(field+".name", "est déjà pris : "+a.Name, "is already taken: "+a.Name)
		}
		seen[a.Name] = true
		if !slices.Contains(AttributeKinds(), a.Kind) {
			faults.Add(field+".kind", "doit être text, number, date, boolean, list ou agent", "must be text, number, date, boolean, list or agent")
		}
		a.validateValues(&faults, field+".values")
	}
	return faults.Err()
}

// maxValues bounds the values that an attribute allows.
const maxValues = 1000

func (a Attribute) validateValues(faults *Faults, field string) {
	if len(a.Values) == 0 {
		return
	}
	if a.Kind != KindText && a.Kind != KindList {
		faults.Add(field, "ne va qu'avec text et list", "goes with text and list only")
	}
	if len(a.Values) > maxValues {
		faults.Add(field, fmt.Sprintf("compte plus de %d valeurs", maxValues), fmt.Sprintf("has more than %d values", maxValues))
	}
	seen := map[string]bool{"": true}
	for _, value := range a.Values {
		if seen[value] {
			faults.Add(field, fmt.Sprintf("contient %q deux fois, ou un texte vide", value), fmt.Sprintf("has %q twice, or an empty text", value))
		}
		seen[value] = true
	}
}
