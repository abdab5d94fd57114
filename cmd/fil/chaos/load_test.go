package chaos_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
)

const (
	agents   = 120
	contents = 40
	batch    = 50 // events of one request
	source   = "chaos"
	poisoned = 6 // records that another producer puts in the log, half of them no event at all
)

// load is the events of one run: what each is follows from its number, what was acknowledged is noted.
type load struct {
	fleet  *fleet
	client *http.Client
	events int
	began  time.Time

	mu           sync.Mutex // protects what follows
	acknowledged map[int]bool
	repeats      int // requests sent again on purpose
	refusals     map[int]int
}

func newLoad(f *fleet, events int) *load {
	return &load{fleet: f, client: &http.Client{Timeout: 20 * time.Second}, events: events, began: time.Now(),
		acknowledged: map[int]bool{}, refusals: map[int]int{}}
}

func agentID(i int) string   { return fmt.Sprintf("agent-%03d", i%agents) }
func contentID(i int) string { return fmt.Sprintf("content-%02d", i%contents) }

// prepare puts a directory and a catalogue in the log, before anything goes wrong.
func (l *load) prepare(ctx context.Context) error {
	var people, texts bytes.Buffer
	for i := range agents {
		_, _ = fmt.Fprintf(&people, `{"id":%q,"org":"chaos/%d","attributes":{"category":%q}}`+"\n", agentID(i), i%7, string(rune('A'+i%3)))
	}
	for i := range contents {
		_, _ = fmt.Fprintf(&texts, `{"id":%q,"kind":"news","title":"Nouvelle %d","topics":["t%d"],"source":"s%d","published_at":%q}`+"\n",
			contentID(i), i, i%5, i%4, l.began.Add(-time.Duration(i)*time.Hour).UTC().Format(time.RFC3339))
	}
	for path, body := range map[string]*bytes.Buffer{"/v1/agents:batch": &people, "/v1/contents:batch": &texts} {
		status, answer, err := l.post(ctx, l.fleet.of("ingest")[0], path, body.Bytes())
		if err != nil || status/100 != 2 {
			return fmt.Errorf("prepare %s: status %d, %s, %w", path, status, answer, err)
		}
	}
	return nil
}

// event is the nth: an act of an agent on a content. Several acts of one agent are spread over partitions by the agent.
func (l *load) event(n int) fil.Event {
	kinds := []fil.EngagementKind{fil.Impression, fil.Open, fil.Read, fil.Dwell, fil.Reaction, fil.Click, fil.Save}
	e := fil.Engagement{Kind: kinds[n%len(kinds)], Agent: agentID(n * 7), Content: contentID(n / 3), Time: l.began.Add(-time.Duration(n%86400) * time.Second)}
	if e.Kind == fil.Dwell {
		e.Dwell = float64(n % 90)
	}
	event, err := e.Event(source, fmt.Sprint(n))
	if err != nil {
		panic(err) // the shape is ours
	}
	return event
}

func (l *load) body(from, to int) []byte {
	var b bytes.Buffer
	for n := from; n < to; n++ {
		text, err := json.Marshal(l.event(n))
		if err != nil {
			panic(err) // the shape is ours
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func (l *load) post(ctx context.Context, m *member, path string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+l.fleet.keys["ingest"])
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := l.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// run sends every event, batch after batch, from a few senders, each as a good sender would: the same request again until
// it is accepted, at whichever door answers. One batch in ten is sent again although it was accepted.
func (l *load) run(ctx context.Context, seed uint64, pace time.Duration) error {
	const senders = 3
	errs := make(chan error, senders)
	for s := range senders {
		go func() {
			random := rand.New(rand.NewPCG(seed, uint64(s)))
			for from := s * batch; from < l.events; from += senders * batch {
				if err := l.send(ctx, random, from, min(from+batch, l.events)); err != nil {
					errs <- err
					return
				}
				rest(rand.N(2 * pace))
			}
			errs <- nil
		}()
	}
	var first error
	for range senders {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (l *load) send(ctx context.Context, random *rand.Rand, from, to int) error {
	body, doors := l.body(from, to), l.fleet.of("ingest")
	for times := 1 + btoi(random.IntN(10) == 0); times > 0; times-- {
		for accepted := false; !accepted; {
			status, answer, err := l.post(ctx, doors[random.IntN(len(doors))], "/v1/engagements", body)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			accepted = err == nil && status == http.StatusAccepted
			if accepted {
				var said struct{ Admitted, Duplicates, Refused int }
				if err := json.Unmarshal(answer, &said); err != nil || said.Admitted+said.Duplicates != to-from {
					return fmt.Errorf("events %d to %d: an answer that does not add up: %s", from, to, answer)
				}
			}
			l.note(from, to, status, accepted, times > 1)
			if !accepted {
				rest(50 * time.Millisecond)
			}
		}
	}
	return nil
}

func (l *load) note(from, to, status int, accepted, again bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !accepted {
		l.refusals[status]++
		return
	}
	l.repeats += btoi(again)
	for n := from; n < to; n++ {
		l.acknowledged[n] = true
	}
}

func (l *load) progress() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return float64(len(l.acknowledged)) / float64(l.events)
}

// read asks for feeds all the time, so that they are stored and ranked ahead; what it is answered meanwhile is not judged.
func (l *load) read(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		_, _, _ = l.feed(ctx, agentID(i))
		rest(20 * time.Millisecond)
	}
}

// placed is an item of a feed as it is compared.
type placed struct {
	Content      struct{ ID string }
	Score        float64
	Acknowledged bool
}

func (l *load) feed(ctx context.Context, agent string) ([]placed, int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.fleet.of("delivery")[0].base+"/v1/agents/"+agent+"/feed?limit=50", nil)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+l.fleet.keys["service"])
	resp, err := l.client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	var page struct{ Items []placed }
	return page.Items, resp.StatusCode, json.NewDecoder(resp.Body).Decode(&page)
}

// poison puts in the log what the door would have refused, as another producer might.
func (l *load) poison(ctx context.Context) error {
	w := &kafka.Writer{Addr: kafka.TCP(l.fleet.engines["kafka"].addr), Topic: string(fil.TopicEngagements),
		Balancer: kafka.Murmur2Balancer{Consistent: true}, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond, MaxAttempts: 20}
	defer func() { _ = w.Close() }()
	var messages []kafka.Message
	for i := range poisoned {
		m := kafka.Message{Key: []byte(agentID(i)), Value: []byte("no event")}
		if i%2 == 0 {
			for _, h := range [][2]string{{"ce_specversion", "1.0"}, {"ce_id", fmt.Sprint("poison-", i)}, {"ce_source", source}, {"ce_type", "fil.engagement.read"}} {
				m.Headers = append(m.Headers, kafka.Header{Key: h[0], Value: []byte(h[1])})
			}
		}
		messages = append(messages, m)
	}
	return w.WriteMessages(ctx, messages...)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
