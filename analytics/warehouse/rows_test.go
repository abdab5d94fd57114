package warehouse_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil/analytics/warehouse"
)

// An answer of ClickHouse's own has each kind of column; the texts are longer than what is read at once.
func TestRows_ReadsWhatTheEngineWrites(t *testing.T) {
	w := open(t, settings(t))
	got, err := warehouse.ReadRows(t.Context(), w, `SELECT toUInt8(number % 256), toUInt16(number), toUInt32(number * 70000), bitNot(toUInt64(number)), repeat('é', number % 300)
		FROM numbers(3000) ORDER BY number`)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for n := range uint64(3000) {
		want = append(want, fmt.Sprint(n%256, n, n*70000, ^n, strings.Repeat("é", int(n%300))))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d rows, the first is %q", len(got), got[:min(1, len(got))])
	}
}

// Parts are asked at once, and their rows come one after another, whatever their lengths.
func TestRows_PartsAreReadWhole(t *testing.T) {
	w := open(t, settings(t))
	var parts, want []string
	for part, rows := range []int{40_000, 0, 90_000, 1, 70_000} {
		parts = append(parts, fmt.Sprintf("SELECT toUInt8(%d), toUInt16(0), toUInt32(number), toUInt64(0), 'text' FROM numbers(%d)", part, rows))
		for n := range rows {
			want = append(want, fmt.Sprint(part, 0, n, 0, "text"))
		}
	}
	got, err := warehouse.ReadRows(t.Context(), w, parts...)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
	if _, err := warehouse.ReadRows(t.Context(), w, parts[0], "SELECT throwIf(number = 0) FROM numbers(1)"); err == nil || !strings.Contains(err.Error(), "throwIf") {
		t.Errorf("one part fails: %v", err)
	}
}

// The engine fails after it has begun to answer: what was read is not an answer.
func TestRows_AnAnswerThatBreaksOffIsAnError(t *testing.T) {
	w := open(t, settings(t))
	got, err := warehouse.ReadRows(t.Context(), w, `SELECT toUInt8(0), toUInt16(0), toUInt32(throwIf(number = 2000000)), toUInt64(number), 'text' FROM numbers(3000000) SETTINGS max_block_size = 1000`)
	if err == nil || !strings.Contains(err.Error(), "throwIf") {
		t.Errorf("%d rows, error %v", len(got), err)
	}
}

func TestRows_WhatIsCutOrTooLongIsAnError(t *testing.T) {
	whole := binary.AppendUvarint(make([]byte, 15), 4)
	whole = append(whole, "text"...)
	for n := range len(whole) {
		_, err := warehouse.DecodeRows(bytes.NewReader(slices.Concat(whole, whole[:n])))
		if n > 0 != errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes of the second row: %v", n, err)
		}
	}
	long := binary.AppendUvarint(make([]byte, 15), 1<<40)
	if _, err := warehouse.DecodeRows(bytes.NewReader(long)); err == nil || !strings.Contains(err.Error(), "1099511627776 bytes") {
		t.Errorf("a text that is too long: %v", err)
	}
	if _, err := warehouse.DecodeRows(io.MultiReader(bytes.NewReader(whole), failing{})); !errors.Is(err, errGone) {
		t.Errorf("a connection that fails: %v", err)
	}
}

var errGone = errors.New("the connection is gone")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errGone }

func FuzzRows(f *testing.F) {
	whole := append(binary.AppendUvarint(make([]byte, 15), 4), "text"...)
	f.Add(whole)
	f.Add(whole[:9])
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, answer []byte) {
		rows, err := warehouse.DecodeRows(bytes.NewReader(answer))
		if least := 16 * len(rows); err == nil && least > len(answer) {
			t.Errorf("%d rows of %d bytes", len(rows), len(answer))
		}
	})
}
