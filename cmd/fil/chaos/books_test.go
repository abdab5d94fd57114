package chaos_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
)

// books are the balance of one run, or of several: records of the log = facts + repeated + parked.
type books struct {
	Acknowledged int // events that the door has accepted
	Log          int // records of fil.engagements
	Facts        int // rows of facts, each of another identity
	Repeated     int // records whose identity is in the log at an earlier offset
	Parked       int // records parked with their reason, each once
	Profiles     int // profiles, memories of identities and popularities that were equal to those rebuilt
	Feeds        int // feeds that were
}

func (b *books) add(o books) {
	b.Acknowledged += o.Acknowledged
	b.Log += o.Log
	b.Facts += o.Facts
	b.Repeated += o.Repeated
	b.Parked += o.Parked
	b.Profiles += o.Profiles
	b.Feeds += o.Feeds
}

func (b books) String() string {
	return fmt.Sprintf("acknowledged %d | log %d = stored %d + deduplicated %d + rejected %d | equal to a rebuild: %d values in Redis, %d feeds",
		b.Acknowledged, b.Log, b.Facts, b.Repeated, b.Parked, b.Profiles, b.Feeds)
}

// auditor looks into the engines themselves, past every proxy.
type auditor struct {
	fleet *fleet
	log   *kafka.Client
	redis *redis.Client
	facts clickhouse.Conn

	prefix string // of topics and groups
}

func newAuditor(f *fleet) (*auditor, error) {
	facts, err := clickhouse.Open(&clickhouse.Options{Protocol: clickhouse.HTTP, Addr: []string{f.engines["clickhouse"].addr},
		Auth: clickhouse.Auth{Database: database, Username: "default", Password: f.password}})
	if err != nil {
		return nil, err
	}
	return &auditor{fleet: f, facts: facts,
		log:   &kafka.Client{Addr: kafka.TCP(f.engines["kafka"].addr), Timeout: 10 * time.Second},
		redis: redis.NewClient(&redis.Options{Addr: f.engines["redis"].addr, Password: f.password}),
	}, nil
}

func (a *auditor) close() error { return errors.Join(a.redis.Close(), a.facts.Close()) }

func (a *auditor) topic() string { return a.prefix + string(fil.TopicEngagements) }

// place is one record's place in the log of engagements.
type place struct {
	partition int
	offset    int64
}

// entry is one record of the log as the auditor reads it.
type entry struct {
	place
	id     string // of the event; empty when it is none
	poison bool
}

func (a *auditor) ends(ctx context.Context, topic string) (map[int]int64, error) {
	var asked []kafka.OffsetRequest
	for p := range partitions {
		asked = append(asked, kafka.LastOffsetOf(p))
	}
	if strings.HasSuffix(topic, ".rejected") {
		asked = asked[:1]
	}
	answer, err := a.log.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: asked}})
	if err != nil {
		return nil, err
	}
	ends := map[int]int64{}
	for _, p := range answer.Topics[topic] {
		if p.Error != nil {
			return nil, p.Error
		}
		ends[p.Partition] = p.LastOffset
	}
	return ends, nil
}

// read gives each message of a topic, in the order of offsets within a partition.
func (a *auditor) read(ctx context.Context, topic string, each func(kafka.Message)) error {
	ends, err := a.ends(ctx, topic)
	if err != nil {
		return fmt.Errorf("ends of %s: %w", topic, err)
	}
	for p, end := range ends {
		if end == 0 {
			continue
		}
		r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{a.fleet.engines["kafka"].addr}, Topic: topic, Partition: p, MaxWait: 100 * time.Millisecond})
		for at := int64(-1); at+1 < end; {
			m, err := r.ReadMessage(ctx)
			if err != nil {
				return errors.Join(fmt.Errorf("read %s/%d: %w", topic, p, err), r.Close())
			}
			at = m.Offset
			each(m)
		}
		if err := r.Close(); err != nil {
			return err
		}
	}
	return nil
}

