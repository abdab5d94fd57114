package ranking

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/filengine/fil"
)

//go:embed policy.yaml
var defaultPolicy []byte

// maxPolicyBytes bounds a policy file.
const maxPolicyBytes = 64 << 10

// Policy holds every number that the ranking uses. The file ranking/policy.yaml says what each is for; the names here
// are its keys. It is versioned: two policies that differ anywhere have different versions.
type Policy struct {
	// Version is the name and a digest of the whole content, such as "fil-1-3f2a9c01".
	Version string `yaml:"-" json:"-"`

	Name      string `yaml:"name" json:"name"`
	HalfLives struct {
		PublicationHours float64 `yaml:"publication_hours" json:"publication_hours"`
		AffinityDays     float64 `yaml:"affinity_days" json:"affinity_days"`
		LikenessDays     float64 `yaml:"likeness_days" json:"likeness_days"`
		ThreadHours      float64 `yaml:"thread_hours" json:"thread_hours"`
	} `yaml:"half_lives" json:"half_lives"`
	Signals            map[fil.EngagementKind]float64 `yaml:"signals" json:"signals"`
	DwellMinutesAtMost float64                        `yaml:"dwell_minutes_at_most" json:"dwell_minutes_at_most"`
	Weights            Weights                        `yaml:"weights" json:"weights"`
	Priors             struct {
		Reads    float64 `yaml:"reads" json:"reads"`
		Appeal   float64 `yaml:"appeal" json:"appeal"`
		Affinity float64 `yaml:"affinity" json:"affinity"`
	} `yaml:"priors" json:"priors"`
	Terms []Term `yaml:"terms" json:"terms"`
	Rules struct {
		Order          []Rule               `yaml:"order" json:"order"`
		MandatoryFirst bool                 `yaml:"mandatory_first" json:"mandatory_first"`
		PinnedAtMost   int                  `yaml:"pinned_at_most" json:"pinned_at_most"`
		SeenBy         []fil.EngagementKind `yaml:"seen_by" json:"seen_by"`
		SeenAfterShown int                  `yaml:"seen_after_shown" json:"seen_after_shown"`
		CapsAmongFirst int                  `yaml:"caps_among_first" json:"caps_among_first"`
		CapPerSource   int                  `yaml:"cap_per_source" json:"cap_per_source"`
		CapPerTopic    int                  `yaml:"cap_per_topic" json:"cap_per_topic"`

		CommunityWithin int `yaml:"community_within" json:"community_within"`
	} `yaml:"rules" json:"rules"`
	Exploration struct {
		Share float64 `yaml:"share" json:"share"`
		Prior float64 `yaml:"prior" json:"prior"`
	} `yaml:"exploration" json:"exploration"`
	Holdout struct {
		Share float64 `yaml:"share" json:"share"`
	} `yaml:"holdout" json:"holdout"`
	Newcomers struct {
		Acts int     `yaml:"acts" json:"acts"`
		Org  float64 `yaml:"org" json:"org"`
	} `yaml:"newcomers" json:"newcomers"`
	FeedLength  int     `yaml:"feed_length" json:"feed_length"`
	Candidates  int     `yaml:"candidates" json:"candidates"`
	TickMinutes float64 `yaml:"tick_minutes" json:"tick_minutes"`
}

// DefaultPolicy is the policy that is used when the operator gives none: ranking/policy.yaml.
func DefaultPolicy() Policy {
	p, err := decodePolicy(Policy{}, defaultPolicy)
	if err != nil {
		panic("ranking: the policy embedded at build time is not valid: " + err.Error())
	}
	return p
}

// ParsePolicy reads a policy file in YAML. A key left out keeps its default, an unknown one is refused. The error
// holds every fault (fil.FaultsOf), each with its key or its line.
func ParsePolicy(file []byte) (Policy, error) {
	p, err := decodePolicy(DefaultPolicy(), file)
	if err != nil {
		return Policy{}, fmt.Errorf("parse policy: %w", err)
	}
	return p, nil
}

// File writes the policy as a file that ParsePolicy reads, with every key and without comments.
func (p Policy) File() ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(p); err != nil {
		return nil, fmt.Errorf("write policy %s: %w", p.Name, err)
	}
	return out.Bytes(), nil
}

