package audiences

import (
	"fmt"
	"iter"
	"runtime"
	"sync"

	"github.com/filengine/fil"
)

// draft is one record of an agent, read and ready to be applied. Reading asks the dictionaries and adds nothing to them,
// so that many records are read at once, while others are applied; what they lack is added when the draft is applied.
type draft struct {
	id      string
	stamp   uint64
	codes   []uint32 // by field
	missing []missing
	gone    bool  // a tombstone, or the agent is inactive
	err     error // the rejection, when there is one
}

// missing is a value that has no code yet: a text that is the record's own bytes, as many agents of one batch may lack the
// same, or else a value.
type missing struct {
	field *field
	text  []byte
	value any
}

// intern gives the codes that are missing.
func (d *draft) intern() {
	for i := range d.missing {
		m := &d.missing[i]
		if m.text != nil {
			d.codes[m.field.at] = m.field.internText(m.text)
		} else {
			d.codes[m.field.at] = m.field.intern(m.value)
		}
		*m = missing{} // the record is not kept
	}
}

const (
	draftsAtOnce = 512 // that are read while as many are applied
	draftsAlone  = 32  // that are not worth another goroutine
)

// recordReader reads records on several goroutines. It keeps its memory.
type recordReader struct {
	index    *Index
	batches  [2][]draft
	scanners []*scanner
}

// drafts gives records, at most draftsAtOnce at a time, with their drafts, which are good until it gives the next. Those
// are read meanwhile.
func (ix *Index) drafts(records []fil.Record) iter.Seq2[[]fil.Record, []draft] {
	return func(yield func([]fil.Record, []draft) bool) {
		if ix.reader == nil {
			ix.reader = &recordReader{index: ix}
		}
		r := ix.reader
		some := records[:min(len(records), draftsAtOnce)]
		drafts := r.read(0, some)
		for turn := 1; len(some) > 0; turn = 1 - turn {
			records = records[len(some):]
			next, ahead := records[:min(len(records), draftsAtOnce)], []draft(nil)
			var reading sync.WaitGroup
			if len(next) > 0 {
				reading.Go(func() { ahead = r.read(turn, next) })
			}
			more := yield(some, drafts)
			if reading.Wait(); !more {
				return
			}
			some, drafts = next, ahead
		}
	}
}

// read reads at most draftsAtOnce records into one of the batches.
func (r *recordReader) read(turn int, records []fil.Record) []draft {
	fields := len(r.index.fields)
	if len(r.batches[turn]) < len(records) {
		drafts, codes := make([]draft, len(records)), make([]uint32, len(records)*fields)
		for i := range drafts {
			drafts[i].codes, codes = codes[:fields:fields], codes[fields:]
		}
		r.batches[turn] = drafts
	}
	drafts, tasks := r.batches[turn][:len(records)], (len(records)+draftsAlone-1)/draftsAlone
	workers := min(runtime.GOMAXPROCS(0), tasks)
	for len(r.scanners) < workers {
		r.scanners = append(r.scanners, newScanner(r.index))
	}
	inParallel(workers, tasks, func(worker, i int) {
		for k := i * draftsAlone; k < min((i+1)*draftsAlone, len(records)); k++ {
			r.scanners[worker].read(&records[k], &drafts[k])
		}
	})
	return drafts
}

// read reads a record: as its shape usually is, or else as encoding/json does.
func (s *scanner) read(rec *fil.Record, d *draft) {
	clear(d.codes)
	*d = draft{codes: d.codes, missing: d.missing[:0]}
	if rec.Event.Data == nil {
		d.id, d.gone = rec.Key, true
		return
	}
	if s.scan(rec, d) {
		d.stamp = digest(d.id, rec.Event.Data)
		return
	}
	clear(d.codes)
	*d = draft{codes: d.codes, missing: d.missing[:0]}
	d.err = s.index.draft(*rec, d)
}

func (ix *Index) draft(rec fil.Record, d *draft) error {
	agent, err := fil.Decode[fil.Agent](rec)
	if err != nil {
		return err
	}
	if err := checkKey(rec, agent.ID); err != nil {
		return err
	}
	if d.id, d.gone = agent.ID, agent.Inactive; d.gone {
		return nil
	}
	d.stamp = digest(agent.ID, rec.Event.Data)
	d.text(ix.fields[atOrg], agent.Org)
	d.text(ix.fields[atSite], agent.Site)
	d.text(ix.fields[atLanguage], agent.Language)
	taken := 0
	for _, f := range ix.fields[atAttributes:] {
		value, ok := agent.Attributes[f.name]
		if !ok {
			continue
		}
		taken++
		code, known, err := f.find(value)
		if err != nil {
			return fil.Reject(rec, fmt.Errorf("encode an agent: %w", err))
		}
		d.put(f, code, known, value)
	}
	if taken == len(agent.Attributes) {
		return nil
	}
	for name := range agent.Attributes {
		if _, declared := ix.schema.Lookup(name); !declared {
			return fil.Reject(rec, fmt.Errorf("encode an agent: attribute %q is not declared", name))
		}
	}
	return nil
}

func (d *draft) put(f *field, code uint32, known bool, value any) {
	if known {
		d.codes[f.at] = code
	} else {
		d.missing = append(d.missing, missing{field: f, value: value})
	}
}

// text puts a text that is empty when there is none.
func (d *draft) text(f *field, text string) {
	if text != "" {
		code := f.words.find(text)
		d.put(f, code, code != 0, text)
	}
}
