package dashboards

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// funnelStep is one of a funnel.
type funnelStep struct {
	Step   string `json:"step" enum:"targeted,shown,opened,read,acted"`
	Agents *int   `json:"agents" nullable:"true" doc:"Agents, ou null / agents, or null"`
	OfAll  *share `json:"of_targeted,omitempty" doc:"Parmi les visés / of those aimed at"`
	OfLast *share `json:"of_previous,omitempty" doc:"Parmi l'étape d'avant / of the step before"`
}

// funnel tells how many came how far.
type funnel struct {
	From  string       `json:"from"`
	To    string       `json:"to" doc:"Dernier jour, compris / last day, inclusive"`
	Since string       `json:"detailed_from,omitempty" doc:"Premier jour connu en détail, sur lequel et après lequel portent les chiffres ; absent si tous le sont / first day known in detail, from which on figures are; absent when all are"`
	Steps []funnelStep `json:"steps"`
}

func (d *Dashboards) funnel(ctx context.Context, p params, s scope) (funnel, error) {
	p.By, p.Every = "", ""
	a, err := d.figure(ctx, p, s, false)
	if err != nil {
		return funnel{}, err
	}
	f := funnel{From: a.From, To: a.To, Since: a.Since}
	t := a.Totals
	var first, last *int
	for _, one := range []struct {
		name   string
		agents *int
	}{{"targeted", t.Targeted}, {"shown", t.Shown}, {"opened", t.Opened}, {"read", t.Readers}, {"acted", t.Acted}} {
		step := funnelStep{Step: one.name, Agents: one.agents}
		if one.agents != nil && first != nil {
			step.OfAll = rateOf(*one.agents, *first, t.groups)
		}
		if one.agents != nil && last != nil {
			step.OfLast = rateOf(*one.agents, *last, t.groups)
		}
		if one.name == "targeted" {
			first = one.agents
		}
		last = one.agents
		f.Steps = append(f.Steps, step)
	}
	return f, nil
}

// reachedGroup is how far contents come in one group of agents.
type reachedGroup struct {
	Value    string   `json:"value"`
	Targeted *int     `json:"targeted" nullable:"true"`
	Shown    *int     `json:"shown" nullable:"true"`
	Readers  *int     `json:"readers" nullable:"true"`
	Rate     *share   `json:"rate,omitempty" doc:"Part atteinte ; un minimum quand des agents ne sont d'aucun groupe que l'on puisse dire, et high en tient compte / share reached; the least that it can be when some agents are of no group that can be told, which high allows for"`
	Ratio    *float64 `json:"ratio,omitempty" doc:"À la part du groupe le mieux atteint / to the share of the group that is reached best"`
	Pooled   *float64 `json:"pooled,omitempty" doc:"Taux ramené vers celui de tous, d'autant plus que le groupe est petit / rate drawn to that of all, the more the smaller the group"`
}

// equity says which groups contents do not reach.
type equity struct {
	From     string         `json:"from"`
	To       string         `json:"to" doc:"Dernier jour, compris / last day, inclusive"`
	Since    string         `json:"detailed_from,omitempty" doc:"Premier jour connu en détail ; absent si tous le sont / first day known in detail; absent when all are"`
	By       string         `json:"by"`
	Gini     *float64       `json:"gini,omitempty" doc:"Absent sans groupe ; 0 : tous les groupes sont atteints de même ; vers 1 : peu le sont ; des parts ci-dessous / 0: all groups are reached alike; towards 1: few are; of the shares below; absent without any group"`
	Groups   []reachedGroup `json:"groups" doc:"Les moins atteints d'abord / those reached least first"`
	Withheld string         `json:"withheld,omitempty" doc:"Dit pourquoi des chiffres sont nuls (null) / says why figures are null"`

	why fil.Bilingual // Withheld
}

// equity compares those shown to those aimed at.
func (d *Dashboards) equity(ctx context.Context, p params, s scope) (equity, error) {
	if len(p.Where) > 0 {
		return equity{}, fil.NewFault("query.where", "ne va pas avec l'équité : on ne sait pas combien d'agents visés remplissent une condition ; choisissez l'attribut par by", "does not go with equity: how many of those aimed at fulfil a condition is not known; choose the attribute by by")
	}
	return d.compare(ctx, p, s, func(f figures) (part, of *int, rate *share) { return f.Shown, f.Targeted, f.Reach })
}

