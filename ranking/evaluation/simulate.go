package evaluation

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
)

// Simulation is a made-up house in which what discovery costs and gains can be told. A replay cannot tell it: of what nobody
// was shown, a log says nothing. Feeds are those of ranking.Ranker, rules included, and what agents do is learned by
// learning.Memory; only the agents and the contents are made up.
//
// Each agent likes two topics. Each content is of one topic, is live for a week and has an appeal that nothing tells but what
// agents do (log-normal). An agent looks at a feed from the top, goes on to the next place with a chance of 0.85, and reads
// what they look at with a chance of 0.1, times the appeal, times 3 if they like the topic and a half if not, 0.9 at most. Whether
// they would read a content is drawn once, alike for all shares, so that these are compared on the same luck; who passes a
// content over does so again.
type Simulation struct {
	Policy   ranking.Policy
	Shares   []float64 // of places reserved for discovery; the first is what the others are compared with
	Seeds    int       // houses, each drawn anew
	Days     int
	Agents   int
	Daily    int // contents published each day
	Topics   int
	Progress func(done, all int) // hears of days lived; may be nil
}

// DefaultSimulation is a house of 200 agents, two visits a day each and 40 contents a day, for four weeks, ten times over.
func DefaultSimulation(policy ranking.Policy) Simulation {
	return Simulation{Policy: policy, Shares: []float64{0, 0.02, 0.05, 0.1, 0.2}, Seeds: 10, Days: 28, Agents: 200, Daily: 40, Topics: 12}
}

// Discovered is what came of one share.
type Discovered struct {
	Share      Number `json:"share"`
	Reads      Number `json:"reads_per_visit"`
	ReadsErr   Number `json:"reads_per_visit_stderr"` // over houses
	Gain       Number `json:"gain"`                   // of reads per visit, over the first share
	GainErr    Number `json:"gain_stderr"`            // paired by house
	FirstWeek  Number `json:"gain_first_week"`
	FirstErr   Number `json:"gain_first_week_stderr"`
	LastWeek   Number `json:"gain_last_week"`
	LastErr    Number `json:"gain_last_week_stderr"`
	Shown      Number `json:"contents_shown"` // share of the contents that at least ten agents looked at
	ShownErr   Number `json:"contents_shown_stderr"`
	BestMissed Number `json:"best_missed"` // of the tenth with the most appeal, the share that at most a tenth of the agents looked at
	MissedErr  Number `json:"best_missed_stderr"`
}

// week is seven days, in days.
const week = 7

// lived is what came of one house under one share.
type lived struct {
	visits, reads [3]float64 // in all, in the first week, in the last
	shown, missed float64
}

func (l *lived) rate(i int) float64 { return l.reads[i] / max(1, l.visits[i]) }

// Run lives every house under every share, one after another.
func (s Simulation) Run(ctx context.Context) ([]Discovered, error) {
	all := make([][]lived, len(s.Shares)) // by share, by house
	done := 0
	for seed := range s.Seeds {
		for i, share := range s.Shares {
			house, err := s.house(uint64(seed)+1, share)
			if err != nil {
				return nil, err
			}
			for day := range s.Days {
				if err := ctx.Err(); err != nil {
					return nil, fmt.Errorf("simulate: %w", err)
				}
				if err := house.live(day); err != nil {
					return nil, err
				}
				done++
				if s.Progress != nil {
					s.Progress(done, s.Seeds*len(s.Shares)*s.Days)
				}
			}
			all[i] = append(all[i], house.close())
		}
	}
	out := make([]Discovered, len(s.Shares))
	for i, share := range s.Shares {
		out[i] = discovered(share, all[i], all[0])
	}
	return out, nil
}

func discovered(share float64, own, first []lived) Discovered {
	var reads, shown, missed mean
	var gains [3]mean
	for i := range own {
		reads.add(own[i].rate(0))
		shown.add(own[i].shown)
		missed.add(own[i].missed)
		for k := range gains {
			gains[k].add(own[i].rate(k) - first[i].rate(k))
		}
	}
	return Discovered{
		Share: Number(share), Reads: Number(reads.value()), ReadsErr: Number(reads.stderr()),
		Gain: Number(gains[0].value()), GainErr: Number(gains[0].stderr()),
		FirstWeek: Number(gains[1].value()), FirstErr: Number(gains[1].stderr()), LastWeek: Number(gains[2].value()), LastErr: Number(gains[2].stderr()),
		Shown: Number(shown.value()), ShownErr: Number(shown.stderr()), BestMissed: Number(missed.value()), MissedErr: Number(missed.stderr()),
	}
}

// house is one made-up house under one share.
type house struct {
	Simulation
	seed     uint64
	random   *rand.Rand // when agents come, alike under all shares
	start    time.Time
	ranker   *ranking.Ranker
	memory   *learning.Memory
	likes    [][2]int // by agent: topics
	ids      []string // of contents, in the order in which they are published
	topic    []int    // by content
	appeal   []float64
	number   map[fil.ContentKey]int
	lookedAt []map[int]bool  // by content: agents
	read     map[[2]int]bool // agent, content
	lived
}

// luck is a stream of draws, the same for the same numbers.
func luck(seed, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, stream)) //nolint:gosec // made-up agents have no secret
}

// dealing gives everyone the same organisation and no audience.
type dealing struct{}

func (dealing) Member(string) (ranking.Member, bool) { return resident{}, true }

type resident struct{}

