// Package profiles keeps in Redis what the ranking learns: one packed profile and one packed memory of identities per
// agent, and per partition of the log one popularity: its counts, a string, and its habits, a hash.
//
// It hides the keys, the scripts and the round trips. It guarantees that each write is atomic and happens only if
// nothing was written since the read it rests on, that all keys of one script are in one slot of a Redis Cluster, and
// that an agent's keys expire. It does not know what the bytes mean, and keeps nothing that the log cannot give again.
//
// Redis must not evict keys (maxmemory-policy noeviction): an evicted profile would begin anew without anyone noticing.
package profiles

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking/learning"
)

//go:embed save_profile.lua
var saveProfile string

//go:embed save_popularity.lua
var savePopularity string

// Sizes of the headers that a write compares, in bytes. They are those of packages ranking and learning.
const (
	profileHeader    = 9
	popularityHeader = 25
)

// identitiesKept is how long identities outlive the last engagement: the 32 days that they are asked for, and a day
// for clocks that differ.
const identitiesKept = 33 * 24 * time.Hour

// maxTogether is how many profiles one call of the script writes where all keys are on one Redis. Redis does nothing
// else meanwhile: under a millisecond.
const maxTogether = 64

// ErrConflict is the answer to a write when someone else has written since the read: load and try again.
var ErrConflict = learning.ErrConflict

// Config says how long profiles are kept.
type Config struct {
	// Retention is how long a profile outlives the agent's last engagement.
	Retention time.Duration
}

// DefaultConfig keeps profiles 13 months, the longest that the CNIL accepts for trackers.
func DefaultConfig() Config { return Config{Retention: 396 * 24 * time.Hour} }

// Validate refuses a retention under a day or over 25 months.
func (c Config) Validate() error {
	if c.Retention < 24*time.Hour || c.Retention > 762*24*time.Hour {
		return fil.NewFault("profiles.retention", "doit être entre un jour et 25 mois", "must be between one day and 25 months")
	}
	return nil
}

// Store is a Redis, or a Redis Cluster, that holds profiles. It is safe for many goroutines.
type Store struct {
	client       redis.UniversalClient
	retention    time.Duration
	together     int // profiles written by one call of the script
	onProfile    *redis.Script
	onPopularity *redis.Script
}

// New makes a store on a client, which stays the caller's to close.
func New(client redis.UniversalClient, cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure profiles: %w", err)
	}
	together := 1
	if _, alone := client.(*redis.Client); alone { // with several Redis, the keys of two agents may be on two of them
		together = maxTogether
	}
	return &Store{client, cfg.Retention, together, redis.NewScript(saveProfile), redis.NewScript(savePopularity)}, nil
}

// Key is where an agent's profile is kept, for those who read it along with something else of the same slot.
func Key(agent string) string { return "p:{" + agent + "}" }

func identitiesKey(agent string) string { return "i:{" + agent + "}" }

func popularityKey(partition int) string { return "pop:{" + strconv.Itoa(partition) + "}" }

func habitsKey(partition int) string { return "hab:{" + strconv.Itoa(partition) + "}" }

// historyField is the field of the habits that is read as often as the counts. It is that of package learning.
const historyField = "h"

// Load reads, in one round trip, the header of a partition's popularity and what is stored about each agent.
func (s *Store) Load(ctx context.Context, partition int, agents []string) ([]byte, []learning.Stored, error) {
	pipe := s.client.Pipeline()
	header := pipe.GetRange(ctx, popularityKey(partition), 0, popularityHeader-1)
	packed := make([][2]*redis.StringCmd, len(agents))
	for i, agent := range agents {
		packed[i] = [2]*redis.StringCmd{pipe.Get(ctx, Key(agent)), pipe.Get(ctx, identitiesKey(agent))}
	}
	if err := exec(ctx, pipe); err != nil {
		return nil, nil, fmt.Errorf("read %d profiles: %w", len(agents), err)
	}
	stored := make([]learning.Stored, len(agents))
	for i, p := range packed {
		stored[i] = learning.Stored{Profile: bytesOf(p[0]), Identities: bytesOf(p[1])}
	}
	return bytesOf(header), stored, nil
}

// Profile reads one agent's packed profile, empty if there is none.
func (s *Store) Profile(ctx context.Context, agent string) ([]byte, error) {
	packed, err := s.client.Get(ctx, Key(agent)).Bytes()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read a profile: %w", err)
	}
	return packed, nil
}

// Save writes the changes in one round trip, each atomically. ErrConflict means that at least one was not written.
func (s *Store) Save(ctx context.Context, changes []learning.Change) error {
	var calls []call
	for group := range slices.Chunk(changes, s.together) {
		one := call{args: []any{profileHeader, s.retention.Milliseconds(), identitiesKept.Milliseconds()}}
		for _, c := range group {
			one.keys = append(one.keys, Key(c.Agent), identitiesKey(c.Agent))
			one.args = append(one.args, c.Before, c.Profile, c.Forget, []byte(c.Claims))
		}
		calls = append(calls, one)
	}
	if err := s.run(ctx, s.onProfile, calls); err != nil {
		return fmt.Errorf("write %d profiles: %w", len(changes), err)
	}
	return nil
}

// LoadPopularity reads a partition's packed popularity, as it is at one moment; empty if there is none.
func (s *Store) LoadPopularity(ctx context.Context, partition int) (packed learning.PackedTally, err error) {
	pipe := s.client.TxPipeline()
	counts, habits := pipe.Get(ctx, popularityKey(partition)), pipe.HGetAll(ctx, habitsKey(partition))
	if err := exec(ctx, pipe); err != nil {
		return packed, fmt.Errorf("read popularity %d: %w", partition, err)
	}
	packed.Counts = bytesOf(counts)
	for field, value := range habits.Val() {
		packed.Habits = append(packed.Habits, learning.Habit{Field: field, Bytes: []byte(value)})
	}
	return packed, nil
}

