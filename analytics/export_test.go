package analytics

import (
	"time"

	"github.com/filengine/fil"
)

// Memory gives tests the memory of identities.
type Memory struct{ memory }

func (m *Memory) Put(identity uint64, offset int64, day uint16) { m.put(identity, offset, day) }
func (m *Memory) Find(identity uint64) (int64, uint16, bool)    { return m.find(identity) }
func (m *Memory) Forget(before uint16)                          { m.forget(before) }
func (m *Memory) Count() int                                    { return m.count }
func (m *Memory) Bytes() (n int) {
	for _, s := range m.shards {
		n += 16 * cap(s.slots)
	}
	return n
}

// Withheld gives tests the verdicts of the guard on the rows of one column.
func Withheld(guard fil.Guard, total int, agents []int, disjoint bool) []bool {
	return groups{total: total, agents: agents, disjoint: disjoint}.withheld(guard)
}

// ParseQuestion reads query parameters.
func ParseQuestion(from, to, by, every string, schema fil.Schema, zone *time.Location) (Question, error) {
	return params{from, to, by, every}.question(schema, zone)
}

// WriteCSV writes a report.
var WriteCSV = writeCSV

// EntryOf reads a record of the directory.
func (r *Recorder) EntryOf(rec fil.Record) (Entry, error) { return r.entryOf(rec) }

// Contrast gives tests the interval of the difference between two arms of so many agents, and whether it can be told.
func Contrast(arm Moments, armSpan Span, control Moments, controlSpan Span, factor, alpha float64) (low, high float64) {
	c := contrastOf(arm, armSpan, control, controlSpan, factor, alpha)
	return c.low, c.high
}

// Proportion, Rate and Astray are the statistics themselves.
var (
	Proportion = proportion
	Rate       = rate
	Astray     = astray
)
