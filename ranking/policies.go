package ranking

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filengine/fil"
)

// ArmHoldout is the arm of the agents who read in chronological order, always, so that the worth of ranking can be told.
const ArmHoldout = "holdout"

// Bounds of what may be in force.
const (
	maxHoldout = 0.5
	maxArms    = 8
	maxGuard   = 10.0
)

// Policies are the published versions of the policy and what is in force, a projection of fil.policies. Readers never wait.
// Nothing published, the base is in force.
type Policies struct {
	current atomic.Pointer[standing]

	mu   sync.Mutex // writers
	base Edition
}

// Edition is one version: the policy as it is used, and how it was published (zero for a base that never was).
type Edition struct {
	Policy    Policy
	Published fil.PublishedPolicy
}

// standing is all that is known at one moment. Nothing in it changes once it is published.
type standing struct {
	editions map[string]*Edition
	wanted   fil.InForce // as the log last told; its policy may be one that is not known
	force    fil.InForce
	policy   *Policy
	arms     []dealt
	salt     uint64 // of the experiment
	stamp    uint64
}

// dealt is an arm that runs: agents whose hash is in [from, to).
type dealt struct {
	from, to float64
	name     string
	policy   *Policy
}

// NewPolicies begins with the policy that is in force as long as nothing is published.
func NewPolicies(base Policy) *Policies {
	p := &Policies{base: Edition{Policy: base}}
	s := &standing{editions: map[string]*Edition{base.Version: &p.base}}
	p.settle(s)
	p.current.Store(s)
	return p
}

// Apply takes records of fil.policies in the log's order. A version that is there already does not change. Records that
// this program cannot use are returned as joined rejections, and change nothing. It never returns another error.
func (p *Policies) Apply(records []fil.Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := *p.current.Load()
	s.editions = maps.Clone(s.editions)
	var rejected []error
	for _, rec := range records {
		if err := p.apply(&s, rec); err != nil {
			rejected = append(rejected, err)
		}
	}
	p.settle(&s)
	p.current.Store(&s)
	return errors.Join(rejected...)
}

func (p *Policies) apply(s *standing, rec fil.Record) error {
	if rec.Key == fil.KeyInForce {
		if rec.Event.Data == nil {
			s.wanted = fil.InForce{}
			return nil
		}
		force, err := fil.Decode[fil.InForce](rec)
		if err != nil {
			return err
		}
		if err := CheckInForce(force); err != nil {
			return fil.Reject(rec, err)
		}
		s.wanted = force
		return nil
	}
	if rec.Event.Data == nil {
		delete(s.editions, rec.Key)
		if rec.Key == p.base.Policy.Version {
			s.editions[rec.Key] = &p.base
		}
		return nil
	}
	published, err := fil.Decode[fil.PublishedPolicy](rec)
	if err != nil {
		return err
	}
	if known := s.editions[rec.Key]; known != nil && known.Published.Version != "" {
		return nil
	}
	policy, err := policyOf(published)
	if err != nil || policy.Version != rec.Key {
		return fil.Reject(rec, errors.Join(err, fmt.Errorf("policy %q under the key %q", published.Version, rec.Key)))
	}
	s.editions[rec.Key] = &Edition{Policy: policy, Published: published}
	return nil
}

// policyOf reads a policy as it was published. A key that did not exist then has today's default; the version stays.
func policyOf(published fil.PublishedPolicy) (Policy, error) {
	policy, err := decodePolicy(DefaultPolicy(), published.Settings)
	if err != nil {
		return Policy{}, fmt.Errorf("read policy %s as it was published: %w", published.Version, err)
	}
	policy.Version = published.Version
	return policy, nil
}