// services compares those who read to those whom it was shown to.
func (d *Dashboards) services(ctx context.Context, p params, s scope) (equity, error) {
	return d.compare(ctx, p, s, func(f figures) (part, of *int, rate *share) { return f.Readers, f.Shown, f.Reading })
}

func (d *Dashboards) compare(ctx context.Context, p params, s scope, of func(figures) (part, whole *int, rate *share)) (equity, error) {
	if p.By == "" {
		p.By = axisOrg
	}
	p.Every = ""
	a, err := d.figure(ctx, p, s, false)
	if err != nil {
		return equity{}, err
	}
	e := equity{From: a.From, To: a.To, Since: a.Since, By: p.By, Groups: []reachedGroup{}, why: a.why}
	var parts, wholes []int
	var rates []float64
	best := 0.
	for _, row := range a.Rows {
		part, whole, r := of(row)
		if r == nil || *row.Value == analytics.Mixed {
			continue
		}
		e.Groups = append(e.Groups, reachedGroup{Value: *row.Value, Targeted: row.Targeted, Shown: row.Shown, Readers: row.Readers, Rate: r})
		parts, wholes, rates = append(parts, *part), append(wholes, *whole), append(rates, r.Value)
		best = max(best, r.Value)
	}
	if len(rates) > 0 {
		spread := gini(rates, wholes)
		e.Gini = &spread
	}
	for i, drawn := range pooled(parts, wholes) {
		e.Groups[i].Pooled = drawn
		if best > 0 {
			ratio := round4(rates[i] / best)
			e.Groups[i].Ratio = &ratio
		}
	}
	slices.SortStableFunc(e.Groups, func(x, y reachedGroup) int { return cmp.Compare(x.Rate.Value, y.Rate.Value) })
	return e, nil
}

// week is what agents were shown in one week.
type week struct {
	Week     string   `json:"week" doc:"Lundi / Monday"`
	Agents   *int     `json:"agents" nullable:"true" doc:"Agents à qui un contenu est apparu / agents whom a content was shown to"`
	Contents int      `json:"contents" doc:"Contenus parus à assez d'agents pour être comptés / contents shown to enough agents to be counted"`
	PerAgent *float64 `json:"per_agent" nullable:"true" doc:"Contenus par agent / contents an agent"`
}

// sender is how much one source sends.
type sender struct {
	Source   string `json:"source" doc:"Service qui communique ; vide : aucun / the service that communicates; empty: none"`
	Contents int    `json:"contents"`
	Shown    int    `json:"shown" doc:"Apparitions, une par agent, contenu et semaine / times shown, one for each agent, content and week"`
}

type pressure struct {
	From    string   `json:"from"`
	To      string   `json:"to" doc:"Dernier jour, compris / last day, inclusive"`
	Since   string   `json:"detailed_from,omitempty" doc:"Premier jour connu en détail ; absent si tous le sont / first day known in detail; absent when all are"`
	Weeks   []week   `json:"weeks"`
	Senders []sender `json:"senders" doc:"Ceux qui envoient le plus d'abord / those who send most first"`
}

// maxPressure bounds the days that communication pressure is asked about.
const maxPressure = 92

func (d *Dashboards) pressure(ctx context.Context, p params, s scope) (pressure, error) {
	if p.By != "" || p.Every != "" {
		field := "query.by"
		if p.By == "" {
			field = "query.every"
		}
		return pressure{}, fil.NewFault(field, "ne va pas avec la pression : elle est par semaine et par source", "does not go with pressure: it is by week and by source")
	}
	q, err := d.question(p, false)
	if err != nil {
		return pressure{}, err
	}
	if q.asked.AddDate(0, 0, maxPressure).Before(q.To) {
		return pressure{}, fil.NewFault("query.from", "est à plus de 92 jours de to", "is more than 92 days before to")
	}
	q.To = analytics.Earlier(q.To, d.today()) // by content, so of days that are over
	q.From = analytics.MondayOf(q.From)       // weeks are whole, but for the last one
	if q.Contents, err = s.ids(); err != nil {
		return pressure{}, err
	}
	counts, err := d.countPressure(ctx, q)
	if err != nil {
		return pressure{}, err
	}
	out := pressure{From: q.asked.Format(time.DateOnly), To: q.To.AddDate(0, 0, -1).Format(time.DateOnly), Since: d.detailed(q)}
	out.Weeks, out.Senders = d.pressed(counts)
	return out, nil
}

