package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// Config is what an operator may set.
type Config struct {
	Enabled bool
	// ID is the attribute of a new user that becomes the agent's id, for good: externalId, userName or employeeNumber.
	ID string
	// Org are the paths of the texts that make the organisation path, from the top; those without value are left out.
	Org []string
	// Attributes says which path gives each declared attribute, and site and language, their value.
	Attributes map[string]string
}

// DefaultConfig reads the organisation from the enterprise extension, and serves nothing until it is enabled.
func DefaultConfig() Config {
	return Config{ID: "externalId", Org: []string{"organization", "division", "department"}, Attributes: map[string]string{}}
}

// Validate names each setting at fault, for agents that may have the declared attributes.
func (c Config) Validate(declared fil.Schema) error {
	_, err := newMapping(c, declared)
	return err
}

// The paths of site and language that hold when Config.Attributes has none.
const defaultSite = `addresses[type eq "work"].locality`

func defaultLanguages() []string { return []string{"preferredLanguage", "locale"} }

// source is where one field of an agent comes from: the first path that has a value.
type source struct {
	field string // org, site, language, or attributes.NAME
	kind  fil.AttributeKind
	paths []patchPath
	texts []string // the paths as they were written
}

// mapping makes agents of users.
type mapping struct {
	t       resourceType
	idPath  patchPath
	idText  string
	org     []patchPath
	orgText string
	fields  []source
	faults  []error // of the settings
}

// newMapping compiles the settings, and the schema of users that they need: what no path reads is not declared.
func newMapping(cfg Config, declared fil.Schema) (*mapping, error) {
	m := &mapping{idText: cfg.ID, orgText: strings.Join(cfg.Org, "/")}
	m.begin(declared)
	if slices.Contains([]string{"externalId", "userName", "employeeNumber"}, cfg.ID) {
		m.idPath = m.compile("id", cfg.ID)[0]
	} else {
		m.fail("id: %q is not externalId, userName or employeeNumber", cfg.ID)
	}
	m.org = m.compile("org", cfg.Org...)
	given := maps.Clone(cfg.Attributes)
	add := func(name, field string, kind fil.AttributeKind, otherwise ...string) {
		if text, ok := given[name]; ok {
			delete(given, name)
			otherwise = []string{text}
		}
		if paths := m.compile("attributes."+name, otherwise...); len(paths) > 0 {
			m.fields = append(m.fields, source{field: field, kind: kind, paths: paths, texts: otherwise})
		}
	}
	add("site", "site", fil.KindText, defaultSite)
	add("language", "language", fil.KindText, defaultLanguages()...)
	managed := false
	for _, d := range declared {
		if d.Kind == fil.KindAgent && !managed {
			managed = true
			add(d.Name, "attributes."+d.Name, d.Kind, "manager.value")
			continue
		}
		add(d.Name, "attributes."+d.Name, d.Kind)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		m.fail("attributes.%s: it is not a declared attribute, site or language", name)
	}
	return m, errors.Join(m.faults...)
}

func (m *mapping) fail(format string, args ...any) {
	m.faults = append(m.faults, fmt.Errorf("directory.scim."+format, args...))
}

// compile reads the paths of a setting, and declares what they read.
func (m *mapping) compile(setting string, texts ...string) (paths []patchPath) {
	for _, text := range texts {
		path, err := parsePath(text, userURN, enterpriseURN)
		if err == nil {
			err = m.declare(&path)
		}
		if err != nil {
			m.fail("%s: %q: %s", setting, text, englishOf(err))
			continue
		}
		paths = append(paths, path)
	}
	return paths
}

// begin declares what every user has.
func (m *mapping) begin(declared fil.Schema) {
	m.t = resourceType{
		name: "User", endpoint: "Users", about: fil.Bilingual{FR: "Un agent public", EN: "A civil servant"},
		core: schema{urn: userURN, name: "User", about: fil.Bilingual{FR: "Ce que Fil garde d'un agent", EN: "What Fil keeps of a civil servant"}, attributes: []attribute{
			{name: "userName", kind: stringType, required: true, unique: true, about: fil.Bilingual{FR: "Nom de connexion", EN: "Login name"}},
			{name: "active", kind: booleanType, about: fil.Bilingual{FR: "Faux : dans aucune audience, sans fil", EN: "False: in no audience, without feed"}},
		}},
		extensions: []schema{{urn: enterpriseURN, name: "EnterpriseUser", about: fil.Bilingual{FR: "Organisation", EN: "Organisation"}}, agentSchema(declared)},
	}
}

