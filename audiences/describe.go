package audiences

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/filengine/fil"
)

// described is a leaf that says by itself what it is and how it is evaluated.
type described interface {
	describe() (what, how fil.Bilingual)
}

// described says what a plan means and how it is evaluated, in words.
func (ix *Index) describe(p plan) (what, how fil.Bilingual) {
	switch p := p.(type) {
	case described:
		return p.describe()
	case clause:
		return ix.describe(p.plan)
	case nested:
		if p.members {
			return says("nommés dans l'audience « %s »", "named in the audience %q", p.id), fil.Bilingual{}
		}
		return says("dans l'audience « %s »", "in the audience %q", p.id), fil.Bilingual{}
	case every:
		return ix.joined(p, fil.Bilingual{FR: "tout le monde", EN: "everyone"}, fil.Bilingual{FR: " et ", EN: " and "})
	case either:
		return ix.joined(p, fil.Bilingual{FR: "personne", EN: "nobody"}, fil.Bilingual{FR: " ou ", EN: " or "})
	case except:
		what, how = ix.describe(p.part)
		return says("pas : %s", "not: %s", what), how
	case relative:
		what, how = p.at(ix.now()).describe()
		return what, says("%s, à la date du jour", "%s, at today's date", how)
	case *people:
		return fil.Bilingual{FR: "nommés par leur identifiant", EN: "named by their ids"}, says("%d identifiants cherchés", "%d ids looked up", len(p.ids))
	case *did:
		return says("a fait ce qui est demandé, %d fois au moins", "did what is asked, at least %d times", p.least), fil.Bilingual{FR: "une lecture des actes conservés", EN: "one pass over the acts that are kept"}
	case *judged:
		return fil.Bilingual{FR: "annoncé par les processus qui gardent ce que font les agents", EN: "announced by the processes that keep what agents do"}, fil.Bilingual{FR: "un ensemble annoncé", EN: "one announced set"}
	case *team:
		return says("dans l'équipe de « %s »", "in the team of %q", p.root), fil.Bilingual{FR: "ensembles de ses responsables, niveau par niveau", EN: "sets of its managers, level by level"}
	case *service:
		return says("dans l'unité de « %s »", "in the unit of %q", p.root), fil.Bilingual{FR: "un ensemble, celui de l'unité du moment", EN: "one set, that of the unit of the moment"}
	default:
		return fil.Bilingual{FR: "une condition", EN: "a condition"}, fil.Bilingual{}
	}
}

// joined describes what is made of parts.
func (ix *Index) joined(parts []plan, none, by fil.Bilingual) (what, how fil.Bilingual) {
	if len(parts) == 0 {
		return none, fil.Bilingual{FR: "sans rien lire", EN: "nothing is read"}
	}
	for i, part := range parts {
		w, h := ix.describe(part)
		if i > 0 {
			what.FR, what.EN = what.FR+by.FR, what.EN+by.EN
		}
		what.FR, what.EN = what.FR+w.FR, what.EN+w.EN
		if i == 0 || part.cost() > parts[i-1].cost() {
			how = h
		}
	}
	return what, how
}

// says writes the same values into a text of each language.
func says(fr, en string, values ...any) fil.Bilingual {
	french, english := slices.Clone(values), slices.Clone(values)
	for i, value := range values {
		if text, ok := value.(fil.Bilingual); ok {
			french[i], english[i] = text.FR, text.EN
		}
	}
	return fil.Bilingual{FR: fmt.Sprintf(fr, french...), EN: fmt.Sprintf(en, english...)}
}

// mostNamed bounds the values that a description lists.
const mostNamed = 4

func (w *words) describe() (what, how fil.Bilingual) {
	if w.exact == nil {
		all := len(w.field.words.all()) - 1
		return says("%s a une valeur qui convient", "%s has a value that fits", w.field.name), says("les %d mots du dictionnaire lus, puis l'union de leurs ensembles", "the dictionary's %d words read, then the union of their sets", all)
	}
	named := w.exact[:min(mostNamed, len(w.exact))]
	french, english := "« "+strings.Join(named, " », « ")+" »", `"`+strings.Join(named, `", "`)+`"`
	if len(w.exact) > mostNamed {
		french, english = french+" …", english+" …"
	}
	values := fil.Bilingual{FR: french, EN: english}
	switch {
	case w.under:
		what = says("dans l'unité %s ou en dessous", "in the unit %s or beneath", values)
	case w.field.kind == fil.KindList:
		what = says("%s contient %s", "%s contains %s", w.field.name, values)
	case len(w.exact) > 1:
		what = says("%s parmi %s", "%s among %s", w.field.name, values)
	default:
		what = says("%s est %s", "%s is %s", w.field.name, values)
	}
	switch {
	case w.field.kind == kindPath && !w.under:
		how = fil.Bilingual{FR: "l'ensemble de l'unité, moins ceux des unités en dessous", EN: "the unit's set, less those of the units beneath"}
	case len(w.exact) == 1:
		how = fil.Bilingual{FR: "un ensemble", EN: "one set"}
	default:
		how = says("union de %d ensembles", "union of %d sets", len(w.exact))
	}
	return what, how
}

func (b between) describe() (what, how fil.Bilingual) {
	how = fil.Bilingual{FR: "tranches de bits", EN: "bit slices"}
	least, most := b.field.shown(b.least), b.field.shown(b.most)
	switch {
	case b.least <= lowestKey && b.most == highestKey:
		return says("%s a une valeur", "%s has a value", b.field.name), fil.Bilingual{FR: "un ensemble", EN: "one set"}
	case b.least == b.most:
		return says("%s est %s", "%s is %s", b.field.name, least), how
	case b.least <= lowestKey:
		return says("%s au plus %s", "%s at most %s", b.field.name, most), how
	case b.most == highestKey:
		return says("%s au moins %s", "%s at least %s", b.field.name, least), how
	default:
		return says("%s de %s à %s", "%s from %s to %s", b.field.name, least, most), how
	}
}

// shown writes a key as the value it stands for. The keys next to a value's are told as that value's.
func (f *field) shown(key uint64) string {
	switch {
	case key <= lowestKey || key == highestKey:
		return ""
	case f.kind == fil.KindNumber:
		return strconv.FormatFloat(numberOfKey(key), 'g', 12, 64)
	default:
		return dayOfKey(key)
	}
}

func (r *residue) describe() (what, how fil.Bilingual) {
	names := make([]string, len(r.reads))
	for i, f := range r.reads {
		names[i] = f.name
	}
	return says("une condition sur %s", "a condition on %s", strings.Join(names, ", ")), fil.Bilingual{FR: "agent par agent, sur ceux que le reste a laissés", EN: "agent by agent, on those whom the rest has left"}
}
