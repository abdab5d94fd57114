package warehouse

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2"
	"golang.org/x/sync/errgroup"

	"github.com/filengine/fil"
)

// Questions about cells are answered with tens of thousands of rows of numbers. clickhouse-go's rows take some 50 ns for each number
// of each; its stream of the same rows in one of ClickHouse's formats, read in place, takes one or two.
const rowFormat = "RowBinary"

// row is where an answer has been read up to. Numbers and texts are taken in the order of the columns; what is taken after a fault is
// void.
type row struct {
	answer   io.Reader
	room     []byte // what is read goes into
	unread   []byte // the part of it that was not taken
	last     string // text
	kinds    []fil.EngagementKind
	lastKind fil.EngagementKind
	amid     bool // a row has begun
	turn     sync.Locker
	fault    error
}

// maxText bounds a text, in bytes. An identifier is far shorter.
const maxText = 1 << 16

var void [maxText]byte

// readRows calls each at the beginning of each row of an answer, whose columns each must take: nothing in it says which they are.
// Several answers that are read at once take turns, one for what is read of one at a time.
func readRows(answer io.Reader, turn sync.Locker, each func(*row)) error {
	r := &row{answer: answer, room: make([]byte, 2*maxText), kinds: counted(), turn: turn}
	turn.Lock()
	defer turn.Unlock()
	for {
		if r.amid = false; len(r.unread) == 0 {
			if r.read(1); r.fault == io.EOF { //nolint:errorlint // what wraps it is no end
				return nil
			}
		}
		r.amid = true
		if each(r); r.fault != nil {
			return fmt.Errorf("read an answer: %w", r.fault)
		}
	}
}

// read has n bytes at least in what is unread, void ones after a fault.
func (r *row) read(n int) {
	if r.fault == nil {
		had := copy(r.room, r.unread)
		r.turn.Unlock()
		more, err := io.ReadAtLeast(r.answer, r.room[had:], n-had)
		r.turn.Lock()
		if err == nil {
			r.unread = r.room[:had+more]
			return
		}
		if r.fault = err; r.amid && errors.Is(err, io.EOF) {
			r.fault = io.ErrUnexpectedEOF
		}
	}
	r.unread = void[:]
}

// take gives the next n bytes, maxText at most. They hold until more is taken.
func (r *row) take(n int) []byte {
	if len(r.unread) < n {
		r.read(n)
	}
	taken := r.unread[:n]
	r.unread = r.unread[n:]
	return taken
}

func (r *row) uint8() uint8   { return r.take(1)[0] }
func (r *row) uint16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *row) uint32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *row) uint64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

// length takes how many bytes a text has, or entries a map: maxText at most.
func (r *row) length() int {
	n := 0
	for shift := 0; n <= maxText; shift += 7 {
		b := r.uint8()
		if n |= int(b&0x7f) << shift; b < 0x80 {
			break
		}
	}
	if n > maxText {
		r.fault = cmp.Or(r.fault, fmt.Errorf("a text of %d bytes or more, or as many entries: at most %d are expected", n, maxText))
		r.unread = void[:]
		return 0
	}
	return n
}

// raw takes a text, which holds until more is taken.
func (r *row) raw() []byte { return r.take(r.length()) }

// text takes a text. Those of neighbours in a sorted answer are one string.
func (r *row) text() string {
	if b := r.raw(); string(b) != r.last {
		r.last = string(b)
	}
	return r.last
}

// kind takes a kind; it is empty when it is one of before, of which nothing is told.
func (r *row) kind() fil.EngagementKind {
	name := r.raw()
	if string(name) != string(r.lastKind) { // rows come sorted by it
		r.lastKind = ""
		for _, kind := range r.kinds {
			if string(name) == string(kind) {
				r.lastKind = kind
			}
		}
	}
	return r.lastKind
}

// rows runs a statement, and calls each for each row of its answer, in its turn.
func (s server) rows(ctx context.Context, statement string, params []any, turn sync.Locker, each func(*row)) (err error) {
	answer, err := s.QueryFormat(ctx, rowFormat, statement, params...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Close()) }()
	return readRows(answer, turn, each)
}

// interactive is how cells are asked for: by a person who waits, and about tables that are small, so all cores are to read them. Months are of
// one partition each, so partitions need not be put together. An answer comes whole or not at all: for a piece of one libchdb takes as long as for
// thousands of its rows, and groups that are split in 256 come in as many.
func interactive() clickhouse.Settings {
	return clickhouse.Settings{
		"do_not_merge_across_partitions_select_final": 1, "wait_end_of_query": 1,
		"group_by_two_level_threshold": 1 << 20, "group_by_two_level_threshold_bytes": 0,
		"merge_tree_min_rows_for_concurrent_read": 8192, "merge_tree_min_bytes_for_concurrent_read": 1 << 16,
	}
}

// atOnce is how many statements a question becomes. A small table is read by one core, and so are several that are put together.
const atOnce = 2

const unionAll = "\nUNION ALL\n"

// cells has each called for each row of what some parts of a question select, of one part after another or of several by turns. What it
// was given is void when there is an error.
func (w *Warehouse) cells(ctx context.Context, parts []string, params []any, each func(*row)) error {
	statements := make([]string, min(atOnce, len(parts)))
	for i, part := range parts {
		if of := &statements[i%atOnce]; *of == "" {
			*of = part
		} else {
			*of += unionAll + part
		}
	}
	var turn sync.Mutex
	group, asking := errgroup.WithContext(clickhouse.Context(ctx, clickhouse.WithSettings(interactive())))
	for _, statement := range statements {
		group.Go(func() error {
			begun := false
			return w.servers.on(asking, func(s server) error {
				if begun {
					return errors.New("the answer broke off")
				}
				return s.rows(asking, statement, params, &turn, func(r *row) {
					begun = true
					each(r)
				})
			})
		})
	}
	return w.failed(ctx, "read what agents did", group.Wait())
}
