package chdb

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"unsafe"
)

// conn is one connection to the engine. It runs one statement at a time and belongs to one goroutine at a time.
type conn struct {
	lib      *library
	outer    *uintptr // what connect gave, and what close wants
	handle   uintptr
	database string // the current one
}

// param is the value of a {name:Type} placeholder, in the engine's escaped text form.
type param struct{ name, value string }

// open opens a connection with the given command-line arguments. The first one of a process starts the engine.
func (l *library) open(args []string) (*conn, error) {
	argv := make([]*byte, len(args)+1)
	for i, a := range args {
		argv[i] = unsafe.StringData(a + "\x00")
	}
	outer := l.connect(int32(len(args)), first(argv))
	runtime.KeepAlive(argv)
	if outer == nil || *outer == 0 {
		return nil, errors.New("the engine refused the connection")
	}
	return &conn{lib: l, outer: outer, handle: *outer, database: "default"}, nil
}

func (c *conn) close() {
	c.lib.closeConn(c.outer)
	c.handle = 0
}

// query runs a statement and hands each chunk of its answer to sink, which must not keep it. The engine computes no
// further than the sink has read, so an answer of any size takes bounded memory.
func (c *conn) query(text, format string, params []param, sink func(chunk []byte) error) (rows uint64, err error) {
	names, nameLens, values, valueLens := columns(params)
	stream := c.lib.streamQuery(c.handle, unsafe.StringData(text), uint(len(text)), unsafe.StringData(format), uint(len(format)),
		first(names), first(nameLens), first(values), first(valueLens), uint(len(params)))
	defer c.lib.resultDestroy(stream)
	if text := c.lib.resultError(stream); text != "" {
		return 0, newException(text)
	}
	for {
		n, more, err := c.fetch(stream, sink)
		rows += n
		if err != nil {
			c.lib.streamCancel(c.handle, stream)
			return rows, err
		}
		if !more {
			return rows, nil
		}
	}
}

// exec runs a statement as query does, but computes its whole answer before sink sees it; statements other than SELECT
// run in no other way.
func (c *conn) exec(text, format string, params []param, sink func(chunk []byte) error) error {
	names, nameLens, values, valueLens := columns(params)
	result := c.lib.query(c.handle, unsafe.StringData(text), uint(len(text)), unsafe.StringData(format), uint(len(format)),
		first(names), first(nameLens), first(values), first(valueLens), uint(len(params)))
	defer c.lib.resultDestroy(result)
	if text := c.lib.resultError(result); text != "" {
		return newException(text)
	}
	length := c.lib.resultLength(result)
	if length == 0 {
		return nil
	}
	return sink(unsafe.Slice((*byte)(c.lib.resultBuffer(result)), length))
}

func (c *conn) fetch(stream uintptr, sink func([]byte) error) (rows uint64, more bool, err error) {
	chunk := c.lib.streamFetch(c.handle, stream)
	defer c.lib.resultDestroy(chunk)
	if text := c.lib.resultError(chunk); text != "" {
		return 0, false, newException(text)
	}
	length := c.lib.resultLength(chunk)
	if length == 0 {
		return 0, false, nil
	}
	rows = c.lib.resultRowsRead(chunk)
	return rows, true, sink(unsafe.Slice((*byte)(c.lib.resultBuffer(chunk)), length))
}

// insert runs an INSERT without FORMAT clause, with the rows that data gives in that format. When it answers without
// an error the rows are stored; when reading data fails, none is.
func (c *conn) insert(text, format string, params []param, data io.Reader) (rows uint64, err error) {
	names, nameLens, values, valueLens := columns(params)
	stream := c.lib.insertOpen(c.handle, unsafe.StringData(text), uint(len(text)), unsafe.StringData(format), uint(len(format)),
		first(names), first(nameLens), first(values), first(valueLens), uint(len(params)))
	defer c.lib.insertDestroy(stream)
	if text := c.lib.insertError(stream); text != "" {
		return 0, newException(text)
	}
	if err := c.feed(stream, data); err != nil {
		c.lib.insertCancel(stream)
		return 0, err
	}
	done := c.lib.insertDone(stream)
	defer c.lib.resultDestroy(done)
	if text := c.lib.resultError(done); text != "" {
		return 0, newException(text)
	}
	return c.lib.resultRowsWritten(done), nil
}

// feedSize is how much of an insert is handed to the engine at a time; it queues 16 of them at most.
const feedSize = 256 << 10

func (c *conn) feed(stream uintptr, data io.Reader) error {
	buffer := make([]byte, feedSize)
	for end := false; !end; {
		n := 0
		for n < len(buffer) && !end {
			read, err := data.Read(buffer[n:])
			n += read
			// Only io.EOF itself is the end: a request cut short gives io.ErrUnexpectedEOF, and must store nothing.
			if end = errors.Is(err, io.EOF); err != nil && !end {
				return fmt.Errorf("read rows to insert: %w", err)
			}
		}
		if n > 0 && c.lib.insertAppend(stream, unsafe.SliceData(buffer), uint(n)) != 0 {
			return newException(c.lib.insertError(stream))
		}
	}
	return nil
}

// columns lays parameters out as the library wants them: an array for each of names, lengths, values and lengths.
func columns(params []param) (names []*byte, nameLens []uint, values []*byte, valueLens []uint) {
	for _, p := range params {
		names, nameLens = append(names, unsafe.StringData(p.name+"\x00")), append(nameLens, uint(len(p.name)))
		values, valueLens = append(values, unsafe.StringData(p.value+"\x00")), append(valueLens, uint(len(p.value)))
	}
	return names, nameLens, values, valueLens
}

func first[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }
