package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/filengine/fil/cmd/fil/filtest"
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

// program is a running `fil up` and the keys to it.
type program struct {
	*filtest.Program

	cmd *exec.Cmd
}

// startUp starts `fil up` on a data folder and waits until it is ready.
func startUp(t testing.TB, dir string, args ...string) *program {
	t.Helper()
	address := filtest.Nobody(t)
	p := &program{Program: &filtest.Program{T: t, Dir: dir, Base: "http://" + address, Keys: map[string]string{}, Out: &filtest.Journal{}}}
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
	p.T.Helper()
	out, code := run(p.T, append([]string{"keys", "create", "--data", p.Dir, "--role", role}, more...)...)
	if code != exitDone {
		p.T.Fatalf("fil keys create --role %s: status %d\n%s", role, code, out)
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
	p.T.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.T.Fatal(err)
	}
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}