func (d *Dashboards) pressed(counts []cellCount) (weeks []week, senders []sender) {
	weeks, senders = []week{}, []sender{}
	bySource, contents := map[string]*sender{}, map[string]bool{}
	shown := map[string]int{}
	for _, c := range counts {
		if len(weeks) == 0 || weeks[len(weeks)-1].Week != c.Period {
			weeks = append(weeks, week{Week: c.Period})
		}
		w := &weeks[len(weeks)-1]
		if c.Value == "" {
			w.Agents = d.Guard.Count(c.Agents)
			continue
		}
		if d.Guard.Withholds(c.Agents) || c.Agents == 0 {
			continue
		}
		w.Contents++
		shown[c.Period] += c.Agents
		known, _ := d.Contents.Content(c.Value)
		of := bySource[known.Source]
		if of == nil {
			of = &sender{Source: known.Source}
			bySource[known.Source] = of
		}
		if of.Shown += c.Agents; !contents[c.Value] {
			contents[c.Value] = true
			of.Contents++
		}
	}
	for i := range weeks {
		if w := &weeks[i]; w.Agents != nil && *w.Agents > 0 {
			each := round4(float64(shown[w.Week]) / float64(*w.Agents))
			w.PerAgent = &each
		}
	}
	for _, of := range bySource {
		senders = append(senders, *of)
	}
	slices.SortFunc(senders, func(x, y sender) int { return cmp.Or(cmp.Compare(y.Shown, x.Shown), cmp.Compare(x.Source, y.Source)) })
	return weeks, senders
}

// slot is one hour of the week.
type slot struct {
	Weekday int  `json:"weekday" doc:"1 : lundi / 1: Monday"`
	Hour    int  `json:"hour" doc:"De 0 à 23, dans le fuseau de la maison / from 0 to 23, in the house's zone"`
	Shown   *int `json:"shown" nullable:"true" doc:"Agents présents, sommés par mois / agents present, summed over months"`
	Opened  *int `json:"opened" nullable:"true"`
	Readers *int `json:"readers" nullable:"true"`
}

type hours struct {
	From  string `json:"from"`
	To    string `json:"to" doc:"Dernier jour, compris / last day, inclusive"`
	Since string `json:"detailed_from,omitempty" doc:"Premier jour connu en détail ; absent si tous le sont / first day known in detail; absent when all are"`
	Slots []slot `json:"slots"`
}

// hours are of whole months, the last of them going on.
func (d *Dashboards) hours(ctx context.Context, p params) (hours, error) {
	if p.By != "" || p.Every != "" {
		return hours{}, fil.NewFault("query.by", "ne va pas avec les heures", "does not go with hours")
	}
	if fil.CallerFrom(ctx).Perimeter != "" {
		return hours{}, fil.NewFault("query", "porte sur toute la maison : votre clé est bornée à un périmètre", "is about the whole house: your key is bounded to a perimeter")
	}
	q, err := d.question(p, false)
	if err != nil {
		return hours{}, err
	}
	q.From, q.asked = analytics.Later(q.From.AddDate(0, 0, 1-q.From.Day()), d.horizon()), q.asked.AddDate(0, 0, 1-q.asked.Day())
	out := hours{From: q.asked.Format(time.DateOnly), To: q.To.AddDate(0, 0, -1).Format(time.DateOnly), Since: d.detailed(q), Slots: make([]slot, hoursOfWeek)}
	if last := q.To.AddDate(0, 0, -1); q.From.Before(q.To) {
		q.To = last.AddDate(0, 1, 1-last.Day())
	}
	counts, err := d.countHours(ctx, q)
	if err != nil {
		return hours{}, err
	}
	for i := range out.Slots {
		of := func(kind fil.EngagementKind) *int {
			if out.Since != "" && !q.From.Before(q.To) {
				return nil
			}
			if counts[kind] == nil {
				return new(int)
			}
			return d.Guard.Count(counts[kind][i].agents)
		}
		out.Slots[i] = slot{Weekday: i/24 + 1, Hour: i % 24, Shown: of(fil.Impression), Opened: of(fil.Open), Readers: of(fil.Read)}
	}
	return out, nil
}
