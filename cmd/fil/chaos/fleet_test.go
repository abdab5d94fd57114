package chaos_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one run of a command after another: when it ends it is started again, as a supervisor would, until halt.
type process struct {
	name    string
	command func() *exec.Cmd
	health  string // URL that answers 200 when it is ready; empty: nothing is asked
	log     *tail

	mu      sync.Mutex // protects what follows
	current *exec.Cmd
	halted  bool
	starts  int
	ended   chan struct{}
}

// tail keeps the last of what a process says, for the report of a run that failed.
type tail struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

const tailBytes = 1 << 20

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept.Len() > tailBytes {
		t.kept.Next(tailBytes / 2)
	}
	return t.kept.Write(p)
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept.String()
}

func (p *process) run() {
	p.ended = make(chan struct{})
	go func() {
		defer close(p.ended)
		for p.turn() {
			rest(50 * time.Millisecond)
		}
	}()
}

// turn starts the command and waits for its end; false when it is not to be started again.
func (p *process) turn() bool {
	p.mu.Lock()
	if p.halted {
		p.mu.Unlock()
		return false
	}
	cmd := p.command()
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		_, _ = fmt.Fprintf(p.log, "start %s: %v\n", p.name, err)
		p.mu.Unlock()
		return true
	}
	p.current = cmd
	p.starts++
	p.mu.Unlock()
	_ = cmd.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = nil
	return !p.halted
}

// signal sends a signal to the process of the moment, if there is one.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil {
		_ = p.current.Process.Signal(s)
	}
}

func (p *process) kill() { p.signal(syscall.SIGKILL) }

// halt ends the process for good.
func (p *process) halt() {
	p.mu.Lock()
	p.halted = true
	p.mu.Unlock()
	p.signal(syscall.SIGCONT)
	p.kill()
	<-p.ended
}

func (p *process) ready() bool {
	if p.health == "" {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.health, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// engine is one engine, as a process at an address that it keeps.
type engine struct {
	*process
	addr string
}

// member is one process of the fleet behind its proxies.
type member struct {
	*process
	role    string
	base    string // URL
	proxies map[string]*proxy
}

// fleet is everything that runs: the engines, and the roles on them.
type fleet struct {
	dir      string
	password string
	engines  map[string]*engine
	members  []*member
	keys     map[string]string
}

const (
	partitions = 4
	database   = "chaos"
	session    = 2 * time.Second
)

// roles of a fleet: two of those that share partitions, so that each has somebody to take over.
func roles() []string {
	return []string{"ingest", "ingest", "worker", "worker", "delivery", "analytics", "analytics"}
}

// freeAddress draws a port under those that the system gives to connections, which may take a free one at any moment.
func freeAddress() (string, error) {
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(20000)))
		if err == nil {
			return l.Addr().String(), l.Close()
		}
	}
	return "", errors.New("no port is free")
}

// startFleet starts engines and roles and waits until all are ready.
func startFleet(ctx context.Context, dir string) (*fleet, error) {
	f := &fleet{dir: dir, password: "chaos-password", engines: map[string]*engine{}, keys: map[string]string{}}
	for _, name := range []string{"kafka", "redis", "clickhouse"} {
		if err := f.startEngine(name); err != nil {
			return f, err
		}
	}
	if err := errors.Join(f.makeKeys(ctx), f.awaitEngines(ctx)); err != nil {
		return f, err
	}
	for i, role := range roles() {
		if err := f.startMember(fmt.Sprintf("%s-%d", role, i), role); err != nil {
			return f, err
		}
	}
	return f, f.awaitReady(ctx)
}

func (f *fleet) makeKeys(ctx context.Context) error {
	for _, role := range []string{"ingest", "service", "communicator"} {
		out, err := exec.CommandContext(ctx, program(), "keys", "create", "--data", f.dir, "--role", role).Output()
		if err != nil {
			return fmt.Errorf("make a key for %s: %w", role, err)
		}
		f.keys[role] = strings.TrimSpace(string(out))
	}
	return nil
}

func (f *fleet) startEngine(name string) error {
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	dir := filepath.Join(f.dir, "engine-"+name)
	e := &engine{addr: addr, process: &process{name: name, log: &tail{}, command: func() *exec.Cmd {
		if name == "redis" && *server {
			return redisServer(dir, addr, f.password)
		}
		cmd := exec.Command(program(), "engine", name, "--data", dir, "--listen", addr)
		cmd.Env = append(os.Environ(), "FIL_LOG_LEVEL=error")
		if name != "kafka" {
			cmd.Env = append(cmd.Env, "FIL_ENGINE_PASSWORD="+f.password)
		}
		return cmd
	}}}
	f.engines[name] = e
	e.run()
	return nil
}