func (resident) In(string) bool   { return true }
func (resident) Org() string      { return "" }
func (resident) Language() string { return "" }
func (resident) Stamp() uint64    { return 0 }

func (s Simulation) house(seed uint64, share float64) (*house, error) {
	h := &house{
		Simulation: s, seed: seed, random: luck(seed, 1), start: time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC),
		memory: learning.NewMemory(nil), number: map[fil.ContentKey]int{}, read: map[[2]int]bool{},
	}
	random := luck(seed, 2)
	for range s.Agents {
		first := random.IntN(s.Topics)
		h.likes = append(h.likes, [2]int{first, (first + 1 + random.IntN(s.Topics-1)) % s.Topics})
	}
	var records []fil.Record
	for day := range s.Days {
		for range s.Daily {
			at := h.start.Add(time.Duration(day)*24*time.Hour + 7*time.Hour + time.Duration(random.IntN(10*60))*time.Minute)
			topic := random.IntN(s.Topics)
			id := "content-" + strconv.Itoa(len(h.ids))
			event, err := fil.NewEvent(fil.TypeContent, "/simulation", id, at, fil.Content{
				ID: id, Kind: fil.ContentKinds()[0], Title: id, Topics: []string{"topic-" + strconv.Itoa(topic)}, PublishedAt: at, ExpiresAt: at.Add(week * 24 * time.Hour),
			})
			if err != nil {
				return nil, fmt.Errorf("make up a content: %w", err)
			}
			records = append(records, fil.Record{Key: id, Event: event})
			h.number[fil.KeyOf(id)] = len(h.ids)
			h.ids, h.topic, h.appeal = append(h.ids, id), append(h.topic, topic), append(h.appeal, math.Exp2(1.2*random.NormFloat64()))
			h.lookedAt = append(h.lookedAt, map[int]bool{})
		}
	}
	catalogue := ranking.NewCatalogue()
	if err := catalogue.Apply(records); err != nil {
		return nil, fmt.Errorf("make up contents: %w", err)
	}
	policy := s.Policy
	policy.Exploration.Share = share
	h.ranker = ranking.NewRanker(policy, catalogue, dealing{}, h.memory.Trends)
	return h, nil
}

// visit is an agent who comes at a moment.
type visit struct {
	minute, agent int
}

// live lives one day: two visits of each agent on average, between 7 and 21.
func (h *house) live(day int) error {
	var visits []visit
	for agent := range h.Agents {
		for range 2 + h.random.IntN(3) - 1 {
			visits = append(visits, visit{(7*60 + h.random.IntN(14*60)) / 5 * 5, agent})
		}
	}
	slices.SortFunc(visits, func(a, b visit) int { return cmp.Or(cmp.Compare(a.minute, b.minute), cmp.Compare(a.agent, b.agent)) })
	for i, v := range visits {
		reads, err := h.receive(v.agent, h.start.Add(time.Duration(day)*24*time.Hour+time.Duration(v.minute)*time.Minute), uint64(day)<<32|uint64(i))
		if err != nil {
			return err
		}
		for k, in := range [3]bool{true, day < week, day >= h.Days-week} {
			if in {
				h.visits[k]++
				h.reads[k] += reads
			}
		}
	}
	return nil
}

// receive shows an agent their feed, and learns what they do.
func (h *house) receive(agent int, now time.Time, turn uint64) (reads float64, err error) {
	id := "agent-" + strconv.Itoa(agent)
	feed, _, err := h.ranker.Rank(id, h.memory.Profile(id).Bytes(), fil.OrderRanked, now)
	if err != nil {
		return 0, fmt.Errorf("rank a made-up feed: %w", err)
	}
	patience := luck(h.seed, turn)
	length := 1
	for length < len(feed.Entries) && patience.Float64() < 0.85 {
		length++
	}
	for _, entry := range feed.Entries[:min(length, len(feed.Entries))] {
		content := h.number[entry.Content]
		h.lookedAt[content][agent] = true
		h.memory.Observe(fil.Engagement{Kind: fil.Impression, Agent: id, Content: h.ids[content], Time: now})
		if once := [2]int{agent, content}; !h.read[once] && luck(h.seed<<32|uint64(agent), uint64(content)).Float64() < h.chance(agent, content) {
			h.read[once] = true
			h.memory.Observe(fil.Engagement{Kind: fil.Read, Agent: id, Content: h.ids[content], Time: now})
			reads++
		}
	}
	return reads, nil
}

// chance is that of an agent reading what they look at.
func (h *house) chance(agent, content int) float64 {
	liking := 0.5
	if likes := h.likes[agent]; h.topic[content] == likes[0] || h.topic[content] == likes[1] {
		liking = 3
	}
	return min(0.9, 0.1*h.appeal[content]*liking)
}

// close works out what became of the contents.
func (h *house) close() lived {
	const enough = 10 // agents
	for _, agents := range h.lookedAt {
		if len(agents) >= enough {
			h.shown += 1 / float64(len(h.ids))
		}
	}
	best := make([]int, len(h.ids))
	for i := range best {
		best[i] = i
	}
	slices.SortFunc(best, func(a, b int) int { return cmp.Compare(h.appeal[b], h.appeal[a]) })
	best = best[:max(1, len(best)/10)]
	for _, content := range best {
		if len(h.lookedAt[content])*10 <= h.Agents {
			h.missed += 1 / float64(len(best))
		}
	}
	return h.lived
}
