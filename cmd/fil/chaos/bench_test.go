package chaos_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
)

// The same fleet, measured: each role a process of its own, on the embedded engines as processes, and, where their
// addresses are in the environment, on the real ones in the same run. Everything shares the cores of one machine, the load
// and the limits included: read the figures as ratios.

// ground is one set of engines.
type ground struct {
	name string
	at   addresses
	user string
}

// grounds gives the embedded engines, started for this run, and those that the environment names.
func grounds(b *testing.B, f *fleet) []ground {
	b.Helper()
	for _, name := range []string{"kafka", "redis", "clickhouse"} {
		if err := f.startEngine(name); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.awaitEngines(b.Context()); err != nil {
		b.Fatal(err)
	}
	prefix := fmt.Sprintf("bench-%d.", time.Now().UnixNano())
	all := []ground{{"embedded", addresses{f.engines["kafka"].addr, f.engines["redis"].addr, f.engines["clickhouse"].addr, f.password, prefix}, "default"}}
	if os.Getenv("FIL_TEST_KAFKA") != "" { // Redis without a password, ClickHouse with its own: the ones of deploy/local
		all = append(all, ground{"real", addresses{os.Getenv("FIL_TEST_KAFKA"), os.Getenv("FIL_TEST_REDIS"), f.engines["clickhouse"].addr, f.password, prefix}, "default"})
	}
	return all
}

// yard is a fleet at work on a ground.
type yard struct {
	*fleet
	ground
	b     *testing.B
	load  *load
	audit *auditor
	sent  int
}

func newYard(b *testing.B, f *fleet, g ground) *yard {
	b.Helper()
	y := &yard{fleet: &fleet{dir: f.dir, password: f.password, engines: f.engines, keys: f.keys}, ground: g, b: b}
	facts, err := clickhouse.Open(&clickhouse.Options{Protocol: clickhouse.HTTP, Addr: []string{g.at.clickhouse},
		Auth: clickhouse.Auth{Username: g.user, Password: g.at.password}})
	if err != nil {
		b.Fatal(err)
	}
	if err := facts.Exec(b.Context(), "DROP DATABASE IF EXISTS "+database); err != nil {
		b.Fatal(err)
	}
	options := &redis.Options{Addr: g.at.redis}
	if g.name == "embedded" {
		options.Password = g.at.password
	}
	y.audit = &auditor{fleet: y.fleet, facts: facts, redis: redis.NewClient(options), prefix: g.at.prefix,
		log: &kafka.Client{Addr: kafka.TCP(g.at.kafka), Timeout: 10 * time.Second}}
	if err := y.audit.redis.FlushAll(b.Context()).Err(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		for _, m := range y.members {
			m.halt()
		}
		_ = y.audit.close()
	})
	for _, role := range []string{"ingest", "delivery", "analytics", "worker"} {
		y.start(role)
	}
	y.load = newLoad(y.fleet, 1<<30)
	if err := y.load.prepare(b.Context()); err != nil {
		b.Fatal(err)
	}
	return y
}

// start starts one more process of a role and waits until it is ready.
func (y *yard) start(role string) *member {
	y.b.Helper()
	listen, err := freeAddress()
	if err != nil {
		y.b.Fatal(err)
	}
	at := y.at
	if y.name == "real" {
		at.password = "" // Redis has none there
	}
	m := &member{role: role, base: "http://" + listen}
	y.launch(m, role, listen, at.environment("FIL_CLICKHOUSE_PASSWORD="+y.at.password, "FIL_LOG_LEVEL=warn"))
	if err := await(y.b.Context(), role, m.ready); err != nil {
		y.b.Fatalf("%v\n%s", err, m.log)
	}
	return m
}

// bodies makes requests of so many events each, all of them new.
func (y *yard) bodies(requests, size int) [][]byte {
	all := make([][]byte, requests)
	for i := range all {
		all[i] = y.load.body(y.sent, y.sent+size)
		y.sent += size
	}
	return all
}

func (y *yard) post(body []byte) {
	status, answer, err := y.load.post(context.Background(), y.of("ingest")[0], "/v1/engagements", body)
	if err != nil || status != http.StatusAccepted {
		y.b.Errorf("status %d, %s, %v", status, answer, err)
	}
}

// together sends requests as fast as four connections take them.
func (y *yard) together(bodies [][]byte) {
	var group sync.WaitGroup
	var next atomic.Int64
	for range 4 {
		group.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(bodies); i = next.Add(1) - 1 {
				y.post(bodies[i])
			}
		})
	}
	group.Wait()
}

func (y *yard) await(what string, holds func() bool) {
	y.b.Helper()
	if err := await(y.b.Context(), what, holds); err != nil {
		y.b.Fatal(err)
	}
}

