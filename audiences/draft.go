package audiences

import (
	"fmt"
	"runtime"

	"github.com/filengine/fil"
)

// draft is one record of an agent, read and ready to be applied. Reading asks the dictionaries and adds nothing to them,
// so that many records are read at once; what they lack is added when the draft is applied.
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
	draftsAtOnce = 512 // that are read before they are applied
	draftsAlone  = 32  // that are not worth another goroutine
)

// recordReader reads records on several goroutines. It keeps its memory.
type recordReader struct {
	drafts   []draft
	each     []*draft
	scanners []*scanner
}

// drafts reads at most draftsAtOnce records. They are good until the next call.
func (ix *Index) drafts(records []fil.Record) []*draft {
	r := ix.reader
	if r == nil {
		r = &recordReader{}
		ix.reader = r
	}
	for len(r.drafts) < len(records) && len(r.drafts) < draftsAtOnce {
		n := min(draftsAtOnce, max(len(records), 1))
		r.drafts, r.each = make([]draft, n), make([]*draft, n)
		codes := make([]uint32, n*len(ix.fields))
		for i := range r.drafts {
			r.drafts[i].codes, r.each[i] = codes[:len(ix.fields):len(ix.fields)], &r.drafts[i]
			codes = codes[len(ix.fields):]
		}
	}
	workers := min(runtime.GOMAXPROCS(0), (len(records)+draftsAlone-1)/draftsAlone)
	for len(r.scanners) < workers {
		r.scanners = append(r.scanners, newScanner(ix))
	}
	inParallel(workers, (len(records)+draftsAlone-1)/draftsAlone, func(worker, i int) {
		for k := i * draftsAlone; k < min((i+1)*draftsAlone, len(records)); k++ {
			r.scanners[worker].read(&records[k], &r.drafts[k])
		}
	})
	return r.each[:len(records)]
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
