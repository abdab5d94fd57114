package audiences

// coarse gives a plan in which a part that is an alternative, or negated, and that fewer agents than the threshold
// satisfy, is satisfied by nobody. What follows from it is coarse too: the parts are counted from the leaves up. It costs
// one evaluation for each such part.
func (ix *Index) coarse(p, within plan, threshold int) plan {
	few := func(part plan) plan {
		part = ix.coarse(part, within, threshold)
		if ix.size(every(cheapestFirst([]plan{part, within}))) < threshold {
			return either{}
		}
		return part
	}
	switch p := p.(type) {
	case either:
		return either(all(p, few))
	case except:
		return except{few(p.part)}
	default:
		return rebuilt(p, func(part plan) plan { return ix.coarse(part, within, threshold) })
	}
}

// names says whether a plan, with its places in the rule, names agents one by one. Those that a directory protocol put
// in a group were not named by whoever writes a rule.
func (s *audienceSet) names(p plan) bool {
	switch p := p.(type) {
	case *people:
		return true
	case nested:
		if a, ok := s.byID[p.id]; ok && a.definition.Directory != nil {
			return false
		}
	case *residue:
		if p.id {
			return true
		}
	}
	for _, part := range partsOf(p) {
		if s.names(part) {
			return true
		}
	}
	return false
}
