package chdb_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil/cmd/fil/embedded/chdb"
)

// revision is the one that clickhouse-go asks for.
const revision = 54460

// kinds of column, with a value made of a number.
var kinds = []struct {
	of    column.Type
	value func(n int) any
}{
	{"UInt64", func(n int) any { return uint64(n) }},
	{"Int8", func(n int) any { return int8(n) }},
	{"Float64", func(n int) any { return float64(n) / 3 }},
	{"Bool", func(n int) any { return n%2 == 0 }},
	{"String", func(n int) any { return fmt.Sprint("é\x00", n) }},
	{"FixedString(3)", func(n int) any { return fmt.Sprintf("%03d", n%1000) }},
	{"LowCardinality(String)", func(n int) any { return fmt.Sprint(n % 3) }},
	{"LowCardinality(Nullable(String))", func(n int) any { return fmt.Sprint(n % 3) }},
	{"Nullable(Int32)", func(n int) any {
		if n%2 == 0 {
			return nil
		}
		return int32(n)
	}},
	{"Array(Array(UInt8))", func(n int) any { return [][]uint8{{uint8(n)}, {}, {1, 2}} }},
	{"Array(LowCardinality(String))", func(n int) any { return []string{fmt.Sprint(n % 2), "x"} }},
	{"Map(String, UInt32)", func(n int) any { return map[string]uint32{fmt.Sprint(n): uint32(n)} }},
	{"Tuple(UInt8, String)", func(n int) any { return []any{uint8(n), "t"} }},
	{"Enum8('a' = 1, 'b' = 2)", func(n int) any { return []string{"a", "b"}[n%2] }},
	{"Date", func(n int) any { return time.Unix(int64(n)*86400, 0).UTC() }},
	{"DateTime('Europe/Paris')", func(n int) any { return time.Unix(int64(n), 0) }},
	{"DateTime64(3, 'UTC')", func(n int) any { return time.UnixMilli(int64(n)) }},
	{"Decimal(18, 4)", func(n int) any { return fmt.Sprint(n, ".25") }},
	{"UUID", func(n int) any { return fmt.Sprintf("00000000-0000-0000-0000-%012d", n) }},
	{"SimpleAggregateFunction(sum, UInt64)", func(n int) any { return uint64(n) }},
}

// FuzzRecode holds the recoder to what the client's own decoder reads: the same rows at the revision asked as at 0, and
// an error for any block that is cut short.
func FuzzRecode(f *testing.F) {
	f.Add([]byte{0, 4, 6}, uint16(10), uint8(2), uint16(0))
	f.Add([]byte{8, 9, 10, 11, 12}, uint16(3), uint8(1), uint16(7))
	all := make([]byte, len(kinds))
	for i := range all {
		all[i] = byte(i)
	}
	f.Add(all, uint16(100), uint8(3), uint16(50))
	f.Fuzz(func(t *testing.T, columns []byte, rows uint16, blocks uint8, short uint16) {
		if len(columns) == 0 || len(columns) > 30 {
			return
		}
		var chunk []byte
		for range blocks%2 + 1 {
			chunk = append(chunk, encode(t, columns, int(rows%50)+1, 0)...)
		}
		var out bytes.Buffer
		if err := chdb.Recode(&out, revision, chunk); err != nil {
			t.Fatalf("recode: %v", err)
		}
		if diff := cmp.Diff(decode(t, chunk, 0), decode(t, out.Bytes(), revision)); diff != "" {
			t.Errorf("rows changed (-revision 0 +revision %d):\n%s", revision, diff)
		}
		whole := len(encode(t, columns, int(rows%50)+1, 0))
		if cut := int(short) % whole; cut > 0 {
			if err := chdb.Recode(io.Discard, revision, chunk[:len(chunk)-cut]); err == nil {
				t.Errorf("a block without its last %d bytes was taken for whole", cut)
			}
		}
	})
}

func TestRecode_EmptyChunk(t *testing.T) {
	var out bytes.Buffer
	if err := chdb.Recode(&out, revision, nil); err != nil || out.Len() != 0 {
		t.Errorf("nothing became %d bytes, %v", out.Len(), err)
	}
}

func TestRecode_AbsurdSizes(t *testing.T) {
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 1, 'n', 5, 'U', 'I', 'n', 't', '8', 1}
	if err := chdb.Recode(io.Discard, revision, huge); err == nil {
		t.Error("a block of 2^63 columns was taken")
	}
}

func BenchmarkRecode(b *testing.B) {
	chunk := encode(b, []byte{0, 4, 6, 16}, 60_000, 0)
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		if err := chdb.Recode(io.Discard, revision, chunk); err != nil {
			b.Fatal(err)
		}
	}
}

func encode(t testing.TB, columns []byte, rows int, revision uint64) []byte {
	t.Helper()
	block := proto.Block{ServerContext: &column.ServerContext{Timezone: time.UTC}}
	for i, c := range columns {
		if err := block.AddColumn(fmt.Sprint("c", i), kinds[int(c)%len(kinds)].of); err != nil {
			t.Fatal(err)
		}
	}
	for n := range rows {
		var values []any
		for _, c := range columns {
			values = append(values, kinds[int(c)%len(kinds)].value(n))
		}
		if err := block.Append(values...); err != nil {
			t.Fatal(err)
		}
	}
	var buffer chproto.Buffer
	if err := block.Encode(&buffer, revision); err != nil {
		t.Fatal(err)
	}
	return buffer.Buf
}

// decode writes all rows of a stream of blocks as text.
func decode(t testing.TB, stream []byte, revision uint64) (rows []string) {
	t.Helper()
	reader := chproto.NewReader(bytes.NewReader(stream))
	for {
		block := proto.Block{ServerContext: &column.ServerContext{Timezone: time.UTC}}
		err := block.Decode(reader, revision)
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		for n := range block.Rows() {
			row := ""
			for _, c := range block.Columns {
				value, err := json.Marshal(c.Row(n, false))
				if err != nil {
					t.Fatal(err)
				}
				row += fmt.Sprintf("%s %s %s|", c.Name(), c.Type(), value)
			}
			rows = append(rows, row)
		}
	}
}