func (y *yard) done(stages ...string) func() bool {
	return func() bool {
		ok, err := y.audit.caughtUp(context.Background(), stages...)
		return err == nil && ok
	}
}

const (
	request    = 1000   // events of one request
	throughput = 200000 // events of the measure of throughput
)

// BenchmarkEngines measures what a fleet of four processes does on each set of engines.
func BenchmarkEngines(b *testing.B) {
	f := &fleet{dir: b.TempDir(), password: "bench-password", engines: map[string]*engine{}, keys: map[string]string{}}
	if err := f.makeKeys(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(f.stop)
	for _, g := range grounds(b, f) {
		b.Run(g.name, func(b *testing.B) {
			y := newYard(b, f, g)
			for b.Loop() {
				y.durable()
				for _, rate := range []int{1000, 5000, 10000} {
					y.openLoop(rate)
				}
				y.secondWorker()
				y.takeOver()
			}
		})
	}
}

// durable measures events admitted, learned and stored as facts, from the first request until the last offset is
// committed by both stages, beside kafka-go's own writer and ClickHouse's own insert of as many.
func (y *yard) durable() {
	bodies := y.bodies(throughput/request, request)
	began := time.Now()
	y.together(bodies)
	admitted := throughput / time.Since(began).Seconds()
	y.await("the events", y.done("ranking", "analytics"))
	rate := throughput / time.Since(began).Seconds()
	producer, insert := y.producer(), y.insert()
	y.b.ReportMetric(admitted, "admitted/s")
	y.b.ReportMetric(rate, "durable/s")
	y.b.ReportMetric(producer, "producer/s")
	y.b.ReportMetric(insert, "insert/s")
	y.b.ReportMetric(rate/producer, "of-producer")
	y.b.ReportMetric(rate/insert, "of-insert")
}

// producer is kafka-go's own writer with the same records, acknowledged by all replicas, in batches of a request's size.
func (y *yard) producer() float64 {
	topic := y.at.prefix + "limit"
	_, err := y.audit.log.CreateTopics(y.b.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1}}})
	if err != nil {
		y.b.Fatal(err)
	}
	w := &kafka.Writer{Addr: kafka.TCP(y.at.kafka), Topic: topic, Balancer: kafka.Murmur2Balancer{Consistent: true}, RequiredAcks: kafka.RequireAll,
		Compression: kafka.Lz4, BatchSize: request, BatchTimeout: time.Millisecond, MaxAttempts: 20}
	defer func() { _ = w.Close() }()
	messages := make([]kafka.Message, throughput)
	for i := range messages {
		e := y.load.event(i)
		messages[i] = kafka.Message{Key: []byte(agentID(i * 7)), Value: e.Data}
		e.Attributes(func(name, value string) {
			messages[i].Headers = append(messages[i].Headers, kafka.Header{Key: "ce_" + name, Value: []byte(value)})
		})
	}
	began := time.Now()
	var group sync.WaitGroup
	for part := range slices.Chunk(messages, throughput/4) {
		group.Go(func() {
			for batch := range slices.Chunk(part, request) {
				if err := w.WriteMessages(y.b.Context(), batch...); err != nil {
					y.b.Error(err)
				}
			}
		})
	}
	group.Wait()
	return throughput / time.Since(began).Seconds()
}

// insert is ClickHouse's own insert into a table like facts, of 10,000 rows at a time.
func (y *yard) insert() float64 {
	ctx := y.b.Context()
	for _, statement := range []string{"DROP TABLE IF EXISTS " + database + ".limits", "CREATE TABLE " + database + ".limits AS " + database + ".facts"} {
		if err := y.audit.facts.Exec(ctx, statement); err != nil {
			y.b.Fatal(err)
		}
	}
	const rows = 10000
	began := time.Now()
	for from := 0; from < throughput; from += rows {
		batch, err := y.audit.facts.PrepareBatch(ctx, "INSERT INTO "+database+".limits (time, admitted, kind, content, agent, dwell, identity, partition, offset)")
		if err != nil {
			y.b.Fatal(err)
		}
		for i := from; i < from+rows; i++ {
			if err := batch.Append(began, began, "read", contentID(i), uint64(i*7%agents), float32(0), uint64(i), uint16(i%partitions), int64(i)); err != nil {
				y.b.Fatal(err)
			}
		}
		if err := batch.Send(); err != nil {
			y.b.Fatal(err)
		}
	}
	return throughput / time.Since(began).Seconds()
}

const (
	lasting = 8 * time.Second
	tick    = 100 * time.Millisecond
)

