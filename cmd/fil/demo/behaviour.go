package demo

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// days is how far back the month of reading goes.
const days = 30

// Engagements gives what agents did with the contents during the thirty days before the anchor, in the order of time.
// Working hours are those of the anchor's time zone. Identities are Source and "d-000001", "d-000002"…
func Engagements(anchor time.Time) iter.Seq[fil.Event] {
	return func(yield func(fil.Event) bool) {
		for i, engagement := range simulate(anchor) {
			event, err := engagement.Event(Source, fmt.Sprintf("d-%06d", i+1))
			if err != nil {
				panic(fmt.Sprintf("demonstration event %d: %v", i+1, err)) // plain texts and numbers always encode
			}
			if !yield(event) {
				return
			}
		}
	}
}

// simulate lets every agent live their month, each with random numbers of their own.
func simulate(anchor time.Time) []fil.Engagement {
	b := readBody()
	agents := b.agents()
	articles := articlesFor(agents, Contents(anchor))
	topics := readTopics()
	var all []fil.Engagement
	for n, agent := range agents {
		title, _ := agent.Attributes["job"].(string)
		p := newPerson(agent, b.Jobs[title], topics)
		if p == nil {
			continue
		}
		var mine []*article
		for _, a := range articles {
			if a.opensTo(n) {
				mine = append(mine, a)
			}
		}
		all = append(all, p.month(anchor, mine)...)
	}
	slices.SortFunc(all, func(a, b fil.Engagement) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Agent, b.Agent), strings.Compare(a.Content, b.Content), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return all
}

// person is an agent with habits.
type person struct {
	id        string
	rand      *rand.Rand
	presence  float64            // chance of coming on a working day
	outdoors  bool               // comes early, at noon or before leaving, and some Saturdays
	curiosity float64            // multiplies every chance of opening; 1 is ordinary
	warmth    float64            // multiplies every chance of reacting
	interests map[string]float64 // by topic's name
	shown     map[string]int     // times shown, by content
	opened    map[string]bool
}

// newPerson gives nil for an agent who never comes.
func newPerson(agent fil.Agent, j job, topics map[string]string) *person {
	r := stream("behaviour/" + agent.ID)
	if r.Float64() < j.Absent {
		return nil
	}
	p := &person{
		id: agent.ID, rand: r, outdoors: j.Telework == 0, interests: map[string]float64{},
		presence:  min(0.95, j.Presence*math.Exp(0.35*r.NormFloat64())),
		curiosity: math.Exp(0.3 * r.NormFloat64()),
		warmth:    math.Exp(0.5 * r.NormFloat64()),
		shown:     map[string]int{}, opened: map[string]bool{},
	}
	slugs := slices.Sorted(maps.Keys(topics))
	for _, slug := range slugs {
		weight, ok := j.Interests[slug]
		if !ok {
			weight = 1
		}
		p.interests[topics[slug]] = weight * math.Exp(0.45*r.NormFloat64())
	}
	p.interests[topics[slugs[r.IntN(len(slugs))]]] *= 2.5 // everyone has a hobby
	return p
}

// month lives the days before the anchor.
func (p *person) month(anchor time.Time, articles []*article) []fil.Engagement {
	var did []fil.Engagement
	year, month, day := anchor.Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, anchor.Location())
	for ago := days; ago >= 0; ago-- {
		today := midnight.AddDate(0, 0, -ago)
		chance := p.presence * 0.7 // less leave and training
		switch weekday := today.Weekday(); {
		case weekday == time.Sunday:
			chance = 0
		case weekday == time.Saturday && !p.outdoors:
			chance *= 0.02
		case weekday == time.Saturday:
			chance *= 0.25
		}
		for visit := 0; visit < 2 && p.rand.Float64() < chance; visit++ {
			at := today.Add(p.hour())
			did = append(did, p.session(at, articles)...)
			chance *= 0.2
		}
	}
	return slices.DeleteFunc(did, func(e fil.Engagement) bool { return e.Time.After(anchor) || e.Time.Before(anchor.AddDate(0, 0, -days)) })
}

// hour draws when in the day someone opens the feed.
func (p *person) hour() time.Duration {
	peaks := []float64{8.75, 8.75, 9, 11.5, 13.3, 13.3, 16.5}
	if p.outdoors {
		peaks = []float64{6.9, 6.9, 12.2, 12.6, 16.2}
	}
	hour := peaks[p.rand.IntN(len(peaks))] + 0.35*p.rand.NormFloat64()
	return time.Duration(min(max(hour, 5.5), 20) * float64(time.Hour)).Truncate(time.Second)
}