func decodePolicy(p Policy, file []byte) (Policy, error) {
	if len(file) > maxPolicyBytes {
		return Policy{}, fil.NewFault("policy", "dépasse 64 Kio", "is over 64 KiB")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(file))
	decoder.KnownFields(true)
	faults := yamlFaults(decoder.Decode(&p))
	if len(faults) == 0 && !errors.Is(decoder.Decode(&yaml.Node{}), io.EOF) {
		faults.Add("policy", "ne doit tenir qu'un seul document", "must hold a single document")
	}
	p.check(&faults)
	if err := faults.Err(); err != nil {
		return Policy{}, err
	}
	slices.Sort(p.Rules.SeenBy)
	if p.Terms == nil {
		p.Terms = []Term{} // none is written in one way
	}
	canonical, err := json.Marshal(p)
	if err != nil {
		return Policy{}, fmt.Errorf("encode policy %s: %w", p.Name, err)
	}
	digest := sha256.Sum256(canonical)
	p.Version = p.Name + "-" + hex.EncodeToString(digest[:4])
	return p, nil
}

var lineOfYAML = regexp.MustCompile(`^line (\d+): (.*)$`)

// yamlFaults turns what the decoder found, which is everything at once for unknown keys and wrong types, into faults.
func yamlFaults(err error) fil.Faults {
	var faults fil.Faults
	var many *yaml.TypeError
	switch {
	case err == nil || errors.Is(err, io.EOF):
	case errors.As(err, &many):
		for _, text := range many.Errors {
			field := "policy"
			if m := lineOfYAML.FindStringSubmatch(text); m != nil {
				field, text = "policy:"+m[1], m[2]
			}
			faults.Add(field, "n'est pas compris : "+text, "is not understood: "+text)
		}
	default:
		text := strings.TrimPrefix(err.Error(), "yaml: ")
		faults.Add("policy", "n'est pas du YAML : "+text, "is not YAML: "+text)
	}
	return faults
}

