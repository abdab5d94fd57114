package warehouse

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Questions about cells are answered with tens of thousands of rows of numbers. clickhouse-go's rows take some 50 ns for each number
// of each; its stream of the same rows in one of ClickHouse's formats, read in place, takes one or two.
const rowFormat = "RowBinary"

// row is where an answer has been read up to. Numbers and texts are taken in the order of the columns; what is taken after a fault is void.
type row struct {
	in    *bufio.Reader
	fault error
	texts map[string]string // those that were met, each of which is one string
}

// maxText bounds a text, in bytes. An identifier is far shorter.
const maxText = 1 << 16

// readRows calls each at the beginning of each row of an answer, whose columns each must take: nothing in it says which they are.
func readRows(answer io.Reader, each func(*row)) error {
	r := &row{in: bufio.NewReaderSize(answer, 2*maxText), texts: map[string]string{}}
	for {
		if _, err := r.in.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		if each(r); r.fault != nil {
			return r.fault
		}
	}
}

// take gives the next n bytes, which hold until more is taken.
func (r *row) take(n int) []byte {
	if r.fault != nil {
		return nil
	}
	taken, err := r.in.Peek(n)
	if err != nil {
		r.fail(err)
		return nil
	}
	_, _ = r.in.Discard(n) // they are in the buffer
	return taken
}

// fail keeps the first fault. An answer that ends amid a row has been cut.
func (r *row) fail(err error) {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	r.fault = fmt.Errorf("read an answer: %w", err)
}

func (r *row) uint8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *row) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *row) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *row) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// length takes how many bytes a text has, or entries a map; nothing is longer than maxText.
func (r *row) length() int {
	if r.fault != nil {
		return 0
	}
	n, err := binary.ReadUvarint(r.in)
	if err == nil && n > maxText {
		err = fmt.Errorf("a text of %d bytes or as many entries, at most %d are expected", n, maxText)
	}
	if err != nil {
		r.fail(err)
		return 0
	}
	return int(n)
}

// raw takes a text, which holds until more is taken.
func (r *row) raw() []byte { return r.take(r.length()) }

func (r *row) text() string {
	b := r.raw()
	known, met := r.texts[string(b)]
	if !met {
		known = string(b)
		r.texts[known] = known
	}
	return known
}

// rows runs a statement, and calls each for each row of its answer.
func (s server) rows(ctx context.Context, statement string, params []any, each func(*row)) (err error) {
	answer, err := s.QueryFormat(ctx, rowFormat, statement, params...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Close()) }()
	return readRows(answer, each)
}

// cells runs a statement over tables whose months are of one partition each, so that partitions need not be put together. What
// each was given is void when there is an error.
func (w *Warehouse) cells(ctx context.Context, statement string, params []any, each func(*row)) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"do_not_merge_across_partitions_select_final": 1}))
	begun := false
	err := w.servers.on(ctx, func(s server) error {
		if begun {
			return errors.New("the answer broke off")
		}
		return s.rows(ctx, statement, params, func(r *row) {
			begun = true
			each(r)
		})
	})
	return w.failed(ctx, "read what agents did", err)
}
