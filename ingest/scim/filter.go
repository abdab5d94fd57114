package scim

import (
	"encoding/json"
	"strings"

	"github.com/filengine/fil"
)

// Bounds of a filter or a path. The longest filter takes some tens of microseconds to read.
const (
	maxFilter = 8 << 10 // bytes
	maxNested = 32      // parentheses and brackets within each other
)

// attrPath names an attribute: urn:name.sub, where only the name is always there, but for a path that names a whole
// extension.
type attrPath struct{ urn, name, sub string }

func (p attrPath) String() string {
	s := p.name
	if p.sub != "" {
		s += "." + p.sub
	}
	switch {
	case p.urn == "":
		return s
	case s == "":
		return p.urn
	}
	return p.urn + ":" + s
}

// patchPath is the target of a PATCH operation (RFC 7644, figure 7): an attribute, or with a filter the values of it that
// satisfy it, and perhaps one sub-attribute of them.
type patchPath struct {
	attrPath
	among expression // nil: every value
}

// expression is a filter (RFC 7644, section 3.4.2.2).
type expression interface {
	holds(v view) bool
}

type (
	allOf  []expression
	anyOf  []expression
	negate struct{ of expression }

	// comparison is "path op value". A nil value is JSON's null.
	comparison struct {
		path  attrPath
		op    string // in lower case; "pr" has no value
		value any
	}

	// valueFilter is "path[filter]", alone or followed by what must hold of a sub-attribute of the same value.
	valueFilter struct {
		path  attrPath
		among expression
		also  *comparison // path of the value's own; nil: nothing more
	}
)

// filterError says where a filter or a path stops making sense.
type filterError struct {
	at      int // byte, from 1
	problem fil.Bilingual
}

func (e *filterError) Error() string { return e.problem.FR }

// grammar reads filters and paths. known are the URNs of schemas, which tell a schema from the attribute behind it.
type grammar struct {
	text  string
	at    int
	depth int
	known []string
}

// parseFilter reads a filter.
func parseFilter(text string, known ...string) (expression, error) {
	g := &grammar{text: text, known: known}
	if len(text) > maxFilter {
		return nil, g.fail("le filtre dépasse 8 Kio", "the filter is over 8 KiB")
	}
	e, err := g.either()
	if err != nil {
		return nil, err
	}
	if g.space(); g.at < len(g.text) {
		return nil, g.fail("« and », « or » ou la fin est attendu", "'and', 'or' or the end is expected")
	}
	return e, nil
}

// parsePath reads the path of a PATCH operation, or of a mapping.
func parsePath(text string, known ...string) (patchPath, error) {
	g := &grammar{text: text, known: known}
	if len(text) > maxFilter {
		return patchPath{}, g.fail("le chemin dépasse 8 Kio", "the path is over 8 KiB")
	}
	p, err := g.path()
	if err != nil {
		return patchPath{}, err
	}
	out := patchPath{attrPath: p}
	if g.take('[') {
		if p.sub != "" || p.name == "" {
			return out, g.fail("un filtre suit le nom d'un attribut", "a filter follows the name of an attribute")
		}
		if out.among, err = g.bracket(); err != nil {
			return out, err
		}
		if g.take('.') {
			if out.sub, err = g.name(); err != nil {
				return out, err
			}
		}
	}
	if g.space(); g.at < len(g.text) {
		return out, g.fail("la fin du chemin est attendue", "the end of the path is expected")
	}
	return out, nil
}

func (g *grammar) fail(fr, en string) error {
	return &filterError{at: g.at + 1, problem: fil.Bilingual{FR: fr, EN: en}}
}

func (g *grammar) either() (expression, error) {
	return g.joined("or", g.both, func(l []expression) expression { return anyOf(l) })
}
func (g *grammar) both() (expression, error) {
	return g.joined("and", g.one, func(l []expression) expression { return allOf(l) })
}

