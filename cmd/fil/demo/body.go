package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// body is the public body as body.yaml describes it.
type body struct {
	Region    string         `yaml:"region"`
	Country   string         `yaml:"country"`
	AsOf      string         `yaml:"as_of"`
	Skills    []string       `yaml:"skills"`
	Contracts shares         `yaml:"contracts"`
	Jobs      map[string]job `yaml:"jobs"`
	Units     []unit         `yaml:"units"`
}

type job struct {
	Corps     string             `yaml:"corps"`
	Category  string             `yaml:"category"`
	Grades    shares             `yaml:"grades"`
	Contract  string             `yaml:"contract"`
	Manager   bool               `yaml:"manager"`
	Telework  int                `yaml:"telework"`
	Presence  float64            `yaml:"presence"`
	Absent    float64            `yaml:"absent"`
	Skills    []string           `yaml:"skills"`
	Interests map[string]float64 `yaml:"interests"`
}

type unit struct {
	Org      string `yaml:"org"`
	Service  string `yaml:"service"`
	Site     string `yaml:"site"`
	Region   string `yaml:"region"`
	Country  string `yaml:"country"`
	Language string `yaml:"language"`
	Jobs     shares `yaml:"jobs"`
}

func readBody() body {
	var b body
	load("body.yaml", &b)
	must(b.check(readTopics()))
	return b
}

// check finds the names in body.yaml that nothing answers to.
func (b body) check(topics map[string]string) error {
	for title, j := range b.Jobs {
		for slug := range j.Interests {
			if topics[slug] == "" {
				return fmt.Errorf("body.yaml: job %s: %s is not in topics.yaml", title, slug)
			}
		}
	}
	for _, u := range b.Units {
		for _, post := range u.Jobs {
			if _, ok := b.Jobs[post.name]; !ok {
				return fmt.Errorf("body.yaml: unit %s: job %s is not described", u.Org, post.name)
			}
		}
	}
	return nil
}

// Agents gives the body's agents, sorted by id ("a0001"…).
func Agents() []fil.Agent { return readBody().agents() }

func (b body) agents() []fil.Agent {
	var agents []fil.Agent
	for _, u := range b.Units {
		for _, post := range u.Jobs {
			for n := range post.weight {
				agents = append(agents, b.hire(u, post.name, stream(fmt.Sprintf("%s/%s/%d", u.Org, post.name, n))))
			}
		}
	}
	// Ids are given at random, so that neighbours in a list come from everywhere.
	stream("ids").Shuffle(len(agents), func(i, j int) { agents[i], agents[j] = agents[j], agents[i] })
	for i := range agents {
		agents[i].ID = fmt.Sprintf("a%04d", i+1)
	}
	return agents
}

func (b body) hire(u unit, title string, r *rand.Rand) fil.Agent {
	j := b.Jobs[title]
	contract := b.contract(j, r)
	agent := fil.Agent{Org: u.Org, Site: u.Site, Language: u.Language}
	if agent.Language == "" && r.Float64() < 0.01 {
		agent.Language = "en"
	}
	agent.Attributes = map[string]any{
		"branch":        "territoriale",
		"service":       u.Service,
		"job":           title,
		"corps":         j.Corps,
		"grade":         j.Grades.draw(r),
		"category":      j.Category,
		"contract":      contract,
		"manager":       j.Manager || j.Category == "A" && r.Float64() < 0.04,
		"telework_days": telework(j, r),
		"hired":         b.hired(contract, r),
		"skills":        b.skills(j, r),
		"region":        or(u.Region, b.Region),
		"country":       or(u.Country, b.Country),
	}
	return agent
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func (b body) contract(j job, r *rand.Rand) string {
	switch {
	case j.Contract != "":
		return j.Contract
	case j.Manager:
		return "titulaire"
	default:
		return b.Contracts.draw(r)
	}
}

// telework gives the days a week: one agent in three who could ask does not.
func telework(j job, r *rand.Rand) float64 {
	if j.Telework == 0 || r.Float64() < 0.33 {
		return 0
	}
	return float64(1 + r.IntN(j.Telework))
}

// hired draws how long ago someone came: tenures fade over a dozen years, short contracts over one.
func (b body) hired(contract string, r *rand.Rand) string {
	mean, most := 11.0, 39.0
	switch contract {
	case "contrat à durée déterminée", "apprentissage", "stagiaire":
		mean, most = 0.9, 2.8
	}
	years := r.ExpFloat64() * mean
	if years > most {
		years = r.Float64() * most
	}
	asOf, err := time.Parse(time.DateOnly, b.AsOf)
	must(err)
	return asOf.AddDate(0, 0, -int(years*365.25)).Format(time.DateOnly)
}

// skills draws some of the job's and, more rarely, some that have nothing to do with it.
func (b body) skills(j job, r *rand.Rand) []string {
	skills := []string{}
	for _, skill := range j.Skills {
		if r.Float64() < 0.4 {
			skills = append(skills, skill)
		}
	}
	for _, skill := range b.Skills {
		if r.Float64() < 0.07 {
			skills = append(skills, skill)
		}
	}
	slices.SortFunc(skills, strings.Compare)
	return slices.Compact(skills)
}