func header(m kafka.Message, name string) string {
	for _, h := range m.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

func (a *auditor) entries(ctx context.Context) ([]entry, error) {
	var all []entry
	err := a.read(ctx, a.topic(), func(m kafka.Message) {
		id := header(m, "ce_id")
		all = append(all, entry{place{m.Partition, m.Offset}, id, id == "" || strings.HasPrefix(id, "poison-")})
	})
	return all, err
}

// parked gives where the records that a stage has parked were in the log.
func (a *auditor) parked(ctx context.Context, stage string) (map[place]bool, error) {
	places := map[place]bool{}
	err := a.read(ctx, a.topic()+".rejected", func(m kafka.Message) {
		if header(m, "fil_stage") == stage {
			partition, _ := strconv.Atoi(header(m, "fil_partition"))
			offset, _ := strconv.ParseInt(header(m, "fil_offset"), 10, 64)
			places[place{partition, offset}] = true
		}
	})
	return places, err
}

// settled waits until both stages have done all that is in the log, and have said so for longer than it takes them to
// notice that a store lost something.
func (a *auditor) settled(ctx context.Context) error {
	since := time.Time{}
	return await(ctx, "the stages to have done all that is in the log", func() bool {
		done, err := a.caughtUp(ctx, "ranking", "analytics")
		if err != nil || !done {
			since = time.Time{}
			return false
		}
		if since.IsZero() {
			since = time.Now()
		}
		return time.Since(since) > 2500*time.Millisecond
	})
}

// caughtUp says whether the stages have done all that is in the log.
func (a *auditor) caughtUp(ctx context.Context, stages ...string) (bool, error) {
	ends, err := a.ends(ctx, a.topic())
	if err != nil {
		return false, err
	}
	all := make([]int, partitions)
	for p := range all {
		all[p] = p
	}
	for _, stage := range stages {
		answer, err := a.log.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: a.prefix + stage + "." + string(fil.TopicEngagements),
			Topics: map[string][]int{a.topic(): all}})
		if err != nil {
			return false, err
		}
		for _, p := range answer.Topics[a.topic()] {
			if p.CommittedOffset != ends[p.Partition] && ends[p.Partition] > 0 {
				return false, nil
			}
		}
	}
	return true, nil
}

// factsOf counts the rows of each identity, and says where it was stored.
func (a *auditor) factsOf(ctx context.Context) (map[uint64][]place, error) {
	rows, err := a.facts.Query(ctx, "SELECT identity, partition, offset FROM facts")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	found := map[uint64][]place{}
	for rows.Next() {
		var identity uint64
		var partition uint16
		var offset int64
		if err := rows.Scan(&identity, &partition, &offset); err != nil {
			return nil, err
		}
		found[identity] = append(found[identity], place{int(partition), offset})
	}
	return found, rows.Err()
}

// balance compares the log, what was acknowledged, the facts and what was parked. Each difference is a line.
func (a *auditor) balance(ctx context.Context, l *load) (books, []string, error) {
	entries, err := a.entries(ctx)
	if err != nil {
		return books{}, nil, err
	}
	facts, err := a.factsOf(ctx)
	if err != nil {
		return books{}, nil, err
	}
	b := books{Acknowledged: len(l.acknowledged), Log: len(entries)}
	var faults []string
	first := map[string]place{}
	poison := map[place]bool{}
	for _, e := range entries {
		switch _, met := first[e.id]; {
		case e.poison:
			poison[e.place] = true
		case met:
			b.Repeated++
		default:
			first[e.id] = e.place
		}
	}
	for n := range l.acknowledged {
		if _, ok := first[strconv.Itoa(n)]; !ok {
			faults = append(faults, fmt.Sprintf("event %d was acknowledged and is not in the log", n))
		}
	}
	for id, at := range first {
		identity := fil.Event{Source: source, ID: id}.Identity()
		if rows := facts[identity]; len(rows) != 1 {
			faults = append(faults, fmt.Sprintf("event %s, first at %v, is %d facts, at %v", id, at, len(rows), rows))
		}
		b.Facts += len(facts[identity])
		delete(facts, identity)
	}
	for identity, rows := range facts {
		faults = append(faults, fmt.Sprintf("a fact that is not in the log: identity %d at %v", identity, rows))
	}
	for _, stage := range []string{"analytics", "ranking"} {
		parked, err := a.parked(ctx, stage)
		if err != nil {
			return b, faults, err
		}
		if !maps.Equal(parked, poison) {
			faults = append(faults, fmt.Sprintf("%s has parked %v, poison is at %v", stage, parked, poison))
		}
		b.Parked = len(parked)
	}
	if b.Log != b.Facts+b.Repeated+b.Parked {
		faults = append(faults, "the books do not balance: "+b.String())
	}
	slices.Sort(faults)
	return b, faults, nil
}

