package demo

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/cmd/fil/config"
)

// article is a content with what makes it be read.
type article struct {
	fil.Content
	appeal float64 // 1 for an ordinary one: some texts please everybody
	words  int
	open   []bool // by agent's rank: may read it; nil is everyone
}

// opensTo says whether the agent of a rank may read it.
func (a *article) opensTo(rank int) bool {
	if a.open == nil {
		return true
	}
	return a.open[rank]
}

// articlesFor says who may read what, by the same index that the product uses.
func articlesFor(agents []fil.Agent, contents []fil.Content) []*article {
	within := memberships(agents)
	articles := make([]*article, len(contents))
	for i, c := range contents {
		a := &article{Content: c, words: len(strings.Fields(c.Body)), appeal: math.Exp(0.45 * stream("appeal/"+c.ID).NormFloat64())}
		if len(c.Audiences) > 0 {
			a.open = make([]bool, len(agents))
		}
		for _, audience := range c.Audiences {
			for n, in := range within[audience] {
				a.open[n] = a.open[n] || in
			}
		}
		articles[i] = a
	}
	return articles
}

// memberships gives, for each audience, which agents are in it, by rank.
func memberships(agents []fil.Agent) map[string][]bool {
	index := audiences.NewIndex(config.Default().Attributes, audiences.Config{})
	must(index.ApplyAgents(recordsOf(fil.TopicAgents, agents, func(a fil.Agent) string { return a.ID })))
	all := Audiences()
	must(index.ApplyAudiences(recordsOf(fil.TopicAudiences, all, func(a fil.Audience) string { return a.ID })))
	within := map[string][]bool{}
	for _, audience := range all {
		within[audience.ID] = make([]bool, len(agents))
	}
	for n, agent := range agents {
		member, _ := index.Member(agent.ID)
		for id := range within {
			within[id][n] = member.In(id)
		}
	}
	return within
}

// recordsOf puts values in records, as the log would give them.
func recordsOf[T any](topic fil.Topic, values []T, id func(T) string) []fil.Record {
	records := make([]fil.Record, len(values))
	for i, value := range values {
		raw, err := json.Marshal(value)
		must(err)
		records[i] = fil.Record{
			Position: fil.Position{Topic: topic, Offset: int64(i)}, Key: id(value),
			Event: fil.Event{ID: id(value), Source: Source, Data: raw},
		}
	}
	return records
}