// redisServer is a Redis that writes a snapshot each second: killed, it goes back to the last one.
func redisServer(dir, addr, password string) *exec.Cmd {
	_ = os.MkdirAll(dir, 0o700)
	_, port, _ := net.SplitHostPort(addr)
	return exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--requirepass", password, "--dir", dir, "--save", "1 1",
		"--appendonly", "no", "--maxmemory-policy", "noeviction")
}

func (f *fleet) awaitEngines(ctx context.Context) error {
	for _, e := range f.engines {
		err := await(ctx, "the engine "+e.name, func() bool {
			c, err := net.DialTimeout("tcp", e.addr, time.Second)
			if err != nil {
				return false
			}
			_ = c.Close()
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *fleet) startMember(name, role string) error {
	listen, err := freeAddress()
	if err != nil {
		return err
	}
	m := &member{role: role, base: "http://" + listen, proxies: map[string]*proxy{}}
	for engine, wire := range map[string]protocol{
		"kafka":      kafkaWire{f.engines["kafka"].addr},
		"redis":      textWire{stepScript, [][]byte{[]byte("evalsha")}},
		"clickhouse": textWire{stepInsert, [][]byte{[]byte("POST /"), []byte("INSERT"), []byte("facts")}},
	} {
		if m.proxies[engine], err = newProxy(f.engines[engine].addr, wire); err != nil {
			return err
		}
	}
	at := addresses{kafka: m.proxies["kafka"].addr(), redis: m.proxies["redis"].addr(), clickhouse: m.proxies["clickhouse"].addr(), password: f.password}
	f.launch(m, name, listen, at.environment("FIL_LOG_SESSION="+session.String()))
	return nil
}

// addresses are where one process finds its engines.
type addresses struct {
	kafka, redis, clickhouse, password string
	prefix                             string // of topics and groups
}

func (a addresses) environment(more ...string) []string {
	return append(append(os.Environ(),
		"FIL_LOG_BROKERS="+a.kafka, "FIL_LOG_PREFIX="+a.prefix, fmt.Sprintf("FIL_LOG_PARTITIONS=%d", partitions),
		"FIL_REDIS_ADDRESSES="+a.redis, "FIL_REDIS_PASSWORD="+a.password,
		"FIL_CLICKHOUSE_ADDRESSES="+a.clickhouse, "FIL_CLICKHOUSE_DATABASE="+database,
		"FIL_CLICKHOUSE_USERNAME=default", "FIL_CLICKHOUSE_PASSWORD="+a.password, "FIL_SHUTDOWN=5s", "FIL_LOG_LEVEL=info"), more...)
}

// launch runs a member as a process under an environment.
func (f *fleet) launch(m *member, name, listen string, environment []string) {
	m.process = &process{name: name, log: &tail{}, health: m.base + "/readyz", command: func() *exec.Cmd {
		cmd := exec.Command(program(), "serve", "--data", f.dir, "--listen", listen, m.role)
		cmd.Env = environment
		return cmd
	}}
	f.members = append(f.members, m)
	m.run()
}

func (f *fleet) awaitReady(ctx context.Context) error {
	for _, m := range f.members {
		if err := await(ctx, "the process "+m.name, m.ready); err != nil {
			return err
		}
	}
	return nil
}

// of gives the members with a role.
func (f *fleet) of(role string) []*member {
	var some []*member
	for _, m := range f.members {
		if m.role == role {
			some = append(some, m)
		}
	}
	return some
}

// calm undoes what is still being done to the fleet.
func (f *fleet) calm() {
	for _, m := range f.members {
		m.signal(syscall.SIGCONT)
		for _, x := range m.proxies {
			x.set(nil)
			x.slow(0)
			x.refuse(false)
		}
	}
}

func (f *fleet) stop() {
	for _, m := range f.members {
		m.halt()
		for _, x := range m.proxies {
			x.close()
		}
	}
	for _, e := range f.engines {
		e.halt()
	}
}

// patience bounds a wait for something that must come: long, for a busy machine, and never what is judged.
const patience = 2 * time.Minute

// await waits for a condition, which what names.
func await(ctx context.Context, what string, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}