// declare adds what a path reads to the schema of users, and puts the path in full: department is the enterprise's.
func (m *mapping) declare(p *patchPath) error {
	core, enterprise := userCatalogue()
	core = append(core, m.t.core.attributes...)
	core = append(core, attribute{name: "externalId", kind: stringType, exact: true})
	known, ok := lookup(core, p.name)
	into := &m.t.core.attributes
	switch {
	case p.urn == "" && ok, strings.EqualFold(p.urn, userURN) && ok:
	case p.urn == "" || strings.EqualFold(p.urn, enterpriseURN):
		if known, ok = lookup(enterprise, p.name); !ok {
			return errUnknownPath
		}
		p.urn, into = enterpriseURN, &m.t.extensions[0].attributes
	default:
		return errUnknownPath
	}
	if p.sub == "" && known.kind == complexType {
		if _, ok := known.child("value"); !ok {
			return errNoSub
		}
		p.sub = "value"
	}
	needed := map[string]bool{}
	if p.sub != "" {
		if _, ok := known.child(p.sub); !ok {
			return errUnknownPath
		}
		needed[strings.ToLower(p.sub)], needed["type"], needed["primary"] = true, true, true // by which clients tell values apart
	}
	readBy(p.among, needed)
	at := slices.IndexFunc(*into, func(a attribute) bool { return a.name == known.name })
	if known.name == "externalId" || known.name == "userName" || known.name == "active" {
		return nil
	}
	if at < 0 {
		all := known.sub
		known.sub = nil
		*into = append(*into, known)
		at, known.sub = len(*into)-1, all
	}
	for _, sub := range known.sub {
		if _, has := (*into)[at].child(sub.name); !has && needed[strings.ToLower(sub.name)] {
			(*into)[at].sub = append((*into)[at].sub, sub)
		}
	}
	return nil
}

var (
	errUnknownPath = errors.New("it is not an attribute of a user, nor of the enterprise extension, of RFC 7643")
	errNoSub       = errors.New("one of its sub-attributes must be named")
)

// readBy notes the attributes that a filter reads.
func readBy(e expression, names map[string]bool) {
	switch e := e.(type) {
	case allOf:
		for _, one := range e {
			readBy(one, names)
		}
	case anyOf:
		for _, one := range e {
			readBy(one, names)
		}
	case negate:
		readBy(e.of, names)
	case comparison:
		names[strings.ToLower(e.path.name)] = true
	}
}

func englishOf(err error) string {
	var wrong *filterError
	if errors.As(err, &wrong) {
		return fmt.Sprintf("at character %d: %s", wrong.at, wrong.problem.EN)
	}
	return err.Error()
}

// idOf gives the id of a new user.
func (m *mapping) idOf(attrs map[string]any) (string, error) {
	values := m.values(attrs, m.idPath)
	if len(values) == 0 {
		return "", fil.NewFault(m.idText, "doit être renseigné : Fil en fait l'identifiant de l'agent", "is required: Fil makes the agent's id of it")
	}
	return textOf(values[0]), nil
}

// record writes a user as the agent they are. Whether they are active is said by the agent.
func (m *mapping) record(d document) ([]byte, error) {
	agent, err := m.agent(d)
	if err != nil {
		return nil, err
	}
	if agent.Directory, err = toGiveBack(d); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(agent)
	if err != nil {
		return nil, fmt.Errorf("encode user %s: %w", d.id, err)
	}
	return raw, nil
}

// toGiveBack is what the record of a user holds for SCIM alone.
func toGiveBack(d document) (json.RawMessage, error) {
	d.attrs = maps.Clone(d.attrs)
	delete(d.attrs, "active")
	return d.encode()
}

// pathOf gives the path that a field of an agent came from.
func (m *mapping) pathOf(field string) string {
	switch field {
	case "id":
		return m.idText
	case "org":
		return m.orgText
	}
	for _, f := range m.fields {
		if f.field == field {
			return strings.Join(f.texts, ", ")
		}
	}
	return agentURN + ":" + strings.TrimPrefix(field, "attributes.")
}

