package audiences

// Count is how many agents satisfy a rule now; the empty rule is satisfied by nobody. Nothing is withheld: the caller
// guards what it makes of it. An error is a *RuleError.
func (ix *Index) Count(rule string) (int, error) {
	if rule == "" {
		return 0, nil
	}
	chosen, wrong := ix.compile(rule)
	if wrong != nil {
		return 0, wrong
	}
	return ix.size(chosen), nil
}
