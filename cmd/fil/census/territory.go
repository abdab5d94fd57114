package census

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

type region struct {
	code, name, of string // of: with "de"
	slug, language string // language: one that many speak there besides French; may be empty
	inhabitants    float64
	departements   []int
}

type departement struct {
	name, of, slug, seat string
	region               int
	inhabitants          float64
}

func (t *tables) readRegion(row []string) error {
	t.regions = append(t.regions, region{code: row[0], name: row[1], of: row[2], slug: t.slug(row[1]), language: row[3]})
	return nil
}

func (t *tables) readDepartement(row []string) error {
	inhabitants, err := strconv.ParseFloat(row[5], 64)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(t.regions, func(r region) bool { return r.code == row[4] })
	if at < 0 {
		return fmt.Errorf("no region has the code %q", row[4])
	}
	t.regions[at].inhabitants += inhabitants
	t.regions[at].departements = append(t.regions[at].departements, len(t.departements))
	t.departements = append(t.departements, departement{name: row[1], of: row[2], slug: t.slug(row[1]), seat: row[3], region: at, inhabitants: inhabitants})
	return nil
}

// folding takes accents off small letters.
func folding() *strings.Replacer {
	return strings.NewReplacer("à", "a", "â", "a", "ç", "c", "é", "e", "è", "e", "ê", "e", "ë", "e", "î", "i", "ï", "i", "ô", "o", "ù", "u", "û", "u", "œ", "oe")
}

// slug writes a name as paths and domains do: small letters without accents, digits and hyphens.
func (t *tables) slug(name string) string {
	folded := t.fold.Replace(strings.ToLower(name))
	words := strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}

// commune is a commune of a département by its rank there, the largest first: 0 is the chef-lieu.
type commune struct{ departement, rank int }

// named gives the name of a commune. All but chefs-lieux are invented, with the name of the département where they
// would otherwise be taken for another's.
func (t *tables) named(c commune) string {
	d := &t.departements[c.departement]
	if c.rank == 0 {
		return d.seat
	}
	saints := [...]string{
		"Martin", "Pierre", "Jean", "Germain", "Hilaire", "Laurent", "Julien", "Georges", "Étienne", "Michel", "Maurice", "Aubin", "Denis", "Symphorien", "Loup",
		"Médard", "Sulpice", "Vincent", "Rémy", "Paul", "André", "Léger", "Cyr", "Ouen", "Brice", "Gervais", "Maixent", "Clément", "Saturnin", "Nazaire", "Priest",
	}
	places := [...]string{
		"des-Bois", "sur-Loire", "la-Forêt", "du-Val", "les-Prés", "en-Plaine", "le-Château", "des-Champs", "la-Rivière", "sous-Roche", "du-Mont", "les-Vignes",
		"aux-Moulins", "la-Fontaine", "de-la-Lande", "le-Vieux", "sur-Mer", "des-Marais", "la-Garenne", "l'Abbaye", "du-Pont", "les-Étangs", "en-Vallée",
	}
	n := c.rank * 389 % (len(saints) * len(places)) // 389 is prime, so that names repeat only once all were given
	name := "Saint-" + saints[n/len(places)] + "-" + places[n%len(places)]
	if round := c.rank / (len(saints) * len(places)); round > 0 {
		name += "-" + strconv.Itoa(round+1)
	}
	return name + " (" + d.name + ")"
}

// seated spreads employers over départements in proportion to their inhabitants, or to the square root for communes,
// of which the countryside has more: one after another, each where most people are for those there already (D'Hondt).
func (t *tables) seated(n int, root bool) []commune {
	seats, weight := make([]commune, n), make([]float64, len(t.departements))
	given := make([]int, len(t.departements))
	for i, d := range t.departements {
		weight[i] = d.inhabitants
		if root {
			weight[i] = math.Sqrt(d.inhabitants)
		}
	}
	for i := range seats {
		best, most := 0, 0.0
		for at, w := range weight {
			if quotient := w / float64(given[at]+1); quotient > most {
				best, most = at, quotient
			}
		}
		seats[i] = commune{best, given[best]}
		given[best]++
	}
	return seats
}

// largest gives at most n places, those of most inhabitants first.
func largest(n int, inhabitants []float64) []int {
	all := make([]int, len(inhabitants))
	for i := range all {
		all[i] = i
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(inhabitants[b], inhabitants[a]) })
	return all[:min(n, len(all))]
}