// loadCounts reads a partition's counts and the history of its clock.
func (s *Store) loadCounts(ctx context.Context, partition int) (packed learning.PackedTally, err error) {
	pipe := s.client.TxPipeline()
	counts, history := pipe.Get(ctx, popularityKey(partition)), pipe.HGet(ctx, habitsKey(partition), historyField)
	if err := exec(ctx, pipe); err != nil {
		return packed, fmt.Errorf("read counts of popularity %d: %w", partition, err)
	}
	return learning.PackedTally{Counts: bytesOf(counts), Habits: []learning.Habit{{Field: historyField, Bytes: bytesOf(history)}}}, nil
}

// SavePopularity writes a change of a partition's popularity, atomically, or answers ErrConflict.
func (s *Store) SavePopularity(ctx context.Context, partition int, change learning.PopularityChange) error {
	args := make([]any, 0, 4+2*len(change.At)+2*len(change.Habits))
	args = append(args, change.Before, popularityHeader, change.Whole, len(change.At))
	for i, at := range change.At {
		args = append(args, at, change.Bytes[i])
	}
	for _, h := range change.Habits {
		args = append(args, h.Field, h.Bytes)
	}
	if err := s.run(ctx, s.onPopularity, []call{{[]string{popularityKey(partition), habitsKey(partition)}, args}}); err != nil {
		return fmt.Errorf("write popularity %d: %w", partition, err)
	}
	return nil
}

// Popularities reads the packed popularity of each partition whose header is not the one given, with its habits or with the
// history of its clock alone: nil Counts for one that is unchanged, empty for one that is not there.
func (s *Store) Popularities(ctx context.Context, headers [][]byte, habits bool) ([]learning.PackedTally, error) {
	pipe := s.client.Pipeline()
	now := make([]*redis.StringCmd, len(headers))
	for i := range headers {
		now[i] = pipe.GetRange(ctx, popularityKey(i), 0, popularityHeader-1)
	}
	if err := exec(ctx, pipe); err != nil {
		return nil, fmt.Errorf("read headers of popularity: %w", err)
	}
	load := s.loadCounts
	if habits {
		load = s.LoadPopularity
	}
	packed := make([]learning.PackedTally, len(headers))
	for i, header := range headers {
		if now[i].Val() == string(header) {
			continue
		}
		one, err := load(ctx, i)
		if err != nil {
			return nil, err
		}
		one.Counts = append([]byte{}, one.Counts...)
		packed[i] = one
	}
	return packed, nil
}

// Query asks whether an event was applied for an agent.
type Query struct {
	Agent    string
	Identity uint64    // fil.Event.Identity
	At       time.Time // now: identities are remembered for 32 days before it
}

// Known answers each query in one round trip. It sees what the learner has applied: an event that is still on its way
// through the log is not known yet.
func (s *Store) Known(ctx context.Context, queries []Query) ([]bool, error) {
	pipe := s.client.Pipeline()
	packed := make(map[string]*redis.StringCmd, len(queries))
	for _, q := range queries {
		if packed[q.Agent] == nil {
			packed[q.Agent] = pipe.Get(ctx, identitiesKey(q.Agent))
		}
	}
	if err := exec(ctx, pipe); err != nil {
		return nil, fmt.Errorf("read identities of %d agents: %w", len(packed), err)
	}
	known := make([]bool, len(queries))
	for i, q := range queries {
		known[i] = learning.Identities(bytesOf(packed[q.Agent])).Holds(q.Identity, q.At)
	}
	return known, nil
}

type call struct {
	keys []string
	args []any
}

// run calls a script once per call, in one round trip when Redis has the script already. When the client repeats a
// call whose answer was lost, the second answers a conflict though the first was written: loading again settles it.
func (s *Store) run(ctx context.Context, script *redis.Script, calls []call) error {
	again, err := s.attempt(ctx, calls, script.EvalSha)
	if err != nil || len(again) == 0 {
		return err
	}
	again, err = s.attempt(ctx, again, script.Eval)
	if err == nil && len(again) > 0 {
		return errors.New("redis lost a script that it was just given")
	}
	return err
}

func (s *Store) attempt(ctx context.Context, calls []call, eval func(context.Context, redis.Scripter, []string, ...any) *redis.Cmd) (again []call, err error) {
	pipe := s.client.Pipeline()
	answers := make([]*redis.Cmd, len(calls))
	for i, c := range calls {
		answers[i] = eval(ctx, pipe, c.keys, c.args...)
	}
	_, pipeErr := pipe.Exec(ctx)
	for i, answer := range answers {
		written, err := answer.Int()
		switch {
		case err != nil && redis.HasErrorPrefix(err, "NOSCRIPT"):
			again = append(again, calls[i])
		case err != nil:
			return nil, errors.Join(err, pipeErr)
		case written == 0:
			return nil, ErrConflict
		}
	}
	return again, nil
}

// exec runs a pipeline of reads, where a missing key is not an error.
func exec(ctx context.Context, pipe redis.Pipeliner) error {
	if pipe.Len() == 0 {
		return nil
	}
	commands, err := pipe.Exec(ctx)
	for _, command := range commands {
		if err := command.Err(); err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	return nil
}

func bytesOf(command *redis.StringCmd) []byte {
	b, err := command.Bytes()
	if err != nil {
		return nil // the key is not there: other errors were found by exec
	}
	return b
}
