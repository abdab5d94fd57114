package analytics

import "math"

// This file is the statistics of experiments. Whoever looks each day and stops when it looks good errs far more often than the
// level that a fixed interval is made for. What is here holds at all the looks together, however many and whenever.

// plannedDays is the number of agent-days at which a confidence sequence is at its tightest: few, since those who have few
// agents have the most to lose from a wide one. A hundred times as many, it is wider by an eighth.
const plannedDays = 5000

// reach is how many standard errors an asymptotic confidence sequence of level 1 - alpha goes to both sides once so many
// agent-days have been seen.
//
// Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic confidence
// sequences", Annals of Statistics 52 (2024), theorem 2.2 and, for the tuning, equation 2.6 (after Robbins, 1970). There, what is
// seen are independent units, one after another. Here they are agents who are seen day after day, so the standard error is that
// over agents, and time counts agent-days. That is on the safe side: an agent who reads much does so on most days, so that the
// means of two days are closer to each other than those of independent units would be, and by Slepian's inequality (1962) the
// more alike the looks, the more seldom one of them strays beyond the bound.
func reach(agentDays, alpha float64) float64 {
	if agentDays <= 0 {
		return math.Inf(1)
	}
	rho := (-2*math.Log(alpha) + math.Log(-2*math.Log(alpha)+1)) / plannedDays
	t := agentDays * rho
	return math.Sqrt(2 * (t + 1) / t * math.Log(math.Sqrt(t+1)/alpha))
}

// Moments are the sums over agents of one outcome Y and of the days T in which it was counted. They add up.
type Moments struct {
	Sum, Squares float64 // ΣY, ΣY²
	Cross        float64 // ΣYT
	Doers        uint64  // agents with Y > 0
}

// Span is the agents of an arm and the days that they were seen in.
type Span struct {
	Agents        uint64
	Days, Squares float64 // ΣT, ΣT²
}

// rate is the mean of an outcome per agent and day, ΣY/ΣT, and its variance, that of a ratio over independent agents (delta
// method; Cochran, "Sampling Techniques", 1977, chapter 6).
func rate(m Moments, over Span) (mean, variance float64) {
	if over.Agents < 2 || over.Days <= 0 {
		return 0, math.Inf(1)
	}
	n := float64(over.Agents)
	mean = m.Sum / over.Days
	residuals := m.Squares - 2*mean*m.Cross + mean*mean*over.Squares
	return mean, n / (n - 1) * max(residuals, 0) / (over.Days * over.Days)
}

// contrast is an arm's rate less a multiple of the control's, with the interval that holds at all looks.
type contrast struct{ estimate, low, high float64 }

// contrastOf compares: by differs is the estimate's, factor what the control's rate is multiplied by.
func contrastOf(arm Moments, armSpan Span, control Moments, controlSpan Span, factor, alpha float64) contrast {
	one, v1 := rate(arm, armSpan)
	other, v0 := rate(control, controlSpan)
	wide := reach(armSpan.Days+controlSpan.Days, alpha) * math.Sqrt(v1+factor*factor*v0)
	difference := one - factor*other
	return contrast{difference, difference - wide, difference + wide}
}

// evidence is the logarithm of a martingale that begins at 1 and whose mean stays 1 as long as each of n trials wins with
// probability p: the likelihood of the wins under a uniform mixture of all probabilities, over that under p. By Ville's
// inequality (1939) it ever reaches 1/alpha with a probability of at most alpha.
//
// Source: Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical Statistics 41
// (1970).
func evidence(wins, trials uint64, p float64) float64 {
	s, n := float64(wins), float64(trials)
	a, _ := math.Lgamma(s + 1)
	b, _ := math.Lgamma(n - s + 1)
	c, _ := math.Lgamma(n + 2)
	likelihood := 0.0 // 0·log 0 is 0
	if s > 0 {
		likelihood += s * math.Log(p)
	}
	if n > s {
		likelihood += (n - s) * math.Log1p(-p)
	}
	return a + b - c - likelihood
}

// proportion is the set of probabilities that the evidence has not ruled out at level alpha: exact, at all looks together.
func proportion(wins, trials uint64, alpha float64) (low, high float64) {
	if trials == 0 {
		return 0, 1
	}
	out := func(p float64) bool { return evidence(wins, trials, p) >= math.Log(1/alpha) }
	mean := float64(wins) / float64(trials)
	edge := func(in, beyond float64) float64 {
		if !out(beyond) {
			return beyond
		}
		for range 60 {
			if middle := (in + beyond) / 2; out(middle) {
				beyond = middle
			} else {
				in = middle
			}
		}
		return beyond
	}
	return edge(mean, 0), edge(mean, 1)
}

// astray is the evidence that agents did not come to the arms in the shares in which they were dealt, as a logarithm: a
// martingale under the shares, as evidence is, so that it may be looked at each day. Means of arms to whom others came than
// were dealt compare nothing.
//
// Source: Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022, with a uniform prior.
func astray(agents []uint64, shares []float64) float64 {
	all, total, sum := 0.0, 0.0, 0.0
	for _, share := range shares {
		total += share
	}
	for i, n := range agents {
		if shares[i] <= 0 {
			continue
		}
		one, _ := math.Lgamma(float64(n) + 1)
		sum += one - float64(n)*math.Log(shares[i]/total)
		all += float64(n)
	}
	k, _ := math.Lgamma(float64(len(agents)))
	whole, _ := math.Lgamma(float64(len(agents)) + all)
	return k + sum - whole
}
