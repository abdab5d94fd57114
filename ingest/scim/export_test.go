package scim

import "time"

// ParseFilter reads a filter and asks it of nobody, and of somebody.
func ParseFilter(text string) (some, none bool, err error) {
	e, err := parseFilter(text, userURN, enterpriseURN, agentURN)
	if err != nil {
		return false, false, err
	}
	whole := attribute{kind: complexType, sub: []attribute{{name: "value", kind: stringType}, {name: "type", kind: stringType}, {name: "userName", kind: stringType}}}
	return e.holds(item{whole, map[string]any{"value": "x", "type": "work", "userName": "x"}}), e.holds(item{whole, map[string]any{}}), nil
}

// ParsePath reads a path and writes it again, without its filter.
func ParsePath(text string) (path string, filtered bool, err error) {
	p, err := parsePath(text, userURN, enterpriseURN, agentURN)
	return p.String(), p.among != nil, err
}

// Repack packs a user and unpacks it.
func Repack(id string, attrs map[string]any, at time.Time) (string, map[string]any, time.Time) {
	var w words
	d := w.unpack(pack(&w, document{id: id, attrs: attrs, created: at, modified: at.Add(time.Hour)}))
	return d.id, d.attrs, d.modified
}