var policyName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,39}$`)

// check gathers every number out of its range.
func (p *Policy) check(faults *fil.Faults) {
	between := func(field string, value, low, high float64) {
		if !(value >= low && value <= high) { // written so that NaN is refused
			faults.Add(field, fmt.Sprintf("doit être entre %v et %v", low, high), fmt.Sprintf("must be between %v and %v", low, high))
		}
	}
	if !policyName.MatchString(p.Name) {
		faults.Add("name", "doit tenir en 40 minuscules, chiffres, points et tirets", "must be at most 40 lower-case letters, digits, dots and dashes")
	}
	between("half_lives.publication_hours", p.HalfLives.PublicationHours, 0.1, 24*366)
	between("half_lives.likeness_days", p.HalfLives.LikenessDays, 0.1, 3660)
	between("half_lives.thread_hours", p.HalfLives.ThreadHours, 0.1, 24*366)
	between("half_lives.affinity_days", p.HalfLives.AffinityDays, 0.1, 3660)
	for kind, value := range p.Signals {
		if KindBit(kind) < 0 {
			faults.Add("signals."+string(kind), "n'est pas un type d'action", "is not a kind of engagement")
		}
		between("signals."+string(kind), value, -100, 100)
	}
	between("dwell_minutes_at_most", p.DwellMinutesAtMost, 0, 60)
	for i, name := range FeatureNames() {
		between("weights."+name, p.Weights[i], 0, 100)
	}
	between("priors.reads", p.Priors.Reads, 0.01, 1e6)
	between("priors.appeal", p.Priors.Appeal, 0.01, 1e6)
	between("priors.affinity", p.Priors.Affinity, 0.01, 1e6)
	p.compileTerms(faults)
	checkOrder(p.Rules.Order, faults)
	if !slices.Contains(p.Rules.Order, RuleCommunities) {
		p.Rules.CommunityWithin = 0
	}
	between("rules.community_within", float64(p.Rules.CommunityWithin), 0, 100)
	between("rules.pinned_at_most", float64(p.Rules.PinnedAtMost), 0, 100)
	between("rules.seen_after_shown", float64(p.Rules.SeenAfterShown), 0, math.MaxUint16)
	for _, kind := range p.Rules.SeenBy {
		if KindBit(kind) < 0 {
			faults.Add("rules.seen_by", "n'est pas un type d'action : "+string(kind), "is not a kind of engagement: "+string(kind))
		}
	}
	between("rules.caps_among_first", float64(p.Rules.CapsAmongFirst), 0, 100)
	between("rules.cap_per_source", float64(p.Rules.CapPerSource), 0, 100)
	between("rules.cap_per_topic", float64(p.Rules.CapPerTopic), 0, 100)
	between("exploration.share", p.Exploration.Share, 0, 0.5)
	between("holdout.share", p.Holdout.Share, 0, maxHoldout)
	between("exploration.prior", p.Exploration.Prior, 0.01, 1e6)
	between("newcomers.acts", float64(p.Newcomers.Acts), 0, 1000)
	between("newcomers.org", p.Newcomers.Org, 0, 100)
	between("candidates", float64(p.Candidates), 10, 100000)
	between("tick_minutes", p.TickMinutes, 0, 24*60)
	between("feed_length", float64(p.FeedLength), 1, 500)
}

// signals is the worth of each kind, by its place in packed bitsets.
func (p *Policy) signals() (worth [kindBits]float64) {
	for kind, value := range p.Signals {
		worth[KindBit(kind)] = value
	}
	return worth
}

// seenMask holds the bits of the kinds that make a content seen.
func (p *Policy) seenMask() (mask uint16) {
	for _, kind := range p.Rules.SeenBy {
		mask |= 1 << KindBit(kind)
	}
	return mask
}

// minutes is how much of a dwell counts.
func (p *Policy) minutes(seconds float64) float64 {
	return min(seconds/60, p.DwellMinutesAtMost)
}

// Rule is a rule that comes after the scores.
type Rule string

// The rules, in the order of the default policy. The first three say in which group a content stands, the next two move
// contents within the groups that unseen makes, the last moves what all have placed.
const (
	RuleMandatory Rule = "mandatory" // mandatory contents not acknowledged first
	RulePinned    Rule = "pinned"    // pinned contents
	RuleUnseen    Rule = "unseen"    // what was not seen before what was
	RuleCaps      Rule = "caps"      // so many of a source and of a topic
	RuleDiscovery Rule = "discovery" // places reserved for discovery; before the caps, what is drawn is not held to them

	RuleCommunities Rule = "communities" // one content at least of each community followed among the first ones
)

// Rules lists the rules in the order of the default policy.
func Rules() []Rule {
	return []Rule{RuleMandatory, RulePinned, RuleUnseen, RuleCaps, RuleDiscovery, RuleCommunities}
}

// before says whether one rule comes before another.
func (p *Policy) before(one, other Rule) bool {
	return slices.Index(p.Rules.Order, one) < slices.Index(p.Rules.Order, other)
}

// checkOrder wants each rule once, with unseen third: what it makes groups of is what the two before it have left, and the
// two after it move, and a rule is switched off by its own key, not by leaving it out. Communities are last; a policy
// made before there was that rule leaves it out, and is without it.
func checkOrder(order []Rule, faults *fil.Faults) {
	names := make([]string, 0, len(Rules()))
	for _, rule := range Rules() {
		names = append(names, string(rule))
		if !slices.Contains(order, rule) && rule != RuleCommunities {
			faults.Add("rules.order", fmt.Sprintf("doit nommer aussi « %s » ; une règle s'éteint par sa propre clé", rule), fmt.Sprintf("must name %q too; a rule is switched off by its own key", rule))
		}
	}
	for i, rule := range order {
		switch {
		case !slices.Contains(Rules(), rule):
			faults.Add("rules.order", fmt.Sprintf("ne connaît pas « %s » : les règles sont %s", rule, strings.Join(names, ", ")), fmt.Sprintf("knows no %q: the rules are %s", rule, strings.Join(names, ", ")))
		case slices.Contains(order[:i], rule):
			faults.Add("rules.order", fmt.Sprintf("nomme « %s » deux fois", rule), fmt.Sprintf("names %q twice", rule))
		}
	}
	if at := slices.Index(order, RuleCommunities); at >= 0 && at != len(order)-1 {
		faults.Add("rules.order", "doit avoir communities à la fin : cette règle déplace ce que les autres ont placé", "must have communities last: that rule moves what the others have placed")
	}
	if at := slices.Index(order, RuleUnseen); at >= 0 && at != 2 {
		faults.Add("rules.order", "doit avoir mandatory et pinned avant unseen, caps et discovery après", "must have mandatory and pinned before unseen, caps and discovery after it")
	}
}
