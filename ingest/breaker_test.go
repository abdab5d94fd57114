package ingest_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest"
)

// A log that does not confirm is soon not asked any more, but now and then by one request; the answer then says that nothing
// was written. Records that could never be written say nothing about it.
func TestDoor_StopsAskingALogThatIsAway(t *testing.T) {
	h := setup(t)
	var asked atomic.Int64
	count := func(outcome error) func([]fil.Record) error {
		return func([]fil.Record) error {
			asked.Add(1)
			return outcome
		}
	}
	one := func(n int64) string { return event(fmt.Sprint("e", n), "a1", "c1", "read") }
	h.wire.before.Store(ptr(count(fil.NewFault("data", "ne va pas", "is wrong"))))
	for n := range int64(5) {
		h.ask("ingest", "POST", "/v1/engagements", one(n))
	}
	if asked.Load() != 5 || h.gauge("fil_ingest_log_away") != 0 {
		t.Fatalf("asked %d times of 5 about records that can never be written", asked.Load())
	}
	h.wire.before.Store(ptr(count(errAway)))
	for n := range int64(3) {
		r := h.want(503, "ingest", "POST", "/v1/engagements", one(n))
		if r.header.Get("Retry-After") != "5" || !strings.Contains(string(r.body), "ne confirme pas") {
			t.Errorf("an answer of a log that does not confirm: %s", r)
		}
	}
	eventually(t, "an answer without asking", func() bool {
		before := asked.Load()
		r := h.want(503, "ingest", "POST", "/v1/engagements", one(9), "Accept-Language", "en")
		return asked.Load() == before && r.header.Get("Retry-After") == "5" && strings.Contains(string(r.body), "The log does not answer: nothing was written.")
	})
	if h.gauge("fil_ingest_log_away") != 1 {
		t.Error("the metric does not say it")
	}
	h.wire.mend()
	eventually(t, "the door to admit", func() bool {
		return h.ask("ingest", "POST", "/v1/engagements", one(9)).status == http.StatusAccepted
	})
	if h.gauge("fil_ingest_log_away") != 0 {
		t.Error("the metric still says that the log is away")
	}
	for n := range int64(3) { // their publication failed: they are no duplicates
		if got := decode[tally](t, h.want(202, "ingest", "POST", "/v1/engagements", one(n))); got.Admitted != 1 {
			t.Errorf("%+v", got)
		}
	}
}

// While the log is slow, requests wait with nothing of theirs in memory but those that have a place.
func TestDoor_ASlowLogHoldsABoundedAmount(t *testing.T) {
	const senders, most = 60, 8 << 20
	h := setup(t, func(c *ingest.Config, _ *ingest.Parts) { c.InFlight, c.PublishTimeout = most, time.Minute })
	var lines []string
	for i := range 4000 {
		lines = append(lines, event(fmt.Sprint(i), "a1", "c1", "read"))
	}
	body := "[" + strings.Join(lines, ",") + "]"
	release := make(chan struct{})
	var entered atomic.Int64
	h.wire.before.Store(ptr(func([]fil.Record) error {
		entered.Add(1)
		<-release
		return nil
	}))
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	var sending sync.WaitGroup
	for range senders {
		sending.Go(func() {
			if r := h.ask("ingest", "POST", "/v1/engagements", body, "Content-Type", "application/cloudevents-batch+json"); r.status != http.StatusAccepted {
				t.Errorf("status %d", r.status)
			}
		})
	}
	places := int64(most / len(body))
	eventually(t, "all to be in or waiting", func() bool {
		return h.gauge("fil_ingest_waiting_requests") == float64(senders-places) && entered.Load() > 0
	})
	if held := h.gauge("fil_ingest_held_bytes"); held > most {
		t.Errorf("%v bytes are held, at most %d may be", held, most)
	}
	if grown := heap() - before; grown > 10*most {
		t.Errorf("the heap has grown by %d MiB with %d MiB sent and %d MiB of places", grown>>20, senders*len(body)>>20, most>>20)
	}
	close(release)
	sending.Wait()
}