// openLoop sends so many events a second whatever comes back, with a probe at each tick: an agent acknowledges a content,
// and it is measured from the moment when that was due until the agent's feed says so, and until the fact is there.
func (y *yard) openLoop(rate int) {
	ticks := int(lasting / tick)
	bodies := y.bodies(ticks, rate*int(tick)/int(time.Second))
	seen := y.probes(rate, ticks)
	var mu sync.Mutex
	var feeds, facts []time.Duration
	var group sync.WaitGroup
	due := map[uint64]time.Time{}
	began := time.Now().Add(tick)
	for i := range ticks {
		event, agent := seen(i)
		due[event.Identity()] = began.Add(time.Duration(i) * tick)
		group.Go(func() {
			at := began.Add(time.Duration(i) * tick)
			rest(time.Until(at))
			group.Go(func() { y.post(bodies[i]) })
			text, _ := json.Marshal(event)
			y.post(append(text, '\n'))
			y.await("the feed of a probe", func() bool { return y.acknowledged(agent) })
			mu.Lock()
			defer mu.Unlock()
			feeds = append(feeds, time.Since(at))
		})
	}
	left := len(due)
	y.await("the facts of probes", func() bool {
		var found []struct {
			Identity uint64 `ch:"identity"`
		}
		if err := y.audit.facts.Select(y.b.Context(), &found, "SELECT identity FROM "+database+".facts WHERE kind = 'acknowledge'"); err != nil {
			return false
		}
		for _, f := range found {
			if at, ok := due[f.Identity]; ok {
				facts = append(facts, time.Since(at))
				delete(due, f.Identity)
				left--
			}
		}
		return left == 0
	})
	group.Wait()
	y.await("the events", y.done("ranking", "analytics"))
	y.percentiles(fmt.Sprintf("feed@%d", rate), feeds)
	y.percentiles(fmt.Sprintf("fact@%d", rate), facts)
}

// probes makes agents of their own, whose feed is read once, and gives the event and the agent of each.
func (y *yard) probes(rate, n int) func(i int) (fil.Event, string) {
	name := func(i int) string { return fmt.Sprintf("probe-%d-%d-%d", y.sent, rate, i) }
	var people bytes.Buffer
	for i := range n {
		_, _ = fmt.Fprintf(&people, `{"id":%q,"org":"chaos/1"}`+"\n", name(i))
	}
	status, answer, err := y.load.post(y.b.Context(), y.of("ingest")[0], "/v1/agents:batch", people.Bytes())
	if err != nil || status/100 != 2 {
		y.b.Fatalf("status %d, %s, %v", status, answer, err)
	}
	y.await("the probes", func() bool {
		_, status, err := y.load.feed(y.b.Context(), name(n-1))
		return err == nil && status == http.StatusOK
	})
	return func(i int) (fil.Event, string) {
		event, err := fil.Engagement{Kind: fil.Acknowledge, Agent: name(i), Content: contentID(0), Time: time.Now()}.Event(source, name(i))
		if err != nil {
			panic(err) // the shape is ours
		}
		return event, name(i)
	}
}

func (y *yard) acknowledged(agent string) bool {
	items, status, err := y.load.feed(y.b.Context(), agent)
	if err != nil || status != http.StatusOK {
		return false
	}
	for _, item := range items {
		if item.Content.ID == contentID(0) {
			return item.Acknowledged
		}
	}
	return false
}

func (y *yard) percentiles(name string, took []time.Duration) {
	slices.Sort(took)
	for _, p := range []struct {
		name string
		at   float64
	}{{"p50", .5}, {"p99", .99}} {
		y.b.ReportMetric(float64(took[int(p.at*float64(len(took)-1))].Microseconds())/1000, name+"-"+p.name+"-ms")
	}
}

// secondWorker measures how fast a backlog is learned by one worker, then by two.
func (y *yard) secondWorker() {
	rates := make([]float64, 2)
	for i := range rates {
		for _, m := range y.of("worker") {
			m.halt()
		}
		y.members = slices.DeleteFunc(y.members, func(m *member) bool { return m.role == "worker" })
		y.together(y.bodies(throughput/request, request))
		began := time.Now()
		for range i + 1 {
			y.start("worker")
		}
		y.await("the backlog", y.done("ranking"))
		rates[i] = throughput / time.Since(began).Seconds()
	}
	y.b.ReportMetric(rates[0], "one-worker/s")
	y.b.ReportMetric(rates[1], "two-workers/s")
	y.b.ReportMetric(rates[1]/rates[0], "second-worker-gain")
}

// takeOver measures how long after the death of one of two workers everything is learned again, in all partitions.
func (y *yard) takeOver() {
	workers := y.of("worker")
	victim := workers[len(workers)-1]
	victim.mu.Lock()
	victim.halted = true // it is not started again
	victim.mu.Unlock()
	began := time.Now()
	victim.kill()
	y.post(y.bodies(1, request)[0])
	y.await("the partitions of a dead worker to be taken over", y.done("ranking"))
	y.b.ReportMetric(time.Since(began).Seconds(), "take-over-s")
	y.members = slices.DeleteFunc(y.members, func(m *member) bool { return m == victim })
}