// session scrolls through what is new, as the platform of the time showed it: newest first, with a lift for what is
// urgent or written for few.
func (p *person) session(at time.Time, articles []*article) []fil.Engagement {
	page := p.page(at, articles)
	var did []fil.Engagement
	for rank, a := range page {
		at = at.Add(time.Duration(1+p.rand.IntN(4)) * time.Second)
		did = append(did, p.act(fil.Impression, a, at))
		p.shown[a.ID]++
		interest := p.interest(a)
		chance := 0.16 * p.curiosity * a.appeal * interest / (1 + 0.12*float64(rank))
		if !a.MandatoryUntil.IsZero() {
			chance += 0.25
		}
		if p.rand.Float64() >= min(chance, 0.9) {
			if p.rand.Float64() < 0.02/interest {
				did = append(did, p.act(fil.Dismiss, a, at.Add(time.Second)))
				p.opened[a.ID] = true
			}
			continue
		}
		var reading []fil.Engagement
		reading, at = p.read(a, at.Add(time.Second), interest)
		did = append(did, reading...)
	}
	return did
}

// page picks the few contents that a visit shows: live, not opened before, and not shown twice already.
func (p *person) page(at time.Time, articles []*article) []*article {
	var page []*article
	for _, a := range articles {
		if a.LiveAt(at) && !p.opened[a.ID] && p.shown[a.ID] < 2 {
			page = append(page, a)
		}
	}
	standing := func(a *article) time.Time {
		lift := time.Duration(a.Priority) * 18 * time.Hour
		if a.open != nil {
			lift += 30 * time.Hour // written for them
		}
		return a.PublishedAt.Add(lift)
	}
	slices.SortFunc(page, func(a, b *article) int {
		return cmp.Or(standing(b).Compare(standing(a)), strings.Compare(a.ID, b.ID))
	})
	return page[:min(len(page), 1+p.rand.IntN(4))]
}

// interest is how much a content's topics mean to this person; 1 is indifference.
func (p *person) interest(a *article) float64 {
	most, sum := 0.0, 0.0
	for _, topic := range a.Topics {
		most, sum = max(most, p.interests[topic]), sum+p.interests[topic]
	}
	mean := sum / float64(len(a.Topics))
	interest := 0.6*most + 0.4*mean
	if a.open != nil {
		interest *= 1.3 // written for them
	}
	return interest
}

// read opens a content and stays on it, and gives the moment of leaving.
func (p *person) read(a *article, at time.Time, interest float64) ([]fil.Engagement, time.Time) {
	p.opened[a.ID] = true
	did := []fil.Engagement{p.act(fil.Open, a, at)}
	part := min(1, 0.45*math.Sqrt(interest)*math.Exp(0.4*p.rand.NormFloat64())) // of the text
	seconds := math.Round(2 + part*float64(a.words)/3.6)                        // 216 words a minute
	at = at.Add(time.Duration(seconds) * time.Second)
	dwell := p.act(fil.Dwell, a, at)
	dwell.Dwell = seconds
	did = append(did, dwell)
	if part < 0.5 {
		return did, at
	}
	did = append(did, p.act(fil.Read, a, at))
	for _, then := range p.reactions(a) {
		at = at.Add(time.Duration(1+p.rand.IntN(5)) * time.Second)
		did = append(did, p.act(then, a, at))
	}
	return did, at
}

// reactions draws what follows a full reading.
func (p *person) reactions(a *article) []fil.EngagementKind {
	var kinds []fil.EngagementKind
	may := func(kind fil.EngagementKind, chance float64) {
		if p.rand.Float64() < chance {
			kinds = append(kinds, kind)
		}
	}
	may(fil.Reaction, p.warmth*map[string]float64{"recognition": 0.4, "news": 0.12, "event": 0.1}[a.Kind])
	may(fil.Click, map[string]float64{"survey": 0.55, "event": 0.3, "document": 0.2}[a.Kind])
	may(fil.Save, map[string]float64{"document": 0.18, "event": 0.08, "news": 0.02}[a.Kind])
	may(fil.Comment, 0.02*p.warmth)
	may(fil.Share, 0.02)
	may(fil.Follow, 0.006)
	if !a.MandatoryUntil.IsZero() {
		may(fil.Acknowledge, 0.85)
	}
	return kinds
}

func (p *person) act(kind fil.EngagementKind, a *article, at time.Time) fil.Engagement {
	return fil.Engagement{Kind: kind, Agent: p.id, Content: a.ID, Time: at.UTC()}
}
