package census

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// employer is who employs. Places that it does not have are -1.
type employer struct {
	kind                *kind
	path, name, domain  string
	region, departement int
	commune             int // rank in the département
}

// unit is agents who follow one another: a team, or a small employer whole. The first of them leads it.
type unit struct {
	first       int32 // rank of its first agent
	size        int32
	above       int32 // the unit whose first its own first reports to; -1 for none
	employer    int32
	departement int16
	mixture     int16
	over        bool // others
	path, site  string
}

// mixture is who works in a service: jobs and corps, weighed.
type mixture struct {
	choices []choice
	weights weights
}

type choice struct {
	job   *job
	corps *corps
}

const (
	small = 12 // an employer of so many agents is one unit
	team  = 30 // agents of a unit, about
)

// planned is an employer before it is known how many agents it has.
type planned struct {
	employer
	weight float64
}

func (d *Directory) layOut() error {
	var all []planned
	sums := map[*branch]float64{}
	for i := range d.tables.kinds {
		k := &d.tables.kinds[i]
		sums[k.branch] += k.agents
	}
	for i := range d.tables.kinds {
		k := &d.tables.kinds[i]
		all = append(all, d.plan(k, k.branch.agents*k.agents/sums[k.branch])...)
	}
	weight := make([]float64, len(all))
	for i, p := range all {
		weight[i] = p.weight
	}
	l := layout{Directory: d, found: map[string]int16{}, sites: map[commune]string{}}
	for i, agents := range apportion(d.size, weight) {
		if agents == 0 {
			continue
		}
		d.employers = append(d.employers, all[i].employer)
		if err := l.add(agents); err != nil {
			return err
		}
	}
	return nil
}

// plan lists the employers of a kind, whose weights together are the one given.
func (d *Directory) plan(k *kind, weight float64) []planned {
	t := d.tables
	var places []employer
	var sizes []float64
	switch k.per {
	case "région":
		inhabitants := make([]float64, len(t.regions))
		for i, r := range t.regions {
			inhabitants[i] = r.inhabitants
		}
		for _, at := range largest(k.count, inhabitants) {
			places = append(places, employer{region: at, departement: -1, commune: -1})
			sizes = append(sizes, inhabitants[at])
		}
	case "département":
		inhabitants := make([]float64, len(t.departements))
		for i, one := range t.departements {
			inhabitants[i] = one.inhabitants
		}
		for _, at := range largest(k.count, inhabitants) {
			places = append(places, employer{region: t.departements[at].region, departement: at, commune: -1})
			sizes = append(sizes, inhabitants[at])
		}
	default:
		n := min(k.count, max(1, int(float64(k.count)*float64(d.size)/FullSize+0.5)))
		sizes = skewed(n, k.count)
		if k.per == "pays" {
			paris := slices.IndexFunc(t.departements, func(one departement) bool { return one.name == "Paris" })
			places = slices.Repeat([]employer{{region: t.departements[paris].region, departement: paris, commune: 0}}, n)
			break
		}
		const countryside = 10_000 // employers of such number are communes
		for _, c := range t.seated(n, k.count > countryside) {
			places = append(places, employer{region: t.departements[c.departement].region, departement: c.departement, commune: c.rank})
		}
	}
	sum := 0.0
	for _, s := range sizes {
		sum += s
	}
	out := make([]planned, len(places))
	for i, place := range places {
		place.kind = k
		d.name(&place, i+1)
		out[i] = planned{place, weight * sizes[i] / sum}
	}
	return out
}

// skewed gives sizes that fall as the inverse of the rank, the first few aside (Zipf and Mandelbrot): with a few towns
// of tens of thousands and half of the communes under ten agents when there are 35,000.
func skewed(n, atFullSize int) []float64 {
	flat := 3.0
	if atFullSize < 10_000 {
		flat += float64(atFullSize) / 50
	}
	flat *= float64(n) / float64(atFullSize)
	sizes := make([]float64, n)
	for i := range sizes {
		sizes[i] = 1 / (float64(i+1) + math.Max(flat, 0.5))
	}
	return sizes
}

// name fills in the patterns of a kind.
func (d *Directory) name(e *employer, n int) {
	t := d.tables
	r := t.regions[e.region]
	pairs := []string{"{n}", strconv.Itoa(n), "{r}", r.slug, "{de_r}", r.of}
	slugs := slices.Clone(pairs)
	if e.departement >= 0 {
		one := t.departements[e.departement]
		pairs, slugs = append(pairs, "{d}", one.slug, "{de_d}", one.of), append(slugs, "{d}", one.slug)
	}
	if e.commune >= 0 {
		name := t.named(commune{e.departement, e.commune})
		pairs, slugs = append(pairs, "{c}", name), append(slugs, "{c}", t.slug(name))
	}
	inSlugs := strings.NewReplacer(slugs...)
	e.name, e.path, e.domain = strings.NewReplacer(pairs...).Replace(e.kind.name), inSlugs.Replace(e.kind.path), inSlugs.Replace(e.kind.domain)
	if strings.Contains(e.kind.path, "{n}") && !strings.Contains(e.kind.name, "{n}") && e.commune > 0 {
		e.name += " n° " + strconv.Itoa(n)
	}
}

