package importer

import (
	"encoding/csv"
	"slices"
	"strings"

	"github.com/filengine/fil"
)

// plan says how a row becomes the values of fields.
type plan struct {
	fields  []field
	columns []string         // by field: the column it comes from; empty, none
	fixed   []any            // by field: the value of every row; nil, none
	values  []map[string]any // by field: what some cells stand for
	mapped  bool             // columns were named; otherwise those with a field's name are taken
}

// newPlan reads the options.
func newPlan(o Options, fields []field) (*plan, error) {
	n := len(fields)
	p := &plan{fields: fields, columns: make([]string, n), fixed: make([]any, n), values: make([]map[string]any, n)}
	for _, flag := range o.Map {
		pairs, err := parseMap(flag)
		if err != nil {
			return nil, err
		}
		for _, pair := range pairs {
			i, err := p.find(pair.field, "--map "+flag)
			if err != nil {
				return nil, err
			}
			if p.columns[i] != "" {
				return nil, misuse("--map : %s est donné deux fois", "--map: %s is given twice", pair.field)
			}
			p.columns[i], p.mapped = pair.value, true
		}
	}
	for _, flag := range o.Const {
		if err := p.fix(flag); err != nil {
			return nil, err
		}
	}
	for _, flag := range o.Value {
		if err := p.replace(flag); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *plan) fix(flag string) error {
	name, value, ok := strings.Cut(flag, "=")
	if !ok {
		return misuse("--const %s : écrivez champ=valeur", "--const %s: write field=value", flag)
	}
	i, err := p.find(name, "--const "+flag)
	if err != nil {
		return err
	}
	if p.columns[i] != "" || p.fixed[i] != nil {
		return misuse("--const : %s est donné deux fois", "--const: %s is given twice", name)
	}
	fixed, fault := p.fields[i].convert(value)
	if fault != nil {
		return &UsageError{fil.Bilingual{FR: "--const " + flag + " : " + fault.Problem.FR, EN: "--const " + flag + ": " + fault.Problem.EN}}
	}
	p.fixed[i] = fixed
	return nil
}

func (p *plan) replace(flag string) error {
	name, from, to, ok := parseValue(flag)
	if !ok {
		return misuse("--value %s : écrivez champ:DE=VERS", "--value %s: write field:FROM=TO", flag)
	}
	i, err := p.find(name, "--value "+flag)
	if err != nil {
		return err
	}
	if p.values[i] == nil {
		p.values[i] = map[string]any{}
	}
	if _, again := p.values[i][from]; again {
		return misuse("--value : %s:%s est donné deux fois", "--value: %s:%s is given twice", name, from)
	}
	p.values[i][from] = to
	return nil
}

// find gives the index of a field, or proposes the nearest name.
func (p *plan) find(name, where string) (int, error) {
	if i, ok := lookup(p.fields, name); ok {
		return i, nil
	}
	names := make([]string, 0, len(p.fields))
	for _, f := range p.fields {
		names = append(names, strings.TrimPrefix(f.name, attributePrefix))
	}
	return 0, misuse("%s : le champ %q n'existe pas ; vouliez-vous dire %q ? Champs : %s", "%s: there is no field %q; did you mean %q? Fields: %s",
		where, name, nearest(name, names), strings.Join(names, ", "))
}

// fits checks a table of known columns against the plan.
func (p *plan) fits(t table) error {
	header := t.columns()
	if header == nil {
		return nil // NDJSON: each row has its own
	}
	for i, column := range p.columns {
		if column != "" && !slices.Contains(header, column) {
			return misuse("%s : la colonne %q n'existe pas ; vouliez-vous dire %q ? Colonnes : %s", "%s: there is no column %q; did you mean %q? Columns: %s",
				t.path(), column, nearest(column, header), strings.Join(header, ", "))
		}
		f := p.fields[i]
		if f.needs && p.fixed[i] == nil && column == "" && (p.mapped || !slices.ContainsFunc(f.aliases(), func(name string) bool { return slices.Contains(header, name) })) {
			return misuse("%s : dites d'où vient %s, avec --map %s=COLONNE. Colonnes : %s", "%s: say where %s comes from, with --map %s=COLUMN. Columns: %s",
				t.path(), f.name, f.name, strings.Join(header, ", "))
		}
	}
	return nil
}

// aliases are the columns that a field comes from when none are named.
func (f field) aliases() []string {
	return []string{f.name, strings.TrimPrefix(f.name, attributePrefix)}
}

// of gives the values of a row's fields, in the order of fields, and every fault. cellOf gives a cell by its column, nil
// when there is none.
func (p *plan) of(cellOf func(column string) any) ([]any, fil.Faults) {
	values := make([]any, len(p.fields))
	var faults fil.Faults
	for i, f := range p.fields {
		if p.fixed[i] != nil {
			values[i] = p.fixed[i]
			continue
		}
		var cell any
		switch {
		case p.columns[i] != "":
			cell = cellOf(p.columns[i])
		case !p.mapped:
			for _, name := range f.aliases() {
				if cell == nil {
					cell = cellOf(name)
				}
			}
		}
		if written, ok := scalar(cell); ok && p.values[i] != nil {
			if to, ok := p.values[i][strings.TrimSpace(written)]; ok {
				cell = to
			}
		}
		value, fault := f.convert(cell)
		if fault != nil {
			faults = append(faults, fault)
			continue
		}
		values[i] = value
	}
	return values, faults
}

type pair struct{ field, value string }

// parseMap reads "field=column,field=column". A column with a comma or a quote is written as in CSV, the whole pair
// in quotes.
func parseMap(flag string) ([]pair, error) {
	r := csv.NewReader(strings.NewReader(flag))
	r.TrimLeadingSpace = true
	parts, err := r.Read()
	if err != nil {
		return nil, misuse("--map %s : écrivez champ=colonne,champ=colonne", "--map %s: write field=column,field=column", flag)
	}
	var pairs []pair
	for _, part := range parts {
		name, column, ok := strings.Cut(part, "=")
		name, column = strings.TrimSpace(name), strings.TrimSpace(column)
		if !ok || name == "" || column == "" {
			return nil, misuse("--map %s : écrivez champ=colonne,champ=colonne", "--map %s: write field=column,field=column", flag)
		}
		pairs = append(pairs, pair{name, column})
	}
	return pairs, nil
}

// parseValue reads "field:FROM=TO". FROM may hold anything: the last "=" ends it.
func parseValue(flag string) (name, from, to string, ok bool) {
	name, rest, found := strings.Cut(flag, ":")
	i := strings.LastIndexByte(rest, '=')
	if !found || name == "" || i < 0 {
		return "", "", "", false
	}
	return name, strings.TrimSpace(rest[:i]), strings.TrimSpace(rest[i+1:]), true
}

// nearest gives the name that the fewest edits lead to (Levenshtein's distance).
func nearest(name string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return slices.MinFunc(names, func(a, b string) int { return distance(name, a) - distance(name, b) })
}

func distance(a, b string) int {
	from, to := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range to {
			cost := diagonal
			if x != y {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(to)]
}
