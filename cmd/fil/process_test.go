package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary stand for the program: with asProgram set it is fil itself, so that a test can start
// it as a process of its own, and kill it.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		_ = os.Unsetenv(asProgram)
		main()
		return
	}
	os.Exit(m.Run())
}

const asProgram = "FIL_TEST_AS_PROGRAM"

// patience bounds the waits of the tests: long, for a busy machine, and never what a test judges.
const patience = 90 * time.Second

// program is a running `fil up` and the keys to it.
type program struct {
	t    testing.TB
	dir  string
	base string
	cmd  *exec.Cmd
	keys map[string]string
	out  *journal
}

// journal keeps what a process writes, for the report of a failed test.
type journal struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.bytes.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.bytes.String()
}

// startUp starts `fil up` on a data folder and waits until it is ready.
func startUp(t testing.TB, dir string, args ...string) *program {
	t.Helper()
	address := nobody(t)
	p := &program{t: t, dir: dir, base: "http://" + address, keys: map[string]string{}, out: &journal{}}
	p.cmd = command(append([]string{"up", "--data", dir, "--listen", address}, args...)...)
	p.start()
	return p
}

func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "LANG=fr_FR.UTF-8")
	return cmd
}

// key makes a key as a stranger would, with the command.
func (p *program) key(role string, more ...string) string {
	p.t.Helper()
	out, code := run(p.t, append([]string{"keys", "create", "--data", p.dir, "--role", role}, more...)...)
	if code != exitDone {
		p.t.Fatalf("fil keys create --role %s: status %d\n%s", role, code, out)
	}
	return strings.TrimSpace(out)
}

// run runs a command to its end and gives its standard output and exit status.
func run(t testing.TB, args ...string) (out string, status int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := command(args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %v: %v", args, err)
	}
	if code := cmd.ProcessState.ExitCode(); code != exitDone {
		return stdout.String() + stderr.String(), code
	}
	return stdout.String(), exitDone
}

// kill ends the process as a power cut would.
func (p *program) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Signal(syscall.SIGKILL)
		_ = p.cmd.Wait()
	}
}

// stop asks the process to end and gives its exit status.
func (p *program) stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

// answer is one HTTP answer, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) json(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("decode answer %d: %v\n%s", a.status, err, a.body)
	}
}

// ask makes one request; headers are given as "Name: value".
func (p *program) ask(method, path, key, body string, headers ...string) answer {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
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
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header, raw}
}

// must asks and fails the test unless the status is one of those wanted.
func (p *program) must(method, path, key, body string, want ...int) answer {
	p.t.Helper()
	got := p.ask(method, path, key, body)
	for _, status := range want {
		if got.status == status {
			return got
		}
	}
	p.t.Fatalf("%s %s: status %d, want %v\n%s", method, path, got.status, want, got.body)
	return got
}

// engagements gives n CloudEvents as NDJSON: agents a0…, contents c0…, kinds in turn, ids from first on.
func engagements(first, n, agents, contents int) string {
	kinds := []string{"impression", "open", "read", "reaction", "click"}
	var b strings.Builder
	w := bufio.NewWriter(&b)
	for i := first; i < first+n; i++ {
		agent, content := fmt.Sprintf("a%d", i%agents), fmt.Sprintf("c%d", (i/3)%contents)
		_, _ = fmt.Fprintf(w, `{"specversion":"1.0","id":"%d","source":"test","type":"fil.engagement.%s","time":"2026-11-0%dT08:00:00Z","data":{"agent":%q,"content":%q}}`+"\n",
			i, kinds[i%len(kinds)], 1+i%9, agent, content)
	}
	_ = w.Flush()
	return b.String()
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("waited %s for %s", patience, what)
		case <-tick.C:
		}
	}
}
