package census

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed tables/*.tsv
var sources embed.FS

// tables are what directories are made from, in the order of their files.
type tables struct {
	regions      []region
	departements []departement
	jobs         []job
	corps        []corps
	kinds        []kind
	services     map[string][]service // by kind of employer
	fold         *strings.Replacer    // for slugs
}

// branch of the civil service.
type branch struct {
	key    string
	letter byte // of identifiers
	name   string
	agents float64 // millions
}

func branches() []*branch {
	return []*branch{
		{"e", 'E', "fonction publique de l'État", 2.5},
		{"t", 'T', "fonction publique territoriale", 2.0},
		{"h", 'H', "fonction publique hospitalière", 1.2},
	}
}

// job is a family of jobs.
type job struct {
	slug, name string
	telework   float64 // chance of any, per cent
	skills     []string
}

// corps is a corps of the State or of hospitals, or a territorial cadre d'emplois.
type corps struct {
	branch, ministry string // ministry: "-" is any
	category, name   string
	grades           []string // lowest first
	jobs             []string // slugs
	weight           float64  // within a family of jobs
	status           string   // that all in it have; empty: it differs
}

// kind is a kind of employer.
type kind struct {
	branch             *branch
	ministry           string
	path, name, domain string // patterns
	per                string // pays, région, département or commune
	count              int    // at full size
	agents             float64
	services           string
}

// service is a part of every employer of a kind, big enough to have parts.
type service struct {
	path   string
	weight float64
	jobs   []string // slugs
	shares []float64
}

// readTables reads the embedded tables; an error names the file and the row.
func readTables() (*tables, error) {
	t := &tables{services: map[string][]service{}, fold: folding()}
	grades, ministries := map[string][]string{}, [][]string{}
	byKey := map[string]*branch{}
	for _, b := range branches() {
		byKey[b.key] = b
	}
	for _, file := range []struct {
		name   string
		fields int
		read   func(row []string) error
	}{
		{"regions", 4, t.readRegion},
		{"departements", 6, t.readDepartement},
		{"ministries", 2, func(row []string) error { ministries = append(ministries, row); return nil }},
		{"grades", 2, func(row []string) error { grades[row[0]] = strings.Split(row[1], "|"); return nil }},
		{"jobs", 4, t.readJob},
		{"corps", 8, func(row []string) error { return t.readCorps(row, grades, ministries) }},
		{"employers", 9, func(row []string) error { return t.readKind(row, byKey) }},
		{"services", 4, t.readService},
	} {
		if err := eachRow(file.name, file.fields, file.read); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// eachRow reads a table of tab-separated fields. What would need escaping in JSON or CSV is refused, so that writers
// need not look.
func eachRow(name string, fields int, read func(row []string) error) error {
	path := "tables/" + name + ".tsv"
	raw, err := sources.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	n := 0
	for line := range strings.Lines(string(raw)) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) != fields || strings.ContainsAny(line, "\"\\\r;") {
			return fmt.Errorf("read %s, row %d: %d fields without quotes, backslashes and semicolons are expected", path, n, fields)
		}
		if err := read(row); err != nil {
			return fmt.Errorf("read %s, row %d: %w", path, n, err)
		}
	}
	return nil
}

func (t *tables) readJob(row []string) error {
	telework, err := strconv.ParseFloat(row[2], 64)
	t.jobs = append(t.jobs, job{slug: row[0], name: row[1], telework: telework, skills: strings.Split(row[3], "|")})
	return err
}

func (t *tables) readCorps(row []string, grades map[string][]string, ministries [][]string) error {
	weight, err := strconv.ParseFloat(row[5], 64)
	if err != nil {
		return err
	}
	scheme, ok := grades[row[3]]
	if !ok {
		return fmt.Errorf("no grades are called %q", row[3])
	}
	one := corps{branch: row[0], ministry: row[1], category: row[2], name: row[6], jobs: strings.Split(row[4], ","), weight: weight, status: row[7]}
	named := func(c corps) corps {
		for _, grade := range scheme {
			c.grades = append(c.grades, strings.ReplaceAll(grade, "{}", c.name))
		}
		return c
	}
	if one.ministry != "*" {
		t.corps = append(t.corps, named(one))
		return nil
	}
	for _, ministry := range ministries {
		each := one
		each.ministry, each.name = ministry[0], strings.ReplaceAll(one.name, "{de}", ministry[1])
		t.corps = append(t.corps, named(each))
	}
	return nil
}

func (t *tables) readKind(row []string, byKey map[string]*branch) error {
	count, err := strconv.Atoi(row[5])
	if err != nil {
		return err
	}
	agents, err := strconv.ParseFloat(row[6], 64)
	if err != nil {
		return err
	}
	b, ok := byKey[row[0]]
	if !ok {
		return fmt.Errorf("no branch is called %q", row[0])
	}
	t.kinds = append(t.kinds, kind{branch: b, ministry: row[1], path: row[2], name: row[3], per: row[4], count: count, agents: agents, services: row[7], domain: row[8]})
	return nil
}

func (t *tables) readService(row []string) error {
	weight, err := strconv.ParseFloat(row[2], 64)
	s := service{path: row[1], weight: weight}
	for pair := range strings.SplitSeq(row[3], ",") {
		slug, share, _ := strings.Cut(pair, ":")
		n, wrong := strconv.ParseFloat(share, 64)
		if wrong != nil {
			return wrong
		}
		s.jobs, s.shares = append(s.jobs, slug), append(s.shares, n)
	}
	t.services[row[0]] = append(t.services[row[0]], s)
	return err
}
