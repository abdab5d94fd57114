package ranking

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/filengine/fil"
)

// Bounds of the terms of a policy. Evaluating one takes time in proportion to its nodes: nothing in it can loop.
const (
	maxPolicyTerms = 16
	maxTermBytes   = 500
	maxTermNodes   = 100
	maxTermValue   = 100 // values beyond are cut, on both sides
	maxLabelRunes  = 120
)

// Term is a parameter of the score that the operator adds: an expression over a content's own data, the same for every
// agent. It gives a number, or a truth that counts as 1 or 0, and adds Weight × value to the score.
type Term struct {
	Name   string        `yaml:"name" json:"name"`
	Label  fil.Bilingual `yaml:"label" json:"label"`
	Value  string        `yaml:"value" json:"value"`
	Weight float64       `yaml:"weight" json:"weight"`

	program *vm.Program
}

// termFacts is all that a term may name.
type termFacts struct {
	Kind      string   `expr:"kind"`
	Topics    []string `expr:"topics"`
	Source    string   `expr:"source"`
	Author    string   `expr:"author"`
	Community string   `expr:"community"`
	Language  string   `expr:"language"`
	Priority  int      `expr:"priority"`
	AgeHours  float64  `expr:"age_hours"` // since the publication; 0 at least
	Reads     float64  `expr:"reads"`     // as the ranking counts them, by all agents
	Mandatory bool     `expr:"mandatory"` // at this moment
	Pinned    bool     `expr:"pinned"`    // at this moment
}

// TermNames lists what a term may name, in alphabetical order.
func TermNames() []string {
	kind := reflect.TypeFor[termFacts]()
	names := make([]string, kind.NumField())
	for i := range names {
		names[i] = kind.Field(i).Tag.Get("expr")
	}
	slices.Sort(names)
	return names
}

// termValues appends to values the value of each term for a content at a moment, in the order of the policy. A term that
// cannot be evaluated (a division of whole numbers by zero) is worth 0. It is called when a board is made, never for an agent.
func (p *Policy) termValues(values []float64, content *fil.Content, reads float64, now time.Time) []float64 {
	if len(p.Terms) == 0 {
		return values
	}
	facts := termFacts{
		Kind: content.Kind, Topics: content.Topics, Source: content.Source, Author: content.Author, Community: content.Community,
		Language: content.Language, Priority: content.Priority, AgeHours: max(0, now.Sub(content.PublishedAt).Hours()), Reads: reads,
		Mandatory: now.Before(content.MandatoryUntil), Pinned: now.Before(content.PinnedUntil),
	}
	if facts.Language == "" {
		facts.Language = "fr"
	}
	for i := range p.Terms {
		out, err := vm.Run(p.Terms[i].program, facts)
		if err != nil {
			out = 0.0
		}
		values = append(values, numberOf(out))
	}
	return values
}

// TermsOf gives the value of each term for a content at a moment, by name.
func (p Policy) TermsOf(content fil.Content, reads float64, now time.Time) map[string]float64 {
	values := make(map[string]float64, len(p.Terms))
	for i, value := range p.termValues(nil, &content, reads, now) {
		values[p.Terms[i].Name] = value
	}
	return values
}

func numberOf(value any) (number float64) {
	switch v := value.(type) {
	case bool:
		if v {
			number = 1
		}
	case int:
		number = float64(v)
	case float64:
		number = v
	}
	if math.IsNaN(number) {
		return 0
	}
	return min(max(number, -maxTermValue), maxTermValue)
}

