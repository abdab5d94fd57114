package analytics_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/filengine/fil/analytics"
)

// poisson draws a count (Knuth).
func poisson(r *rand.Rand, mean float64) float64 {
	n, limit, p := 0.0, math.Exp(-mean), 1.0
	for {
		if p *= r.Float64(); p <= limit {
			return n
		}
		n++
	}
}

// panel is the agents of one arm, seen day after day.
type panel struct{ taste, sum []float64 }

// newPanel draws agents: all alike, or some who read much more than others.
func newPanel(r *rand.Rand, agents int, alike bool) panel {
	p := panel{make([]float64, agents), make([]float64, agents)}
	for i := range p.taste {
		p.taste[i] = 0.5
		if !alike {
			p.taste[i] = 0.5 * r.ExpFloat64()
		}
	}
	return p
}

func (p panel) day(r *rand.Rand, effect float64) {
	for i, taste := range p.taste {
		p.sum[i] += poisson(r, taste*effect)
	}
}

func (p panel) moments(days int) (m analytics.Moments, s analytics.Span) {
	d := float64(days)
	for _, y := range p.sum {
		m.Sum, m.Squares, m.Cross = m.Sum+y, m.Squares+y*y, m.Cross+y*d
	}
	n := float64(len(p.sum))
	return m, analytics.Span{Agents: uint64(len(p.sum)), Days: n * d, Squares: n * d * d}
}

// peek looks at two arms each day for a hundred days, and tells whether the sequence, and a fixed interval, ever excluded 0.
func peek(r *rand.Rand, agents int, alike bool, effect float64) (sequence, fixed bool) {
	one, control := newPanel(r, agents, alike), newPanel(r, agents, alike)
	for day := 1; day <= 100; day++ {
		one.day(r, effect)
		control.day(r, 1)
		m1, s1 := one.moments(day)
		m0, s0 := control.moments(day)
		low, high := analytics.Contrast(m1, s1, m0, s0, 1, 0.05)
		sequence = sequence || low > 0 || high < 0
		r1, v1 := analytics.Rate(m1, s1)
		r0, v0 := analytics.Rate(m0, s0)
		fixed = fixed || math.Abs(r1-r0) > 1.96*math.Sqrt(v1+v0)
	}
	return sequence, fixed
}

// Whoever looks each day for a hundred days errs in one experiment of twenty at most, where a fixed interval errs in many more.
func TestSequence_HoldsAtAllLooks(t *testing.T) {
	const runs = 600
	for name, alike := range map[string]bool{"agents alike": true, "agents unlike": false} {
		r := rand.New(rand.NewPCG(5, 6))
		wrong, fixed := 0, 0
		for range runs {
			s, f := peek(r, 100, alike, 1)
			if s {
				wrong++
			}
			if f {
				fixed++
			}
		}
		margin := 3 * math.Sqrt(0.05*0.95/runs)
		t.Logf("%s: the sequence erred in %d of %d runs, a fixed interval in %d", name, wrong, runs, fixed)
		if rate := float64(wrong) / runs; rate > 0.05+margin {
			t.Errorf("%s: the sequence errs in %.3f of the runs", name, rate)
		}
		if float64(fixed)/runs < 0.1 {
			t.Errorf("%s: a fixed interval errs in %d of %d runs: the looks are too few to tell", name, fixed, runs)
		}
	}
}

func TestSequence_FindsAnEffect(t *testing.T) {
	const runs = 100
	for name, effect := range map[string]float64{"half as much again": 1.5, "a third less": 0.67} {
		r := rand.New(rand.NewPCG(7, 8))
		found := 0
		for range runs {
			if s, _ := peek(r, 400, false, effect); s {
				found++
			}
		}
		t.Logf("%s: found in %d of %d runs of 400 agents an arm", name, found, runs)
		if found < 90 {
			t.Errorf("%s: found in %d of %d runs", name, found, runs)
		}
	}
}

// The interval of a proportion excludes the truth in one of twenty at most, whatever the truth, and finds a preference.
func TestProportion_HoldsAtAllLooks(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	const runs = 600
	for _, truth := range []float64{0.1, 0.5, 0.6} {
		wrong, found := 0, 0
		for range runs {
			wins, trials, out, unequal := uint64(0), uint64(0), false, false
			for range 100 {
				for range 20 {
					trials++
					if r.Float64() < truth {
						wins++
					}
				}
				low, high := analytics.Proportion(wins, trials, 0.05)
				out, unequal = out || truth < low || truth > high, unequal || low > 0.5 || high < 0.5
			}
			if out {
				wrong++
			}
			if unequal {
				found++
			}
		}
		t.Logf("%v: excluded in %d of %d runs, told from a half in %d", truth, wrong, runs, found)
		if rate := float64(wrong) / runs; rate > 0.05+3*math.Sqrt(0.05*0.95/runs) {
			t.Errorf("%v: excluded in %.3f of the runs", truth, rate)
		}
		if truth != 0.5 && found < runs*9/10 {
			t.Errorf("%v: told from a half in %d of %d runs", truth, found, runs)
		}
	}
	if low, high := analytics.Proportion(0, 0, 0.05); low != 0 || high != 1 {
		t.Errorf("nothing seen leaves %v to %v", low, high)
	}
	for _, all := range []uint64{0, 50} {
		if low, high := analytics.Proportion(all, 50, 0.05); low < 0 || high > 1 || low > float64(all)/50 || high < float64(all)/50 {
			t.Errorf("%d of 50: %v to %v", all, low, high)
		}
	}
}

// The rate is Σ reads / Σ days, its variance that of a ratio: checked by hand.
func TestRate(t *testing.T) {
	reads, days := []float64{0, 3, 5, 2}, []float64{10, 10, 5, 1}
	var m analytics.Moments
	s := analytics.Span{Agents: 4}
	for i := range reads {
		m.Sum, m.Squares, m.Cross = m.Sum+reads[i], m.Squares+reads[i]*reads[i], m.Cross+reads[i]*days[i]
		s.Days, s.Squares = s.Days+days[i], s.Squares+days[i]*days[i]
	}
	mean, variance := analytics.Rate(m, s)
	want := 0.0
	for i := range reads {
		want += math.Pow(reads[i]-10./26*days[i], 2)
	}
	want *= 4. / 3 / (26 * 26)
	if math.Abs(mean-10./26) > 1e-12 || math.Abs(variance-want) > 1e-12 {
		t.Errorf("rate %v ± %v, want %v ± %v", mean, variance, 10./26, want)
	}
}

// Agents who come as they were dealt are not said to be astray, at any look; those who stay away from one arm are.
func TestAstray(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	const runs = 400
	for name, away := range map[string]float64{"as dealt": 0, "a tenth stays away": 0.1} {
		said := 0
		for range runs {
			n, ever := [2]uint64{}, false
			for range 100 {
				for range 200 {
					if arm := r.IntN(3) / 2; arm == 0 || r.Float64() >= away {
						n[arm]++
					}
				}
				ever = ever || analytics.Astray(n[:], []float64{0.2, 0.1}) > math.Log(1000)
			}
			if ever {
				said++
			}
		}
		t.Logf("%s: said to be astray in %d of %d runs", name, said, runs)
		if away == 0 && said > 2 || away > 0 && said < runs*9/10 {
			t.Errorf("%s: said to be astray in %d of %d runs", name, said, runs)
		}
	}
}
