package census_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/filengine/fil/audiences"
)

// report is what a run prints: figures, each beside what it should be and the limit it was measured with.
type report struct {
	out     io.Writer
	details strings.Builder // rule by rule
	faults  []string
}

func (r *report) line(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format+"\n", args...) }

// table prints rows, the first of which is the header.
func (r *report) table(rows [][]string) {
	w := tabwriter.NewWriter(r.out, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, "  "+strings.Join(row, "\t"))
	}
	_ = w.Flush()
	r.line("")
}

// fault is a result that is wrong, not slow.
func (r *report) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// samples are how long the same thing took, again and again.
type samples []time.Duration

func (s samples) at(share float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

func (s samples) p50() time.Duration { return s.at(0.5) }
func (s samples) p99() time.Duration { return s.at(0.99) }

// timing is how long the same thing took, by the wall and of processors: the second is what is left of the first when
// others use the machine, and over it when several processors work.
type timing struct{ wall, processor samples }

func (t *timing) add(more timing) {
	t.wall, t.processor = append(t.wall, more.wall...), append(t.processor, more.processor...)
}

// timed runs something a few times to warm up, then so many times.
func timed(n int, do func()) timing {
	for range min(3, n) {
		do()
	}
	t := timing{make(samples, n), make(samples, n)}
	for i := range n {
		start, used := time.Now(), processor()
		do()
		t.processor[i], t.wall[i] = processor()-used, time.Since(start)
	}
	return t
}

// processor is how long processors have worked for this process.
func processor() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // it cannot fail for oneself
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func ms(d time.Duration) string { return fmt.Sprintf("%.3f ms", float64(d.Nanoseconds())/1e6) }

func median(ratios []float64) float64 {
	if len(ratios) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(ratios))[len(ratios)/2]
}

const megabyte = 1e6

// heap is what is allocated once garbage is gone.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// resident is the process' memory as the system counts it, once what is free has been given back.
func resident(t testing.TB) uint64 {
	t.Helper()
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	var kilobytes uint64
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
				t.Fatal(err)
			}
		}
	}
	return kilobytes * 1024
}

// parts are what the index itself says that it keeps.
func parts(f audiences.Footprint, agents int) [][]string {
	rows := [][]string{{"part of the index", "MB", "bytes an agent"}}
	for _, part := range []struct {
		name  string
		bytes int
	}{
		{"ids, and the table that finds agents by them", f.IDs}, {"digests of records", f.Stamps}, {"columns of values' codes", f.Columns},
		{"sets of those who have a value", f.Sets}, {"dictionaries of values", f.Dictionaries}, {"together", f.Total()},
	} {
		rows = append(rows, []string{part.name, fmt.Sprintf("%.0f", float64(part.bytes)/megabyte), fmt.Sprintf("%.1f", float64(part.bytes)/float64(agents))})
	}
	return rows
}

// busy is how many tasks have wanted the processors, over 1, 5 and 15 minutes: others' work lengthens ours.
func busy() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(raw))[:3], ", ")
}