// values gives the values where a path leads, the primary one first.
func (m *mapping) values(attrs map[string]any, p patchPath) []any {
	found, ok := m.t.resolve(p.attrPath)
	if !ok {
		return nil
	}
	whole := found
	whole.hasSub = false
	var chosen []any
	for _, one := range whole.values(attrs) {
		switch object, _ := one.(map[string]any); {
		case p.among != nil && !p.among.holds(item{found.attribute, one}):
		case object["primary"] == true:
			chosen = append([]any{one}, chosen...)
		default:
			chosen = append(chosen, one)
		}
	}
	return place{attribute: found.attribute, sub: found.sub, hasSub: found.hasSub}.values(map[string]any{found.attribute.name: chosen})
}

// agent makes the agent of a user. The agent extension wins over the mapping, field by field.
func (m *mapping) agent(d document) (fil.Agent, error) {
	a := fil.Agent{ID: d.id, Org: m.orgOf(d.attrs), Inactive: d.attrs["active"] == false}
	var faults fil.Faults
	set := func(field string, value any) {
		switch text, _ := value.(string); field {
		case "org":
			a.Org = text
		case "site":
			a.Site = text
		case "language":
			a.Language = text
		default:
			if a.Attributes == nil {
				a.Attributes = map[string]any{}
			}
			a.Attributes[strings.TrimPrefix(field, "attributes.")] = value
		}
	}
	own, _ := d.attrs[agentURN].(map[string]any)
	for _, f := range m.fields {
		if own[strings.TrimPrefix(f.field, "attributes.")] != nil {
			continue
		}
		for i, path := range f.paths {
			values := m.values(d.attrs, path)
			if len(values) == 0 {
				continue
			}
			value, problem := coerced(f.kind, values)
			if problem.FR != "" {
				faults = append(faults, &fil.Fault{Field: f.texts[i], Problem: problem})
			} else {
				if f.field == "language" {
					value = languageTag(value)
				}
				set(f.field, value)
			}
			break
		}
	}
	for name, value := range own {
		if name == "org" || name == "site" || name == "language" {
			set(name, value)
		} else {
			set("attributes."+name, value)
		}
	}
	return a, faults.Err()
}

// orgOf joins the texts of the organisation from the top. A slash in one would make a level of its own.
func (m *mapping) orgOf(attrs map[string]any) string {
	var levels []string
	for _, path := range m.org {
		for _, value := range m.values(attrs, path) {
			if text, ok := value.(string); ok {
				if text = strings.TrimSpace(strings.ReplaceAll(text, "/", "-")); text != "" {
					levels = append(levels, text)
				}
				break
			}
		}
	}
	return strings.Join(levels, "/")
}

// languageTag reads what RFC 7643 allows a preferred language to be ("fr-CA;q=1, en"), and a locale with an underscore.
func languageTag(value any) any {
	text, _ := value.(string)
	if end := strings.IndexAny(text, ",;"); end >= 0 {
		text = text[:end]
	}
	return strings.ReplaceAll(strings.TrimSpace(text), "_", "-")
}

// coerced gives the values of a path the kind of the attribute that they are for. Only a list takes more than one.
func coerced(kind fil.AttributeKind, values []any) (any, fil.Bilingual) {
	if kind == fil.KindList {
		list := make([]any, len(values))
		for i, value := range values {
			list[i] = textOf(value)
		}
		return list, fil.Bilingual{}
	}
	value := values[0]
	switch kind {
	case fil.KindNumber:
		if n, ok := value.(float64); ok {
			return n, fil.Bilingual{}
		}
		if n, err := strconv.ParseFloat(strings.TrimSpace(textOf(value)), 64); err == nil {
			return n, fil.Bilingual{}
		}
		return nil, fil.Bilingual{FR: "doit être un nombre", EN: "must be a number"}
	case fil.KindBoolean:
		if v, ok := boolean(value); ok {
			return v, fil.Bilingual{}
		}
		return nil, fil.Bilingual{FR: "doit être true ou false", EN: "must be true or false"}
	case fil.KindDate:
		text := textOf(value)
		for _, form := range []string{time.DateOnly, time.RFC3339} {
			if at, err := time.Parse(form, text); err == nil {
				return at.Format(time.DateOnly), fil.Bilingual{}
			}
		}
		return nil, fil.Bilingual{FR: "doit être une date, comme 2026-01-31", EN: "must be a date, such as 2026-01-31"}
	}
	return textOf(value), fil.Bilingual{}
}

func textOf(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	return fmt.Sprint(value)
}