// Publication makes of a policy file what is published: the version, the text, and every key as it is on that day. The
// error holds every fault.
func Publication(text []byte, by, note string, at time.Time) (Edition, error) {
	policy, err := ParsePolicy(text)
	if err != nil {
		return Edition{}, err
	}
	settings, err := json.Marshal(policy)
	if err != nil {
		return Edition{}, fmt.Errorf("encode policy %s: %w", policy.Name, err)
	}
	return Edition{Policy: policy, Published: fil.PublishedPolicy{
		Version: policy.Version, Text: string(text), Settings: settings, By: by, At: at.UTC(), Note: note,
	}}, nil
}

// settle works out what is in force from what the log told. What names a version that is not known has no effect: what was
// in force before stays.
func (p *Policies) settle(s *standing) {
	force := s.wanted
	if force.Policy == "" {
		force = fil.InForce{Policy: p.base.Policy.Version, Holdout: p.base.Policy.Holdout.Share}
	}
	missing := s.editions[force.Policy] == nil
	if e := force.Experiment; e != nil {
		for _, arm := range e.Arms {
			missing = missing || s.editions[arm.Policy] == nil
		}
	}
	if missing {
		return
	}
	s.force, s.policy, s.arms, s.salt = force, &s.editions[force.Policy].Policy, nil, 0
	s.stamp = Chain(hashOf(force.Policy), math.Float64bits(force.Holdout))
	if e := force.Experiment; e != nil {
		s.salt = Mix(hashOf(e.Name))
		for _, arm := range e.Arms {
			s.stamp = Chain(s.stamp, s.salt, hashOf(arm.Policy), math.Float64bits(arm.From), math.Float64bits(arm.Share), uint64(len(s.arms)))
			if arm.Stopped.IsZero() {
				s.arms = append(s.arms, dealt{arm.From, arm.From + arm.Share, arm.Name, &s.editions[arm.Policy].Policy})
			}
		}
	}
}

// Missing names the versions that what was last put in force rests on and that are not known; none when it is in force.
func (p *Policies) Missing() (versions []string) {
	s := p.current.Load()
	need := []string{s.wanted.Policy}
	if e := s.wanted.Experiment; e != nil {
		for _, arm := range e.Arms {
			need = append(need, arm.Policy)
		}
	}
	for _, version := range need {
		if version != "" && s.editions[version] == nil && !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
	}
	return versions
}

// Version finds a policy by its version: published ones and the base.
func (p *Policies) Version(version string) (Policy, bool) {
	edition, ok := p.Edition(version)
	return edition.Policy, ok
}

// Edition finds a version with how it was published.
func (p *Policies) Edition(version string) (Edition, bool) {
	if edition := p.current.Load().editions[version]; edition != nil {
		return *edition, true
	}
	return Edition{}, false
}

// Editions lists the versions, the last published first; a base that was not published is the last.
func (p *Policies) Editions() []Edition {
	var all []Edition
	for _, edition := range p.current.Load().editions {
		all = append(all, *edition)
	}
	slices.SortFunc(all, func(a, b Edition) int {
		if order := b.Published.At.Compare(a.Published.At); order != 0 {
			return order
		}
		return strings.Compare(a.Policy.Version, b.Policy.Version)
	})
	return all
}

// InForce tells what is in force. Nothing published, it is the base, since the zero time.
func (p *Policies) InForce() fil.InForce { return p.current.Load().force }

// Current is the policy of those who are in no arm.
func (p *Policies) Current() Policy { return *p.current.Load().policy }

// Stamp is a digest of what is in force: equal stamps, equal answers of For.
func (p *Policies) Stamp() uint64 { return p.current.Load().stamp }