// joined reads expressions with a word between them.
func (g *grammar) joined(word string, next func() (expression, error), join func([]expression) expression) (expression, error) {
	first, err := next()
	if err != nil {
		return nil, err
	}
	list := []expression{first}
	for g.word(word) {
		e, err := next()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	if len(list) == 1 {
		return first, nil
	}
	return join(list), nil
}

func (g *grammar) one() (expression, error) {
	g.space()
	if g.depth++; g.depth > maxNested {
		return nil, g.fail("plus de 32 niveaux", "more than 32 levels")
	}
	defer func() { g.depth-- }()
	before := g.at
	switch {
	case g.word("not"):
		if g.space(); g.take('(') {
			e, err := g.closed(')')
			return negate{e}, err
		}
		g.at = before // an attribute may be called so
	case g.take('('):
		return g.closed(')')
	}
	return g.clause()
}

// closed reads a filter up to what closes it.
func (g *grammar) closed(end byte) (expression, error) {
	e, err := g.either()
	if err != nil {
		return nil, err
	}
	if g.space(); !g.take(end) {
		return nil, g.fail("« "+string(end)+" » est attendu", "'"+string(end)+"' is expected")
	}
	return e, nil
}

func (g *grammar) bracket() (expression, error) {
	if g.depth++; g.depth > maxNested {
		return nil, g.fail("plus de 32 niveaux", "more than 32 levels")
	}
	defer func() { g.depth-- }()
	return g.closed(']')
}

func (g *grammar) clause() (expression, error) {
	p, err := g.path()
	if err != nil {
		return nil, err
	}
	if !g.take('[') {
		return g.compare(p)
	}
	v := valueFilter{path: p}
	if v.among, err = g.bracket(); err != nil {
		return nil, err
	}
	if g.take('.') { // not in the grammar of the RFC, and sent by Entra ID
		sub, err := g.name()
		if err != nil {
			return nil, err
		}
		also, err := g.compare(attrPath{name: sub})
		if err != nil {
			return nil, err
		}
		v.also = &also
	}
	return v, nil
}

func (g *grammar) compare(p attrPath) (comparison, error) {
	g.space()
	for _, op := range []string{"pr", "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"} {
		if !g.word(op) {
			continue
		}
		c := comparison{path: p, op: op}
		if op == "pr" {
			return c, nil
		}
		var err error
		c.value, err = g.value()
		return c, err
	}
	return comparison{}, g.fail("un opérateur est attendu : eq, ne, co, sw, ew, gt, ge, lt, le ou pr", "an operator is expected: eq, ne, co, sw, ew, gt, ge, lt, le or pr")
}

// value reads a JSON text, number, true, false or null. True and False are taken too.
func (g *grammar) value() (any, error) {
	g.space()
	for word, value := range map[string]any{"true": true, "false": false, "null": nil} {
		if g.word(word) {
			return value, nil
		}
	}
	start, end := g.at, g.at
	if end < len(g.text) && g.text[end] == '"' {
		for end++; end < len(g.text) && g.text[end] != '"'; end++ {
			if g.text[end] == '\\' {
				end++
			}
		}
		end++
	} else {
		for end < len(g.text) && strings.IndexByte("+-.eE0123456789", g.text[end]) >= 0 {
			end++
		}
	}
	var value any
	if end > len(g.text) || json.Unmarshal([]byte(g.text[start:end]), &value) != nil {
		return nil, g.fail(`une valeur est attendue : un texte entre guillemets droits ("), un nombre, true, false ou null`, `a value is expected: a text in double quotes ("), a number, true, false or null`)
	}
	g.at = end
	return value, nil
}

// path reads an attribute's path. Of a URN, what is before the last colon is the schema, unless the whole is one.
func (g *grammar) path() (attrPath, error) {
	g.space()
	start := g.at
	for g.at < len(g.text) && (nameByte(g.text[g.at]) || g.text[g.at] == ':' || g.text[g.at] == '.') {
		g.at++
	}
	text := g.text[start:g.at]
	p := attrPath{}
	if len(text) > 4 && strings.EqualFold(text[:4], "urn:") {
		for _, urn := range g.known {
			if strings.EqualFold(urn, text) {
				return attrPath{urn: urn}, nil
			}
		}
		colon := strings.LastIndexByte(text, ':')
		p.urn, text = text[:colon], text[colon+1:]
	}
	var dotted bool
	p.name, p.sub, dotted = strings.Cut(text, ".")
	if !attributeName(p.name) || dotted && !attributeName(p.sub) {
		g.at = start
		return p, g.fail("un nom d'attribut est attendu, comme userName ou name.familyName", "the name of an attribute is expected, such as userName or name.familyName")
	}
	return p, nil
}

func (g *grammar) name() (string, error) {
	start := g.at
	for g.at < len(g.text) && nameByte(g.text[g.at]) {
		g.at++
	}
	if name := g.text[start:g.at]; attributeName(name) {
		return name, nil
	}
	g.at = start
	return "", g.fail("un nom d'attribut est attendu", "the name of an attribute is expected")
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '$'
}

func attributeName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r > 127 || !nameByte(byte(r)) }) < 0 && (s[0] > '9' || s[0] == '$')
}

func (g *grammar) space() {
	for g.at < len(g.text) && g.text[g.at] == ' ' {
		g.at++
	}
}

func (g *grammar) take(c byte) bool {
	if g.at < len(g.text) && g.text[g.at] == c {
		g.at++
		return true
	}
	return false
}

// word takes a word in any letter case, when it stands alone.
func (g *grammar) word(w string) bool {
	before := g.at
	g.space()
	end := g.at + len(w)
	if end <= len(g.text) && strings.EqualFold(g.text[g.at:end], w) && (end == len(g.text) || !nameByte(g.text[end]) && g.text[end] != ':' && g.text[end] != '.') {
		g.at = end
		return true
	}
	g.at = before
	return false
}