var termName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,29}$`)

// compileTerms checks the terms and makes their programs.
func (p *Policy) compileTerms(faults *fil.Faults) {
	if len(p.Terms) > maxPolicyTerms {
		faults.Add("terms", fmt.Sprintf("dépasse %d expressions", maxPolicyTerms), fmt.Sprintf("is over %d expressions", maxPolicyTerms))
		return
	}
	for i := range p.Terms {
		term, field := &p.Terms[i], fmt.Sprintf("terms[%d].", i)
		if !termName.MatchString(term.Name) {
			faults.Add(field+"name", "doit tenir en 30 minuscules, chiffres et tirets bas", "must be at most 30 lower-case letters, digits and underscores")
		}
		if slices.ContainsFunc(p.Terms[:i], func(other Term) bool { return other.Name == term.Name }) {
			faults.Add(field+"name", "est déjà pris", "is taken already")
		}
		for language, label := range map[string]string{"fr": term.Label.FR, "en": term.Label.EN} {
			if n := len([]rune(label)); n == 0 || n > maxLabelRunes {
				faults.Add(field+"label."+language, fmt.Sprintf("doit dire aux agents ce que c'est, en %d caractères au plus", maxLabelRunes), fmt.Sprintf("must tell agents what it is, in at most %d characters", maxLabelRunes))
			}
		}
		if !(term.Weight >= 0 && term.Weight <= 100) {
			faults.Add(field+"weight", "doit être entre 0 et 100", "must be between 0 and 100")
		}
		program, err := compileTerm(term.Value)
		if err != nil {
			faultOfTerm(faults, field+"value", term.Value, err)
			continue
		}
		term.program = program
	}
}

var (
	errTermLong  = errors.New("too long")
	errTermKind  = errors.New("neither a number nor a truth")
	errTermLoops = errors.New("a range, or what is done for each element")
)

func compileTerm(text string) (*vm.Program, error) {
	if len(text) > maxTermBytes {
		return nil, errTermLong
	}
	options := []expr.Option{
		expr.Env(termFacts{}), expr.MaxNodes(maxTermNodes), expr.DisableAllBuiltins(),
		expr.Function("log2", func(of ...any) (any, error) { return math.Log2(max(of[0].(float64), 1e-9)), nil }, new(func(float64) float64)),
	}
	for _, name := range []string{"abs", "ceil", "floor", "len", "lower", "max", "min", "round", "upper"} {
		options = append(options, expr.EnableBuiltin(name))
	}
	program, err := expr.Compile(text, options...)
	if err != nil {
		return nil, err //nolint:wrapcheck // it is made a fault by who asks
	}
	node := program.Node()
	loops := &loopFinder{}
	if ast.Walk(&node, loops); loops.found {
		return nil, errTermLoops
	}
	if !isNumber(node) {
		return nil, errTermKind
	}
	return program, nil
}

// isNumber says whether a term gives a number or a truth, whichever way it goes.
func isNumber(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.ConditionalNode:
		return isNumber(n.Exp1) && isNumber(n.Exp2)
	case *ast.VariableDeclaratorNode:
		return isNumber(n.Expr)
	}
	kind := node.Type()
	return kind != nil && (kind.Kind() == reflect.Bool || kind.Kind() == reflect.Int || kind.Kind() == reflect.Float64)
}

// loopFinder finds what could take time: ranges, and what is done for each element of a list.
type loopFinder struct{ found bool }

// Visit looks at one node.
func (f *loopFinder) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		f.found = f.found || n.Operator == ".."
	case *ast.PredicateNode:
		f.found = true
	}
}

func faultOfTerm(faults *fil.Faults, field, text string, err error) {
	var at *file.Error
	switch {
	case errors.Is(err, errTermLong):
		faults.Add(field, fmt.Sprintf("dépasse %d octets", maxTermBytes), fmt.Sprintf("is over %d bytes", maxTermBytes))
	case errors.Is(err, errTermLoops):
		faults.Add(field, "ne peut contenir ni intervalle (..) ni parcours de liste : comparez avec >= et <=, cherchez avec in", "must hold neither a range (..) nor a walk through a list: compare with >= and <=, look up with in")
	case errors.Is(err, errTermKind):
		faults.Add(field, "doit donner un nombre, ou un vrai ou faux", "must give a number, or a true or false")
	case errors.As(err, &at):
		hint := ""
		if near := fil.Nearest(wordAt(text, at.From), TermNames()); near != "" {
			hint = " (" + near + " ?)"
		}
		faults.Add(fmt.Sprintf("%s:%d:%d", field, at.Line, at.Column+1), "n'est pas compris : "+at.Message+hint, "is not understood: "+at.Message+hint)
	default: // too many nodes
		faults.Add(field, "n'est pas compris : "+err.Error(), "is not understood: "+err.Error())
	}
}

// wordAt is the name that begins at a place of an expression, counted in characters.
func wordAt(text string, from int) string {
	runes := []rune(text)
	end := min(max(from, 0), len(runes))
	begin := end
	for end < len(runes) && (runes[end] == '_' || runes[end] >= 'a' && runes[end] <= 'z' || runes[end] >= 'A' && runes[end] <= 'Z') {
		end++
	}
	return string(runes[begin:end])
}