// For tells by which policy an agent reads, in which arm ("" when in none) and in which order, unless they choose another.
// It depends on nothing but what is in force and the agent's id, and allocates nothing. The policy must not be changed.
//
// An agent is in the hold-out, whatever is tried, if the hash of their id is under its share; otherwise in the arm that
// holds the hash of the experiment's name and their id. The two hashes are independent.
func (p *Policies) For(agent string) (policy *Policy, arm string, order fil.Order) {
	s := p.current.Load()
	id := hashOf(agent)
	if s.force.Holdout > 0 && unit(id, holdoutSalt) < s.force.Holdout {
		return s.policy, ArmHoldout, fil.OrderChronological
	}
	if len(s.arms) > 0 {
		at := unit(id, s.salt)
		for i := range s.arms {
			if d := &s.arms[i]; at >= d.from && at < d.to {
				return d.policy, d.name, fil.OrderRanked
			}
		}
	}
	return s.policy, "", fil.OrderRanked
}

// ToldOfHoldout is what a reader of the hold-out is told beside their chronological order.
func ToldOfHoldout() fil.Bilingual {
	return fil.Bilingual{
		FR: "Vous êtes parmi les agents tirés au sort dont le fil reste chronologique : leurs lectures servent à mesurer ce que le classement apporte aux autres.",
		EN: "You are among the agents drawn at random whose feed stays chronological: what they read serves to measure what ranking brings to the others.",
	}
}

// CheckInForce gathers the faults of what is to be in force, but for versions that are not known.
func CheckInForce(force fil.InForce) error {
	var faults fil.Faults
	if force.Policy == "" {
		faults.Add("policy", "doit être une version publiée", "must be a published version")
	}
	if !(force.Holdout >= 0 && force.Holdout <= maxHoldout) {
		faults.Add("holdout", fmt.Sprintf("doit être entre 0 et %v", maxHoldout), fmt.Sprintf("must be between 0 and %v", maxHoldout))
	}
	if force.Experiment != nil {
		checkExperiment(force.Experiment, &faults)
	}
	return faults.Err()
}

func checkExperiment(e *fil.Experiment, faults *fil.Faults) {
	if !policyName.MatchString(e.Name) || e.Name == ArmHoldout {
		faults.Add("experiment.name", "doit tenir en 40 minuscules, chiffres, points et tirets", "must be at most 40 lower-case letters, digits, dots and dashes")
	}
	if e.Interleave && len(e.Arms) != 2 {
		faults.Add("experiment.arms", "doit avoir deux bras pour entrelacer", "must have two arms to interleave")
	}
	for name, share := range map[string]float64{"reads": e.Guards.Reads, "acknowledgements": e.Guards.Acknowledgements, "dismissals": e.Guards.Dismissals} {
		if !(share >= 0 && share <= maxGuard) {
			faults.Add("experiment.guards."+name, fmt.Sprintf("doit être entre 0 et %v", maxGuard), fmt.Sprintf("must be between 0 and %v", maxGuard))
		}
	}
	if len(e.Arms) == 0 || len(e.Arms) > maxArms {
		faults.Add("experiment.arms", fmt.Sprintf("doit avoir de 1 à %d bras", maxArms), fmt.Sprintf("must have 1 to %d arms", maxArms))
	}
	for i, arm := range e.Arms {
		field := fmt.Sprintf("experiment.arms[%d].", i)
		if !policyName.MatchString(arm.Name) || arm.Name == ArmHoldout {
			faults.Add(field+"name", "doit être un nom en minuscules, autre que holdout", "must be a lower-case name other than holdout")
		}
		if arm.Policy == "" {
			faults.Add(field+"policy", "doit être une version publiée", "must be a published version")
		}
		if !(arm.From >= 0 && arm.Share >= 0 && arm.From+arm.Share <= 1+1e-9) {
			faults.Add(field+"share", "doit tenir entre 0 et 1 avec les autres", "must fit between 0 and 1 with the others")
		}
		for _, other := range e.Arms[:i] {
			if other.Name == arm.Name {
				faults.Add(field+"name", "est pris par un autre bras", "is taken by another arm")
			}
			if min(other.From+other.Share, arm.From+arm.Share)-max(other.From, arm.From) > 1e-9 {
				faults.Add(field+"share", "empiète sur un autre bras", "runs over another arm")
			}
		}
	}
}