// layout is a directory being laid out, employer after employer.
type layout struct {
	*Directory
	found map[string]int16 // mixtures, by what they are of
	sites map[commune]string
	next  int // rank of the next agent
}

// add lays out the units of the last employer.
func (l *layout) add(agents int) error {
	e := &l.employers[len(l.employers)-1]
	services := l.tables.services[e.kind.services]
	if len(services) == 0 {
		return fmt.Errorf("make employer %s: no services of %q", e.name, e.kind.services)
	}
	if agents <= small {
		m, err := l.mixtureOf(e.kind, services)
		l.unit(agents, -1, m, e.path)
		return err
	}
	shares := make([]float64, len(services))
	for i, s := range services {
		shares[i] = s.weight
	}
	head := int32(-1)
	for i, part := range apportion(agents, shares) {
		if part == 0 {
			continue
		}
		m, err := l.mixtureOf(e.kind, services[i:i+1])
		if err != nil {
			return err
		}
		first := int32(len(l.units))
		l.service(part, head, m, e.path+"/"+services[i].path)
		if head < 0 {
			head = first
		}
	}
	return nil
}

// service lays out the units of a service: its direction, then teams.
func (l *layout) service(agents int, above int32, m int16, path string) {
	n := (agents + team - 1) / team
	first := int32(len(l.units))
	for i, part := range apportion(agents, slices.Repeat([]float64{1}, n)) {
		if i == 0 {
			l.unit(part, above, m, path)
			continue
		}
		l.unit(part, first, m, fmt.Sprintf("%s/unite-%03d", path, i))
	}
}

// unit places a unit somewhere its employer is.
func (l *layout) unit(agents int, above int32, m int16, path string) {
	at := len(l.employers) - 1
	e := &l.employers[at]
	d := throw(l.seed+1, len(l.units))
	u := unit{first: int32(l.next), size: int32(agents), above: above, employer: int32(at), departement: int16(e.departement), mixture: m, path: path}
	if e.departement < 0 {
		r := &l.tables.regions[e.region]
		u.departement = int16(r.departements[d.below(len(r.departements), 1)])
	}
	town := max(e.commune, 0)
	const inSeat, towns, lean = 40, 60, 2.5
	if e.commune < 0 && !d.chance(inSeat) {
		town = d.below(towns, lean)
	}
	u.site = l.site(commune{int(u.departement), town})
	if above >= 0 {
		l.units[above].over = true
	}
	l.units = append(l.units, u)
	l.next += agents
}

// site names a place of work, in one text for all who work there.
func (l *layout) site(c commune) string {
	name, ok := l.sites[c]
	if !ok {
		name = l.tables.named(c)
		l.sites[c] = name
	}
	return name
}

// mixtureOf weighs the jobs and corps of services together.
func (l *layout) mixtureOf(k *kind, services []service) (int16, error) {
	key := k.branch.key + " " + k.ministry + " " + k.services
	if len(services) == 1 {
		key += " " + services[0].path
	}
	if m, ok := l.found[key]; ok {
		return m, nil
	}
	var m mixture
	run := 0.0
	for _, s := range services {
		sum := 0.0
		for _, share := range s.shares {
			sum += share
		}
		for i, slug := range s.jobs {
			at := slices.IndexFunc(l.tables.jobs, func(j job) bool { return j.slug == slug })
			candidates := l.tables.corpsOf(k, slug)
			if at < 0 || len(candidates) == 0 {
				return 0, fmt.Errorf("make service %s of %s: nobody does %q there", s.path, k.services, slug)
			}
			of := 0.0
			for _, c := range candidates {
				of += c.weight
			}
			for _, c := range candidates {
				run += s.weight * s.shares[i] / sum * c.weight / of
				m.choices, m.weights = append(m.choices, choice{&l.tables.jobs[at], c}), append(m.weights, run)
			}
		}
	}
	l.mixtures = append(l.mixtures, m)
	l.found[key] = int16(len(l.mixtures) - 1)
	return l.found[key], nil
}

// corpsOf lists the corps that do a job: those of the ministry and of all; failing that, those of any ministry.
func (t *tables) corpsOf(k *kind, slug string) []*corps {
	var own, others []*corps
	for i := range t.corps {
		c := &t.corps[i]
		if c.branch != k.branch.key || !slices.Contains(c.jobs, slug) {
			continue
		}
		if c.ministry == "-" || c.ministry == k.ministry {
			own = append(own, c)
		}
		others = append(others, c)
	}
	if len(own) > 0 {
		return own
	}
	return others
}
