package chaos_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What a run is: by default the short form, two seeds that are always the same.
var (
	runs   = flag.Int("chaos.runs", 2, "how many runs")
	seed   = flag.Uint64("chaos.seed", 1, "seed of the first run; the next have the next numbers; 0: drawn")
	events = flag.Int("chaos.events", 1500, "events of one run")
	blows  = flag.Int("chaos.blows", 8, "blows of one run")
	keep   = flag.Bool("chaos.keep", false, "keep the folder of a run that fails")
	server = flag.Bool("chaos.redis-server", false, "a redis-server that keeps snapshots, in place of the embedded Redis, which keeps nothing")
	report = flag.String("chaos.report", "", "file where the balance of all runs is written")
)

var built string

func program() string { return built }

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "fil-chaos-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	built = filepath.Join(dir, "fil")
	out, err := exec.Command("go", "build", "-o", built, "..").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	if library, err := filepath.Abs("../../../bin/libchdb.so"); err == nil {
		_ = os.Setenv("FIL_EMBEDDED_LIBRARY", library)
	}
	return m.Run()
}

// TestChaos holds the program to "effect once". A run that fails prints its seed, and what each process said.
func TestChaos(t *testing.T) {
	first := *seed
	if first == 0 {
		first = rand.Uint64N(1 << 40)
	}
	var total books
	began := time.Now()
	struck := map[string]int{}
	for i := range *runs {
		r := &run{seed: first + uint64(i), events: *events, blows: *blows, struck: map[string]int{}}
		start := time.Now()
		if err := r.all(t.Context()); err != nil {
			t.Errorf("seed %d: %v\n\nagain: go test ./cmd/fil/chaos -run TestChaos -chaos.runs 1 -chaos.seed %d -chaos.events %d -chaos.blows %d\n\n%s", r.seed, err, r.seed, *events, *blows, r.said())
			break
		}
		total.add(r.books)
		for name, n := range r.struck {
			struck[name] += n
		}
		t.Logf("run %d/%d, seed %d, %.1f s: %s; %d requests refused, %d sent twice; %s", i+1, *runs, r.seed, time.Since(start).Seconds(), r.books, r.refused(), r.load.repeats, strings.Join(r.story, ", "))
	}
	last := fmt.Sprintf("%d runs from seed %d in %s, %v: %s", *runs, first, time.Since(began).Round(time.Second), struck, total)
	if t.Failed() {
		last = "FAILED: " + last
	}
	t.Log(last)
	if *report != "" {
		if err := os.WriteFile(*report, []byte(last+"\n"), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// run is one story, drawn from its seed.
type run struct {
	seed          uint64
	events, blows int

	fleet  *fleet
	load   *load
	books  books
	story  []string
	struck map[string]int // what came to pass, by kind
}

func (r *run) all(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "fil-chaos-run-")
	if err != nil {
		return err
	}
	defer func() {
		if err == nil || !*keep {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	r.fleet, err = startFleet(ctx, dir)
	defer r.fleet.stop()
	if err != nil {
		return err
	}
	r.load = newLoad(r.fleet, r.events)
	if err := r.load.prepare(ctx); err != nil {
		return err
	}
	if err := r.storm(ctx); err != nil {
		return err
	}
	r.fleet.calm()
	return r.judge(ctx)
}

// storm sends the load and strikes meanwhile.
func (r *run) storm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	random := rand.New(rand.NewPCG(r.seed, 0))
	sent, poisoned := make(chan error, 1), make(chan error, 1)
	go func() { sent <- r.load.run(ctx, r.seed, 60*time.Millisecond) }()
	go func() {
		_ = await(ctx, "a third of the load", func() bool { return r.load.progress() > 0.3 })
		poisoned <- r.load.poison(ctx)
	}()
	reading, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	readers.Go(func() { r.load.read(reading) })
	for i := range r.blows {
		due := float64(i+1) / float64(r.blows+2)
		wait, enough := context.WithTimeout(ctx, 3*time.Second)
		_ = await(wait, "the next blow", func() bool { return r.load.progress() >= due })
		enough()
		r.blow(ctx, random)
	}
	err := <-sent
	stop()
	readers.Wait()
	return errors.Join(err, <-poisoned)
}

func (r *run) judge(ctx context.Context) error {
	a, err := newAuditor(r.fleet)
	if err != nil {
		return err
	}
	defer func() { _ = a.close() }()
	if err := errors.Join(r.fleet.awaitEngines(ctx), r.fleet.awaitReady(ctx), a.settled(ctx)); err != nil {
		return err
	}
	var faults []string
	if r.books, faults, err = a.balance(ctx, r.load); err != nil {
		return fmt.Errorf("close the books: %w", err)
	}
	differences, err := a.rebuild(ctx, r.load, &r.books)
	if err != nil {
		return fmt.Errorf("compare with a rebuild: %w", err)
	}
	faults = append(faults, differences...)
	if len(faults) > 0 {
		return fmt.Errorf("%d differences, %s:\n%s\n%s", len(faults), r.books, strings.Join(faults[:min(len(faults), 20)], "\n"), strings.Join(r.story, ", "))
	}
	return nil
}

// steps says which role takes which durable step.
var steps = []struct{ step, engine, role string }{
	{stepProduce, "kafka", "ingest"}, {stepCommit, "kafka", "worker"}, {stepCommit, "kafka", "analytics"},
	{stepScript, "redis", "worker"}, {stepInsert, "clickhouse", "analytics"},
}

// blow does one bad thing and says in the story what it was.
func (r *run) blow(ctx context.Context, random *rand.Rand) {
	victim := r.fleet.members[random.IntN(len(r.fleet.members))]
	engineName := []string{"kafka", "kafka", other(victim.role)}[random.IntN(3)]
	wire := victim.proxies[engineName]
	switch random.IntN(12) {
	case 0:
		r.tell("kill", victim.name)
		victim.kill()
	case 1:
		r.tell("terminate", victim.name)
		victim.signal(syscall.SIGTERM)
	case 2:
		r.tell("freeze", victim.name)
		victim.signal(syscall.SIGSTOP)
		rest(session + time.Duration(random.IntN(1500))*time.Millisecond)
		victim.signal(syscall.SIGCONT)
	case 3:
		r.tell("restart engine", engineName)
		r.fleet.engines[engineName].kill()
	case 4:
		r.tell("freeze engine", engineName)
		r.fleet.engines[engineName].signal(syscall.SIGSTOP)
		rest(time.Duration(300+random.IntN(1500)) * time.Millisecond)
		r.fleet.engines[engineName].signal(syscall.SIGCONT)
	case 5:
		r.tell("cut", victim.name+" from "+engineName)
		wire.cut()
	case 6:
		r.tell("refuse", victim.name+" to "+engineName)
		wire.refuse(true)
		rest(time.Duration(200+random.IntN(1500)) * time.Millisecond)
		wire.refuse(false)
	case 7:
		r.tell("delay", victim.name+" to "+engineName)
		wire.slow(200 * time.Millisecond)
		rest(time.Duration(500+random.IntN(1000)) * time.Millisecond)
		wire.slow(0)
	default:
		r.trap(ctx, random)
	}
}

// other is the engine, beside the log, that a role rests on.
func other(role string) string {
	if role == "analytics" {
		return "clickhouse"
	}
	return "redis"
}

// trap kills a process at a chosen point: when it asks for a durable step, or when the step is done and it does not know.
func (r *run) trap(ctx context.Context, random *rand.Rand) {
	at := steps[random.IntN(len(steps))]
	some := r.fleet.of(at.role)
	victim, after := some[random.IntN(len(some))], random.IntN(2) == 0
	sprung := make(chan struct{})
	victim.proxies[at.engine].set(&trap{step: at.step, after: after, spring: func() {
		victim.kill()
		close(sprung)
	}})
	name := "kill before " + at.step
	if after {
		name = "kill after " + at.step
	}
	wait, enough := context.WithTimeout(ctx, 3*time.Second)
	defer enough()
	select {
	case <-sprung:
		r.tell(name, victim.name)
	case <-wait.Done():
		victim.proxies[at.engine].set(nil)
		r.tell("in vain "+name, victim.name)
	}
}

func (r *run) tell(kind, what string) {
	r.struck[kind]++
	r.story = append(r.story, kind+" "+what)
}

func (r *run) refused() (n int) {
	for _, times := range r.load.refusals {
		n += times
	}
	return n
}

// said gives the end of what each process wrote.
func (r *run) said() string {
	var b strings.Builder
	for _, m := range r.fleet.members {
		_, _ = fmt.Fprintf(&b, "---- %s (%d starts)\n%s\n", m.name, m.starts, last(m.log.String()))
	}
	for _, e := range r.fleet.engines {
		_, _ = fmt.Fprintf(&b, "---- %s (%d starts)\n%s\n", e.name, e.starts, last(e.log.String()))
	}
	return b.String()
}

// last gives the beginning and the end of what was said.
func last(text string) string {
	const head, end = 1500, 6000
	if len(text) <= head+end {
		return text
	}
	return text[:head] + "\n…\n" + text[len(text)-end:]
}
