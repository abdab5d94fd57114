package evaluation

// What the tests of the measures need to see.
var (
	GainsOf  = gainsOf
	Top      = top
	Quantile = quantile
)

// NDCG, Hit and MRR are what gainsOf gives.
func (g gains) Three() (ndcg, hit, mrr float64) { return g.ndcg, g.hit, g.mrr }
