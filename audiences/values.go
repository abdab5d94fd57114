package audiences

import (
	"cmp"
	"slices"

	"github.com/filengine/fil"
)

// Values names, sorted, what agents within a perimeter (the id of an audience; empty: everyone) have in a field of words: what
// a breakdown of them names, that is the 50 commonest, and those that as many agents as may be told have. Of units it names
// those that hold as many, with the units beneath. Which is commoner is not told. An error is fil.Faults about the field "by".
func (ix *Index) Values(name, perimeter string, guard fil.Guard) ([]string, error) {
	f, err := ix.fieldBy(name)
	if err != nil {
		return nil, err
	}
	if f.words == nil || f.kind == fil.KindBoolean {
		return nil, fil.NewFault("by", "n'a pas de valeurs à proposer : "+name, "has no values to propose: "+name)
	}
	_, t := ix.count(ix.audiences.Load().within(perimeter), f)
	named := maxGroups
	if f.kind == kindPath {
		named = 0
		parents := *f.words.parents.Load()
		for code := len(t.byCode) - 1; code > 0; code-- { // a unit's code is greater than that of the one above
			if above := parents[code]; above > 0 {
				t.byCode[above] += t.byCode[code]
			}
		}
	}
	codes := make([]uint32, 0, len(t.byCode))
	for code, n := range t.byCode {
		if code > 0 && n > 0 {
			codes = append(codes, uint32(code))
		}
	}
	slices.SortFunc(codes, func(a, b uint32) int {
		return cmp.Or(t.byCode[b]-t.byCode[a], cmp.Compare(f.words.word(a), f.words.word(b)))
	})
	values := []string{}
	for i, code := range codes {
		if i >= named && guard.Withholds(t.byCode[code]) {
			break
		}
		values = append(values, f.words.word(code))
	}
	slices.Sort(values)
	return values, nil
}
