package feedstore_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery/feedstore"
)

var built = time.Date(2026, 3, 2, 12, 0, 0, 123456789, time.UTC)

func feedOf(entries int) fil.Feed {
	feed := fil.Feed{Policy: "2026-03-02-1a2b3c4d", Stamp: 1<<63 + 5, Built: built, Until: built.Add(24 * time.Hour)}
	for i := range entries {
		feed.Entries = append(feed.Entries, fil.Entry{Content: fil.KeyOf(strings.Repeat("c", i+1)), Score: 12.5 - float32(i)})
	}
	return feed
}

// A store outlives the program that filled it: these bytes were written by version 1 and must read the same for ever.
func TestUnpack_ReadsVersion1(t *testing.T) {
	const golden = "01027031000000000000000780efab9a0d959aef3a80b5b69a0d01a2a00102000000000000002a3fc00000ffffffffffffffffc0200000"
	body, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	feed, read, err := feedstore.Unpack(sealed(body))
	if err != nil {
		t.Fatal(err)
	}
	want := fil.Feed{
		Policy: "p1", Stamp: 7, Built: built, Until: time.Date(2026, 3, 3, 12, 0, 0, 1, time.UTC),
		Entries: []fil.Entry{{Content: 42, Score: 1.5}, {Content: math.MaxUint64, Score: -2.5}},
	}
	if diff := cmp.Diff(want, feed); diff != "" {
		t.Error(diff)
	}
	if day := time.Unix(20514*86400, 0).UTC(); !read.Equal(day) {
		t.Errorf("read on %v, want %v", read, day)
	}
}

func TestPack_ComesBackAsItWas(t *testing.T) {
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 999999999).Draw(t, "nanoseconds")).UTC()
	})
	rapid.Check(t, func(t *rapid.T) {
		feed := fil.Feed{
			Policy: rapid.StringN(0, 60, 255).Draw(t, "policy"), Stamp: rapid.Uint64().Draw(t, "stamp"),
			Built: moment.Draw(t, "built"), Until: moment.Draw(t, "until"),
			Entries: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fil.Entry {
				return fil.Entry{Content: fil.ContentKey(rapid.Uint64().Draw(t, "key")), Score: rapid.Float32().Draw(t, "score")}
			}), 0, 200).Draw(t, "entries"),
		}
		day := rapid.Int64Range(0, 60000).Draw(t, "day")
		packed, err := feedstore.Pack(feed, time.Unix(day*86400+rapid.Int64Range(0, 86399).Draw(t, "second"), 0))
		if err != nil {
			t.Fatal(err)
		}
		back, read, err := feedstore.Unpack(packed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(feed, back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		if read.Unix() != day*86400 {
			t.Fatalf("read on %v, want day %d", read, day)
		}
	})
}

func TestPack_RefusesWhatItCouldNotReadBack(t *testing.T) {
	for name, feed := range map[string]fil.Feed{
		"too many entries": feedOf(feedstore.MaxEntries + 1),
		"a long policy":    {Policy: strings.Repeat("p", 256)},
		"no number":        {Entries: []fil.Entry{{Score: float32(math.NaN())}}},
		"infinity":         {Entries: []fil.Entry{{Score: float32(math.Inf(-1))}}},
	} {
		if packed, err := feedstore.Pack(feed, built); err == nil {
			t.Errorf("%s was packed in %d bytes", name, len(packed))
		}
	}
}

func TestPack_TakesAtMost1300BytesFor100Entries(t *testing.T) {
	packed, err := feedstore.Pack(feedOf(100), built)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", len(packed))
	if len(packed) > 1300 {
		t.Errorf("%d bytes, over 1300", len(packed))
	}
}

func TestUnpack_RefusesAnyAlteration(t *testing.T) {
	packed, err := feedstore.Pack(feedOf(3), built)
	if err != nil {
		t.Fatal(err)
	}
	for i := range packed {
		altered := append([]byte(nil), packed...)
		altered[i] ^= 0x10
		if _, _, err := feedstore.Unpack(altered); !errors.Is(err, feedstore.ErrUnreadable) {
			t.Errorf("byte %d altered: %v", i, err)
		}
		if _, _, err := feedstore.Unpack(packed[:i]); !errors.Is(err, feedstore.ErrUnreadable) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	if _, _, err := feedstore.Unpack(append(packed, 0)); !errors.Is(err, feedstore.ErrUnreadable) {
		t.Errorf("a byte more: %v", err)
	}
}

// What a newer program wrote is as good as missing: the feed is ranked again and written as version 1, which the newer
// program reads.
func TestUnpack_TakesANewerVersionForMissing(t *testing.T) {
	packed, err := feedstore.Pack(feedOf(3), built)
	if err != nil {
		t.Fatal(err)
	}
	body := packed[:len(packed)-4]
	body[0]++
	if _, _, err := feedstore.Unpack(sealed(body)); !errors.Is(err, feedstore.ErrUnreadable) {
		t.Errorf("a version that is not known yet: %v", err)
	}
}

// sealed adds the sum, so that what is under it is reached.
func sealed(body []byte) []byte {
	return binary.BigEndian.AppendUint32(append([]byte(nil), body...), crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

func FuzzUnpack(f *testing.F) {
	for _, entries := range []int{0, 1, 100} {
		packed, err := feedstore.Pack(feedOf(entries), built)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed[:len(packed)-4])
	}
	f.Add([]byte{})
	f.Add([]byte{2})
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if feed, _, err := feedstore.Unpack(body); err == nil {
			t.Logf("without a sum: %+v", feed) // a sum found by chance: as good as any
		}
		feed, read, err := feedstore.Unpack(sealed(body))
		if err != nil {
			if !errors.Is(err, feedstore.ErrUnreadable) {
				t.Fatal(err)
			}
			return
		}
		packed, err := feedstore.Pack(feed, read)
		if err != nil {
			t.Fatalf("read but cannot be written: %v", err)
		}
		again, readAgain, err := feedstore.Unpack(packed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(feed, again); diff != "" || !read.Equal(readAgain) {
			t.Fatalf("%v, %v: %s", read, readAgain, diff)
		}
	})
}

func BenchmarkPack(b *testing.B) {
	feed := feedOf(100)
	b.ReportAllocs()
	for b.Loop() {
		packed, err := feedstore.Pack(feed, built)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(packed)))
	}
}

func BenchmarkUnpack(b *testing.B) {
	packed, err := feedstore.Pack(feedOf(100), built)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(packed)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := feedstore.Unpack(packed); err != nil {
			b.Fatal(err)
		}
	}
}
