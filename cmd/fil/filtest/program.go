// Package filtest is what the tests of the program share: a Fil to speak to, the engines under it, and a story to tell it.
//
// What it starts ends with the test. Engines are those that the environment names, where it names some, and embedded ones
// otherwise: one test at a time may use them. It knows of no role and of no command.
package filtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/tracing"
)

// Patience bounds the waits of the tests: long, for a busy machine, and never what a test judges.
const Patience = 90 * time.Second

// Program is a running Fil and the keys to it, by the name of their role or as the test calls them.
type Program struct {
	T    testing.TB
	Dir  string // of its data
	Base string // "http://host:port"
	Keys map[string]string
	Out  *Journal
}

// Journal keeps what a process writes, for the report of a failed test.
type Journal struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

// Write keeps it.
func (j *Journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.bytes.Write(p)
}

// String is all that was written.
func (j *Journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.bytes.String()
}

// Hosted is what a process that runs within the test's own is given. It calls Ready when it is.
type Hosted struct {
	Config   config.Config
	Listener net.Listener
	Logger   *slog.Logger
	Ready    func()
}

// Host runs a process of Fil within the test's own, at an address of its own, until the test ends, and waits until it is ready.
func Host(t testing.TB, cfg config.Config, run func(context.Context, Hosted) error) *Program {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listen = listener.Addr().String()
	p := &Program{T: t, Dir: cfg.Data, Base: "http://" + cfg.Listen, Keys: map[string]string{}, Out: &Journal{}}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	logger := slog.New(tracing.Handler{Handler: slog.NewTextHandler(p.Out, nil)})
	go func() {
		ended <- run(ctx, Hosted{Config: cfg, Listener: listener, Logger: logger, Ready: func() { close(ready) }})
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what the program logged:\n%s", p.Out)
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- err
		t.Fatalf("start: %v", err)
	case <-time.After(Patience):
		t.Fatalf("not ready after %s", Patience)
	}
	return p
}

// Answer is one HTTP answer, read whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body, or fails the test.
func (a Answer) JSON(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatalf("decode answer %d: %v\n%s", a.Status, err, a.Body)
	}
}

// Ask makes one request; headers are given as "Name: value".
func (p *Program) Ask(method, path, key, body string, headers ...string) Answer {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.Base+path, strings.NewReader(body))
	if err != nil {
		p.T.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.T.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.T.Fatalf("%s %s: %v", method, path, err)
	}
	return Answer{resp.StatusCode, resp.Header, raw}
}

// Must asks and fails the test unless the status is one of those wanted.
func (p *Program) Must(method, path, key, body string, want ...int) Answer {
	p.T.Helper()
	got := p.Ask(method, path, key, body)
	for _, status := range want {
		if got.Status == status {
			return got
		}
	}
	p.T.Fatalf("%s %s: status %d, want %v\n%s", method, path, got.Status, want, got.Body)
	return got
}

// Gauge reads a metric from outside, summed over its series that have all of some labels, given as name="value".
func (p *Program) Gauge(name string, labels ...string) (sum float64) {
	p.T.Helper()
	text := p.Must(http.MethodGet, "/metrics", p.Keys["service"], "", 200).Body
	for line := range strings.Lines(string(text)) {
		without := slices.ContainsFunc(labels, func(label string) bool { return !strings.Contains(line, label) })
		if !without && (strings.HasPrefix(line, name+" ") || strings.HasPrefix(line, name+"{")) {
			value, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(strings.TrimSpace(line), ' '):]), 64)
			if err != nil {
				p.T.Fatal(err)
			}
			sum += value
		}
	}
	return sum
}

// Eventually waits until a condition holds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("waited %s for %s", Patience, what)
		case <-tick.C:
		}
	}
}

// Nobody is an address of the loopback interface at which nothing listens yet. Its port is under those that the system
// gives to connections, which may take a free one at any moment.
func Nobody(t testing.TB) string {
	t.Helper()
	for range 100 {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(20000))) //nolint:gosec // any port will do
		if err == nil {
			_ = listener.Close()
			return listener.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}
