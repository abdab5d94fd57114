package scim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// view is what a filter is asked of: a resource, or one value of a multi-valued attribute.
type view interface {
	// find gives the values of what a path names, and its definition. What is not declared has no value, as RFC 7644, section
	// 3.4.2.1, wants it of filters over several types.
	find(p attrPath) (values []any, of attribute)
}

// item is one value of a multi-valued attribute.
type item struct {
	of    attribute
	value any
}

func (i item) find(p attrPath) ([]any, attribute) {
	object, ok := i.value.(map[string]any)
	if !ok { // a value that has no parts is itself its value
		if strings.EqualFold(p.name, "value") {
			return []any{i.value}, i.of
		}
		return nil, attribute{}
	}
	a, ok := i.of.child(p.name)
	if !ok || p.urn != "" || p.sub != "" || object[a.name] == nil {
		return nil, a
	}
	return []any{object[a.name]}, a
}

func (l allOf) holds(v view) bool {
	for _, e := range l {
		if !e.holds(v) {
			return false
		}
	}
	return true
}

func (l anyOf) holds(v view) bool {
	for _, e := range l {
		if e.holds(v) {
			return true
		}
	}
	return false
}

func (n negate) holds(v view) bool { return !n.of.holds(v) }

func (f valueFilter) holds(v view) bool {
	values, a := v.find(f.path)
	for _, value := range values {
		one := item{a, value}
		if f.among.holds(one) && (f.also == nil || f.also.holds(one)) {
			return true
		}
	}
	return false
}

// holds is true when one value satisfies the comparison. "ne" is what "eq" is not.
func (c comparison) holds(v view) bool {
	values, a := v.find(c.path)
	if a.kind == complexType && c.op != "pr" {
		values, a = wholeValues(values, a)
	}
	switch c.op {
	case "pr":
		return len(values) > 0
	case "ne":
		return !c.equal(values, a)
	case "eq":
		return c.equal(values, a)
	}
	for _, value := range values {
		if c.orders(a, value) {
			return true
		}
	}
	return false
}

// wholeValues reads a complex attribute that is compared as a whole by its "value" (RFC 7643, section 2.4).
func wholeValues(values []any, a attribute) ([]any, attribute) {
	sub, _ := a.child("value")
	var out []any
	for _, value := range values {
		if object, ok := value.(map[string]any); ok && object[sub.name] != nil {
			out = append(out, object[sub.name])
		}
	}
	return out, sub
}

func (c comparison) equal(values []any, a attribute) bool {
	if c.value == nil {
		return len(values) == 0
	}
	for _, value := range values {
		if order, ok := compared(a, value, c.value); ok && order == 0 {
			return true
		}
	}
	return false
}

func (c comparison) orders(a attribute, value any) bool {
	switch c.op {
	case "co", "sw", "ew":
		has, isText := value.(string)
		wanted, wantsText := c.value.(string)
		if !isText || !wantsText {
			return false
		}
		if !a.exact {
			has, wanted = strings.ToLower(has), strings.ToLower(wanted)
		}
		return map[string]func(string, string) bool{"co": strings.Contains, "sw": strings.HasPrefix, "ew": strings.HasSuffix}[c.op](has, wanted)
	}
	order, ok := compared(a, value, c.value)
	switch {
	case !ok:
		return false
	case c.op == "gt":
		return order > 0
	case c.op == "ge":
		return order >= 0
	case c.op == "lt":
		return order < 0
	}
	return order <= 0
}

// compared orders a value and the one it is compared with; false when they have no order. A boolean may be asked for as a
// text, in any letter case.
func compared(a attribute, value, with any) (int, bool) {
	switch has := value.(type) {
	case bool:
		wanted, ok := boolean(with)
		return cmp.Compare(strconv.FormatBool(has), strconv.FormatBool(wanted)), ok
	case float64:
		wanted, ok := with.(float64)
		return cmp.Compare(has, wanted), ok
	case string:
		wanted, ok := with.(string)
		if !ok {
			return 0, false
		}
		if a.kind == dateTimeType {
			first, err := time.Parse(time.RFC3339Nano, has)
			second, other := time.Parse(time.RFC3339Nano, wanted)
			if err == nil && other == nil {
				return first.Compare(second), true
			}
		}
		if !a.exact {
			has, wanted = strings.ToLower(has), strings.ToLower(wanted)
		}
		return cmp.Compare(has, wanted), true
	}
	return 0, false
}

// checkFilter refuses what RFC 7644, table 3, does: an order of booleans.
func checkFilter(e expression, t resourceType) error {
	switch e := e.(type) {
	case allOf:
		return checkEach(e, t)
	case anyOf:
		return checkEach(e, t)
	case negate:
		return checkFilter(e.of, t)
	case comparison:
		found, ok := t.resolve(e.path)
		if ok && found.leaf().kind == booleanType && !slices.Contains([]string{"eq", "ne", "pr"}, e.op) {
			return &problem{status: 400, kind: "invalidFilter", detail: fil.Bilingual{
				FR: fmt.Sprintf("%s est vrai ou faux : seuls eq, ne et pr s'y appliquent.", e.path),
				EN: fmt.Sprintf("%s is true or false: only eq, ne and pr apply to it.", e.path),
			}}
		}
	}
	return nil
}

func checkEach(list []expression, t resourceType) error {
	for _, e := range list {
		if err := checkFilter(e, t); err != nil {
			return err
		}
	}
	return nil
}

// leaf is the definition of what a place's values are.
func (p place) leaf() attribute {
	if p.hasSub {
		return p.sub
	}
	return p.attribute
}
