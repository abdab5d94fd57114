package chdb

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"time"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// recoder turns Native blocks of revision 0, which is all that the library writes, into those of the revision that the
// client asked for. Each Write must hold whole blocks, as each chunk of the engine does.
type recoder struct {
	out      io.Writer
	revision uint64
	buffer   chproto.Buffer
}

func (r *recoder) Write(chunk []byte) (int, error) {
	source := bufio.NewReaderSize(bytes.NewReader(chunk), 128<<10)
	reader := chproto.NewReader(source) // reads through source, since that is buffer enough
	for {
		if _, err := source.Peek(1); err != nil {
			return len(chunk), nil //nolint:nilerr // the chunk is read: there is no other end
		}
		if err := r.block(reader, len(chunk)); err != nil {
			return 0, err
		}
		if _, err := r.out.Write(r.buffer.Buf); err != nil {
			return 0, err
		}
	}
}

// block fills the buffer with the next block.
func (r *recoder) block(reader *chproto.Reader, limit int) (err error) {
	// The decoder trusts the sizes that it reads; for the engine's blocks it may, but a panic must end one statement only.
	defer func() {
		if fault := recover(); fault != nil {
			err = exceptionf(codeCannotReadAllData, "CANNOT_READ_ALL_DATA", "Native block of %d bytes is malformed: %v", limit, fault)
		}
	}()
	block := proto.Block{ServerContext: &column.ServerContext{Timezone: time.UTC}}
	if err := block.Decode(reader, 0); err != nil {
		return fmt.Errorf("decode native block: %w", err)
	}
	r.buffer.Reset()
	if err := block.Encode(&r.buffer, r.revision); err != nil {
		return fmt.Errorf("encode native block for revision %d: %w", r.revision, err)
	}
	return nil
}
