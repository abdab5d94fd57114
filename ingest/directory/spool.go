package directory

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"hash/maphash"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// stored is one entry in the spool.
type stored struct {
	id, where string
	fields    int    // the number of its list of fields
	record    []byte // JSON of an agent
	refused   bool   // kept in memory only
}

// spool is a temporary file of entries, one a line. Its name is removed as soon as it is open: it goes with the process.
type spool struct {
	file *os.File
	w    *bufio.Writer
	size int64
	line []byte // of the last read
}

func newSpool(folder string) (*spool, error) {
	file, err := os.CreateTemp(folder, "fil-sync-")
	if err != nil {
		return nil, fmt.Errorf("open a temporary file (TMPDIR names another folder): %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("take the name off a temporary file: %w", err)
	}
	return &spool{file: file, w: bufio.NewWriterSize(file, 256<<10), line: make([]byte, 2048)}, nil
}

func (s *spool) close() { _ = s.file.Close() }

func (s *spool) flush() error {
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("write the temporary file (TMPDIR names another folder): %w", err)
	}
	return nil
}

// append gives the place of an entry, which can be read after flush.
func (s *spool) append(e stored) (at int64, err error) {
	where := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, e.where)
	at = s.size
	line := s.line[:0]
	line = append(append(line, e.id...), '\t')
	line = append(append(line, where...), '\t')
	line = append(strconv.AppendInt(line, int64(e.fields), 10), '\t')
	line = append(append(line, e.record...), '\n')
	s.line = line[:cap(line)]
	n, err := s.w.Write(line)
	s.size += int64(n)
	if err != nil {
		return 0, fmt.Errorf("write the temporary file (TMPDIR names another folder): %w", err)
	}
	return at, nil
}

// read gives the entry at a place. Its record lasts until the next call.
func (s *spool) read(at int64) (stored, error) {
	for {
		n, err := s.file.ReadAt(s.line, at)
		if end := bytes.IndexByte(s.line[:n], '\n'); end >= 0 {
			parts := bytes.SplitN(s.line[:end], []byte{'\t'}, 4)
			if len(parts) < 4 {
				return stored{}, fmt.Errorf("read the temporary file at %d: not an entry", at)
			}
			fields, err := strconv.Atoi(string(parts[2]))
			if err != nil {
				return stored{}, fmt.Errorf("read the temporary file at %d: %w", at, err)
			}
			return stored{id: string(parts[0]), where: string(parts[1]), fields: fields, record: parts[3]}, nil
		}
		if n < len(s.line) {
			return stored{}, fmt.Errorf("read the temporary file at %d: %w", at, err)
		}
		s.line = make([]byte, 2*len(s.line))
	}
}

// state is what is known of an entry.
type state uint64

const (
	fresh   state = iota // the directory has no such agent, so far
	same                 // it has it, equal
	changed              // it has it, otherwise
	refused              // not followed: the agent, if there is one, is left as it is
)

// entry is what memory holds of an entry: a hash of its id, and its place in the spool with its state in the last two bits.
type entry struct{ hash, at uint64 }

func (e entry) place() int64 { return int64(e.at >> 2) }
func (e entry) state() state { return state(e.at & 3) }

func (e *entry) is(at int64, s state) { e.at = uint64(at)<<2 | uint64(s) }

// entries find an entry by its id once they are settled. The zero value holds none.
type entries struct {
	list []entry
	seed maphash.Seed
}

func (e *entries) add(one stored, at int64) {
	if e.list == nil {
		e.seed = maphash.MakeSeed()
	}
	added := entry{hash: maphash.String(e.seed, one.id)}
	added.is(at, fresh)
	if one.refused {
		added.is(at, refused)
	}
	e.list = append(e.list, added)
}

// settle sorts the entries. Of those that share an id one stays, refused; again is told each that was not refused before.
func (e *entries) settle(s *spool, again func(stored)) error {
	slices.SortFunc(e.list, func(a, b entry) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.at, b.at)) })
	kept := e.list[:0]
	for i := 0; i < len(e.list); {
		end := i + 1
		for end < len(e.list) && e.list[end].hash == e.list[i].hash {
			end++
		}
		if end == i+1 {
			kept = append(kept, e.list[i])
			i = end
			continue
		}
		distinct, err := settleRun(slices.Clone(e.list[i:end]), s, again)
		if err != nil {
			return err
		}
		kept = append(kept, distinct...)
		i = end
	}
	e.list = kept
	return nil
}

// settleRun settles entries of one hash, few in number.
func settleRun(run []entry, s *spool, again func(stored)) (kept []entry, err error) {
	firsts := map[string]int{} // by id, in kept
	for _, one := range run {
		read, err := s.read(one.place())
		if err != nil {
			return nil, err
		}
		first, known := firsts[read.id]
		if !known {
			firsts[read.id] = len(kept)
			kept = append(kept, one)
			continue
		}
		if one.state() != refused {
			again(read)
		}
		if kept[first].state() != refused {
			before, err := s.read(kept[first].place())
			if err != nil {
				return nil, err
			}
			again(before)
			kept[first].is(kept[first].place(), refused)
		}
	}
	return kept, nil
}

// find gives the entry of an id and what is stored of it; nil when there is none.
func (e *entries) find(s *spool, id string) (*entry, stored, error) {
	if len(e.list) == 0 {
		return nil, stored{}, nil
	}
	hash := maphash.String(e.seed, id)
	i, _ := slices.BinarySearchFunc(e.list, hash, func(one entry, hash uint64) int { return cmp.Compare(one.hash, hash) })
	for ; i < len(e.list) && e.list[i].hash == hash; i++ {
		read, err := s.read(e.list[i].place())
		if err != nil {
			return nil, stored{}, err
		}
		if read.id == id {
			return &e.list[i], read, nil
		}
	}
	return nil, stored{}, nil
}
