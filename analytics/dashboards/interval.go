package dashboards

import "math"

// share is one of agents with its 95 % interval.
type share struct {
	Value float64 `json:"value" doc:"De 0 à 1 / from 0 to 1"`
	Low   float64 `json:"low" doc:"Borne basse de l'intervalle à 95 % / lower end of the 95 % interval"`
	High  float64 `json:"high" doc:"Borne haute / upper end"`
}

const z95 = 1.959964

// rateOf is Wilson's interval (E. B. Wilson, JASA 22, 1927) of k of n, widened by what rounding may have changed: groups counts
// were each rounded with a variance of 2/3 at most. It is nil without agents.
func rateOf(k, n, groups int) *share {
	if n <= 0 || k < 0 {
		return nil
	}
	p, m := math.Min(1, float64(k)/float64(n)), float64(n)
	z2 := z95 * z95
	middle := (p + z2/(2*m)) / (1 + z2/m)
	half := z95 / (1 + z2/m) * math.Sqrt(p*(1-p)/m+z2/(4*m*m))
	half = math.Hypot(half, z95*math.Sqrt(2./3*float64(groups))/m)
	return &share{Value: round4(p), Low: round4(math.Max(0, middle-half)), High: round4(math.Min(1, middle+half))}
}

func round4(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// pooled draws the rates of services towards that of all, the more the fewer agents they have: the mean of a beta prior fitted
// by moments (empirical Bayes; Morris, JASA 78, 1983). It gives nil for those without agents.
func pooled(k, n []int) []*float64 {
	var sumK, sumN, weight, squares float64
	for i := range n {
		sumK, sumN = sumK+float64(max(0, k[i])), sumN+float64(max(0, n[i]))
	}
	out := make([]*float64, len(n))
	if sumN == 0 {
		return out
	}
	mean := math.Min(1, sumK/sumN)
	for i := range n {
		if n[i] > 0 {
			p := math.Min(1, float64(max(0, k[i]))/float64(n[i]))
			weight += float64(n[i])
			squares += float64(n[i]) * ((p-mean)*(p-mean) - mean*(1-mean)/float64(n[i]))
		}
	}
	between := math.Max(squares/weight, 1e-6)
	strength := math.Max(0, mean*(1-mean)/between-1) // agents that the prior is worth
	for i := range n {
		if n[i] > 0 {
			drawn := round4(math.Min(1, (float64(max(0, k[i]))+strength*mean)/(float64(n[i])+strength)))
			out[i] = &drawn
		}
	}
	return out
}

// gini measures how unequally a rate is spread over groups of agents: 0 when all have the same, near 1 when few have all. It is
// half the mean difference between two agents, divided by the mean.
func gini(rates []float64, agents []int) float64 {
	var total, mean, differences float64
	for i, n := range agents {
		total += float64(n)
		mean += rates[i] * float64(n)
	}
	if total == 0 || mean == 0 {
		return 0
	}
	mean /= total
	for i := range rates {
		for j := range rates {
			differences += math.Abs(rates[i]-rates[j]) * float64(agents[i]) * float64(agents[j])
		}
	}
	return round4(differences / (2 * total * total * mean))
}