// values reads all that the ranking keeps in Redis: profiles, memories of identities and popularities, by key.
func (a *auditor) values(ctx context.Context) (map[string]string, error) {
	values := map[string]string{}
	for _, pattern := range []string{"p:*", "i:*", "pop:*"} {
		keys, err := a.redis.Keys(ctx, pattern).Result()
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			if values[key], err = a.redis.Get(ctx, key).Result(); err != nil {
				return nil, err
			}
		}
	}
	keys, err := a.redis.Keys(ctx, "hab:*").Result()
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		fields, err := a.redis.HGetAll(ctx, key).Result()
		if err != nil {
			return nil, err
		}
		for field, value := range fields {
			values[key+field] = value
		}
	}
	return values, nil
}

func (a *auditor) feeds(ctx context.Context, l *load) (map[string]string, error) {
	feeds := map[string]string{}
	for i := range agents {
		items, status, err := l.feed(ctx, agentID(i))
		if err != nil || status != 200 {
			return nil, fmt.Errorf("feed of %s: status %d, %w", agentID(i), status, err)
		}
		text, err := json.Marshal(items)
		if err != nil {
			return nil, err
		}
		feeds[agentID(i)] = string(text)
	}
	return feeds, nil
}

// rebuild empties Redis and waits for the same to come back from the log.
func (a *auditor) rebuild(ctx context.Context, l *load, b *books) ([]string, error) {
	values, err := a.values(ctx)
	if err != nil {
		return nil, err
	}
	feeds, err := a.restingFeeds(ctx, l)
	if err != nil {
		return nil, err
	}
	if err := a.redis.FlushAll(ctx).Err(); err != nil {
		return nil, err
	}
	var differences []string
	waited := await(ctx, "Redis to be as it was", func() bool {
		again, err := a.values(ctx)
		differences = differ("value", values, again)
		return err == nil && len(differences) == 0
	})
	if waited != nil {
		return differences, nil //nolint:nilerr // the differences say it better
	}
	waited = await(ctx, "the feeds to be as they were", func() bool {
		again, err := a.feeds(ctx, l)
		differences = differ("feed", feeds, again)
		return err == nil && len(differences) == 0
	})
	if waited != nil {
		return differences, nil //nolint:nilerr // the differences say it better
	}
	b.Profiles, b.Feeds = len(values), len(feeds)
	return nil, nil
}

// restingFeeds reads the feeds until two readings a refresh of popularity apart are equal.
func (a *auditor) restingFeeds(ctx context.Context, l *load) (feeds map[string]string, err error) {
	var last map[string]string
	waited := await(ctx, "feeds to rest", func() bool {
		if feeds, err = a.feeds(ctx, l); err != nil {
			return false
		}
		same := maps.Equal(feeds, last)
		last = feeds
		if !same {
			rest(1200 * time.Millisecond)
		}
		return same
	})
	return feeds, errors.Join(waited, err)
}

func differ(what string, before, after map[string]string) []string {
	var lines []string
	for key := range before {
		if other, ok := after[key]; !ok || other != before[key] {
			lines = append(lines, fmt.Sprintf("%s %s: %d bytes %s, made again %d bytes %s", what, key, len(before[key]), digest(before[key]), len(other), digest(other)))
		}
	}
	for key := range after {
		if _, ok := before[key]; !ok {
			lines = append(lines, fmt.Sprintf("%s %s: was not there before", what, key))
		}
	}
	slices.Sort(lines)
	return lines
}

// digest shows the beginning of a value.
func digest(value string) string {
	return fmt.Sprintf("%.48q", value)
}
