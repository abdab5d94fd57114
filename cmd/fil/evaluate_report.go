package main

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking/evaluation"
)

// sheet is a table whose first column is on the left and whose others are on the right.
type sheet [][]string

func (s *sheet) add(cells ...string) { *s = append(*s, cells) }

func (s sheet) write(b *strings.Builder) {
	var widths []int
	for _, row := range s {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range s {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch {
			case i == 0 && len(row) > 1:
				b.WriteString(cell + pad)
			case i == 0:
				b.WriteString(cell)
			default:
				b.WriteString("  " + pad + cell)
			}
		}
		b.WriteString("\n")
	}
}

// measured writes a figure with so many decimals.
func measured(n evaluation.Number, decimals int) string {
	if math.IsNaN(float64(n)) {
		return notTold
	}
	return fmt.Sprintf("%.*f", decimals, float64(n))
}

func printReport(w *world, r *evaluation.Report) error {
	in := func(fr, en string) string { return fil.Bilingual{FR: fr, EN: en}.In(language(w.Environ)) }
	var b strings.Builder
	fmt.Fprintf(&b, in("%d actes de %d agents sur %d contenus, %d premières lectures ; %d jugées sur %d, après le %s\n\n",
		"%d acts of %d agents on %d contents, %d first reads; %d judged of %d, after %s\n\n"),
		r.Acts, r.Agents, r.Contents, r.FirstReads, r.Judged, r.Judgeable, r.After.Format("2006-01-02 15:04"))
	figuresOf(r, in).write(&b)
	if r.Shown != nil {
		b.WriteString("\n")
		estimatesOf(r, in).write(&b)
		fmt.Fprintf(&b, in("%d ouvertures, qui en valent %.0f de même poids ; chance qu'une place ait été vue : %s, une ouverture comptant %.0f fois au plus\n",
			"%d openings, worth %.0f of equal weight; chance that a place was seen: %s, an opening counting %.0f times at most\n"),
			r.Shown.Clicks, float64(r.Shown.Effective), r.Shown.Propensity, float64(r.Shown.Clip))
	}
	if groups := groupsOf(r, in); groups != nil {
		b.WriteString("\n")
		groups.write(&b)
	}
	fmt.Fprintf(&b, "\n%s\n", in("± : erreur type. À froid : NDCG@10 des agents qui ont lu moins de trois contenus, jugés à part",
		"±: standard error. Cold: NDCG@10 of agents who read fewer than three contents, judged apart"))
	return w.print(b.String())
}

// figuresOf has a row for each order.
func figuresOf(r *evaluation.Report, in func(fr, en string) string) sheet {
	head := []string{in("ordre", "order"), "NDCG@10", "±", "hit@10", "MRR@10", in("couverture", "coverage"), in("nouveauté", "novelty"),
		in("diversité", "diversity"), in("à froid", "cold"), "s"}
	compared := false
	for _, o := range r.Orders {
		compared = compared || o.Margin != nil
	}
	if compared {
		head = append(head, in("fil − ordre", "fil − order"))
	}
	s := sheet{head}
	for _, o := range r.Orders {
		cold := notTold
		if o.Cold != nil {
			cold = measured(o.Cold.NDCG, 3)
		}
		row := []string{o.Order, measured(o.NDCG, 3), measured(o.StdErr, 4), measured(o.Hit, 3), measured(o.MRR, 3), measured(o.Coverage, 3),
			measured(o.Novelty, 2), measured(o.Diversity, 3), cold, measured(o.Seconds, 2)}
		if o.Margin != nil {
			row = append(row, measured(o.Margin.NDCG, 3)+" ± "+measured(o.Margin.StdErr, 4))
		}
		s.add(row...)
	}
	return s
}

// estimatesOf tells what each order would have earned.
func estimatesOf(r *evaluation.Report, in func(fr, en string) string) sheet {
	s := sheet{{in("gain estimé", "estimated gain"), "IPS", "±", "SNIPS", "±"}}
	for _, o := range r.Orders {
		s.add(o.Order, measured(o.IPS, 3), measured(o.IPSErr, 4), measured(o.SNIPS, 3), measured(o.SNIPSErr, 4))
	}
	return s
}

// groupsOf has a column for each of the largest groups of agents; nil when there is none.
func groupsOf(r *evaluation.Report, in func(fr, en string) string) sheet {
	const columns = 8
	if len(r.Orders) == 0 || len(r.Orders[0].Groups) == 0 {
		return nil
	}
	names, shares := []string{in("NDCG@10 par groupe", "NDCG@10 by group")}, []string{in("part des lectures", "share of the reads")}
	for _, g := range r.Orders[0].Groups[:min(columns, len(r.Orders[0].Groups))] {
		names, shares = append(names, clipped(g.Group)), append(shares, measured(g.Share, 3))
	}
	s := sheet{names, shares}
	for _, o := range r.Orders {
		row := []string{o.Order}
		for _, g := range o.Groups[:min(columns, len(o.Groups))] {
			row = append(row, measured(g.NDCG, 3))
		}
		s.add(row...)
	}
	return s
}

func clipped(name string) string {
	const most = 12
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return name
}
