package feedstore_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery"
	"github.com/filengine/fil/delivery/feedstore"
)

var built = time.Date(2026, 3, 2, 12, 0, 0, 123456789, time.UTC)

// full are the keys in use, by their lowest 48 bits.
type full map[uint64]fil.ContentKey

const shortKey = 1<<48 - 1

func fullOf(feed fil.Feed) full {
	keys := full{}
	for _, e := range feed.Entries {
		keys[uint64(e.Content)&shortKey] = e.Content
	}
	return keys
}

func (f full) find(short uint64) (fil.ContentKey, bool) {
	key, ok := f[short]
	return key, ok
}

// unpack knows any content, under a key whose highest bits are those of its lowest.
func unpack(packed []byte) (fil.Feed, time.Time, error) {
	return feedstore.Unpack(packed, func(short uint64) (fil.ContentKey, bool) { return fil.ContentKey(short | short<<48), true })
}

func feedOf(entries int) fil.Feed {
	feed := fil.Feed{Policy: "2026-03-02-1a2b3c4d", Stamp: 1<<63 + 5, Built: built, Until: built.Add(24 * time.Hour)}
	for i := range entries {
		feed.Entries = append(feed.Entries, fil.Entry{Content: fil.KeyOf(fmt.Sprint("c", i)), Score: 12.5 - float32(i), Note: fil.Note(i*i) % 12})
	}
	return feed
}

// A store outlives the program that filled it: these bytes were written by version 1 and must read the same for ever.
// Version 1 has no notes: what it kept must be ranked again.
func TestUnpack_ReadsVersion1(t *testing.T) {
	const golden = "01027031000000000000000780efab9a0d959aef3a80b5b69a0d01a2a00102000000000000002a3fc00000ffffffffffffffffc0200000"
	body, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	feed, read, err := unpack(sealed(body))
	if err != nil {
		t.Fatal(err)
	}
	want := fil.Feed{
		Policy: "p1", Stamp: 7, Built: built,
		Entries: []fil.Entry{{Content: 42, Score: 1.5}, {Content: math.MaxUint64, Score: -2.5}},
	}
	if diff := cmp.Diff(want, feed); diff != "" {
		t.Error(diff)
	}
	if day := time.Unix(20514*86400, 0).UTC(); !read.Equal(day) {
		t.Errorf("read on %v, want %v", read, day)
	}
}

// These were written by version 2, whose notes say nothing today: what it kept must be ranked again.
func TestUnpack_ReadsVersion2(t *testing.T) {
	for golden, n := range map[string]int{
		"02027031000000000000000780efab9a0d959aef3a80b5b69a0d01a2a0010200000000002a00000000002ac001ff01010007":                                                                                       2,
		"02027031000000000000000780efab9a0d959aef3a80b5b69a0d01a2a0010600000000002a00000000002a00000000002a00000000002a00000000002a00000000002ac001ff01ff01ff01ff01ff010500070009ffff0000012c042700": 6,
	} {
		want := fil.Feed{Policy: "p1", Stamp: 7, Built: built}
		for i := range n {
			want.Entries = append(want.Entries, fil.Entry{Content: 42 | 42<<48, Score: 1.5 - 2*float32(i)})
		}
		expectUnpacked(t, golden, want)
	}
}

// These were written by version 3: a single note takes no bits, five take three.
func TestUnpack_ReadsVersion3(t *testing.T) {
	for golden, notes := range map[string][]fil.Note{
		"03027031000000000000000780efab9a0d959aef3a80b5b69a0d01a2a0010200000000002a00000000002ac001ff0101000007":                                                                                               {7, 7},
		"03027031000000000000000780efab9a0d959aef3a80b5b69a0d01a2a0010600000000002a00000000002a00000000002a00000000002a00000000002a00000000002ac001ff01ff01ff01ff01ff0105000007000009ffffff00000000012c042700": {7, 9, 7, 1<<24 - 1, 0, 300},
	} {
		want := fil.Feed{Policy: "p1", Stamp: 7, Built: built, Until: time.Date(2026, 3, 3, 12, 0, 0, 1, time.UTC)}
		for i, note := range notes {
			want.Entries = append(want.Entries, fil.Entry{Content: 42 | 42<<48, Score: 1.5 - 2*float32(i), Note: note})
		}
		feed, read := expectUnpacked(t, golden, want)
		packed, err := feedstore.Pack(feed, read)
		if again := hex.EncodeToString(packed[:len(packed)-4]); err != nil || again != golden {
			t.Errorf("written again it is %s, error %v", again, err)
		}
	}
}

func expectUnpacked(t *testing.T, golden string, want fil.Feed) (fil.Feed, time.Time) {
	t.Helper()
	body, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	feed, read, err := unpack(sealed(body))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, feed); diff != "" {
		t.Error(diff)
	}
	if day := time.Unix(20514*86400, 0).UTC(); !read.Equal(day) {
		t.Errorf("read on %v, want %v", read, day)
	}
	return feed, read
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
				return fil.Entry{
					Content: fil.ContentKey(rapid.Uint64().Draw(t, "key")), Note: fil.Note(rapid.Uint32Max(1<<24-1).Draw(t, "note")),
					Score: float32(rapid.Int32().Draw(t, "score")) / delivery.ScoreSteps,
				}
			}), 0, 1000).Draw(t, "entries"),
		}
		feed.Entries = slices.DeleteFunc(feed.Entries, func(e fil.Entry) bool { return fullOf(feed)[uint64(e.Content)&shortKey] != e.Content })
		day := rapid.Int64Range(0, 60000).Draw(t, "day")
		packed, err := feedstore.Pack(feed, time.Unix(day*86400+rapid.Int64Range(0, 86399).Draw(t, "second"), 0))
		if err != nil {
			t.Fatal(err)
		}
		back, read, err := feedstore.Unpack(packed, fullOf(feed).find)
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

func TestPack_RoundsScores(t *testing.T) {
	feed := feedOf(3)
	for i, score := range []float32{1203.0371, -0.0079, 1e9 + 64} {
		feed.Entries[i].Score = score
	}
	packed, err := feedstore.Pack(feed, built)
	if err != nil {
		t.Fatal(err)
	}
	back, _, err := feedstore.Unpack(packed, fullOf(feed).find)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float32{1203 + 2./64, -1. / 64, 1e9 + 64} {
		if got := back.Entries[i].Score; got != want {
			t.Errorf("%v is kept as %v, want %v", feed.Entries[i].Score, got, want)
		}
	}
}

// What is not found, or could be another, makes the feed one to be ranked again, and takes nothing else from it.
func TestUnpack_OfContentsThatAreNotFound(t *testing.T) {
	feed := feedOf(3)
	packed, err := feedstore.Pack(feed, built)
	if err != nil {
		t.Fatal(err)
	}
	keys := fullOf(feed)
	delete(keys, uint64(feed.Entries[2].Content)&shortKey)
	back, read, err := feedstore.Unpack(packed, keys.find)
	feed.Until, feed.Entries = time.Time{}, nil
	if diff := cmp.Diff(feed, back); err != nil || diff != "" || !read.Equal(built.Truncate(24*time.Hour)) {
		t.Errorf("error %v, read on %v: %s", err, read, diff)
	}
}

func TestPack_TakesAtMost880BytesFor100Entries(t *testing.T) {
	packed, err := feedstore.Pack(feedOf(100), built)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", len(packed))
	if len(packed) > 880 { // so that all that Redis keeps for it stays under 1,024
		t.Errorf("%d bytes, over 880", len(packed))
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
		if _, _, err := unpack(altered); !errors.Is(err, feedstore.ErrUnreadable) {
			t.Errorf("byte %d altered: %v", i, err)
		}
		if _, _, err := unpack(packed[:i]); !errors.Is(err, feedstore.ErrUnreadable) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	if _, _, err := unpack(append(packed, 0)); !errors.Is(err, feedstore.ErrUnreadable) {
		t.Errorf("a byte more: %v", err)
	}
}

// What a newer program wrote is as good as missing: the feed is ranked again and written as version 2, which the newer
// program reads.
func TestUnpack_TakesANewerVersionForMissing(t *testing.T) {
	packed, err := feedstore.Pack(feedOf(3), built)
	if err != nil {
		t.Fatal(err)
	}
	body := packed[:len(packed)-4]
	body[0]++
	if _, _, err := unpack(sealed(body)); !errors.Is(err, feedstore.ErrUnreadable) {
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
	f.Add([]byte{3})
	f.Add([]byte("\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x02\x02\x02\x02\x00\x00\x01\x00\x00\x02\x40"))
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if feed, _, err := unpack(body); err == nil {
			t.Logf("without a sum: %+v", feed) // a sum found by chance: as good as any
		}
		feed, read, err := unpack(sealed(body))
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
		again, readAgain, err := unpack(packed)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range feed.Entries { // version 1 had whole keys and scores
			feed.Entries[i].Content = e.Content&shortKey | e.Content<<48
			feed.Entries[i].Score = float32(math.Round(float64(e.Score)*delivery.ScoreSteps) / delivery.ScoreSteps)
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
	feed := feedOf(100)
	packed, err := feedstore.Pack(feed, built)
	if err != nil {
		b.Fatal(err)
	}
	keys := fullOf(feed)
	b.SetBytes(int64(len(packed)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := feedstore.Unpack(packed, keys.find); err != nil {
			b.Fatal(err)
		}
	}
}

// A feed woven of two lists keeps which of them placed each entry; what is not as it was packed is refused.
func TestPack_KeepsWhichListPlacedWhat(t *testing.T) {
	for _, n := range []int{1, 3, 4, 5, 100} {
		feed := feedOf(n)
		for i := range feed.Entries {
			feed.Entries[i].Team = uint8(i+1) % 3
		}
		packed, err := feedstore.Pack(feed, built)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := feedstore.Pack(feedOf(n), built)
		if err != nil {
			t.Fatal(err)
		}
		if len(packed)-len(plain) != (n+3)/4 {
			t.Errorf("%d entries: %d bytes more", n, len(packed)-len(plain))
		}
		got, _, err := feedstore.Unpack(packed, fullOf(feed).find)
		if err != nil || !slices.Equal(got.Entries, feed.Entries) {
			t.Errorf("%d entries: %v, %v", n, got.Entries, err)
		}
		at := len(packed) - 5 // the last byte of the section
		packed[at] |= 0xff
		sum := crc32.Checksum(packed[:len(packed)-4], crc32.MakeTable(crc32.Castagnoli))
		binary.BigEndian.PutUint32(packed[len(packed)-4:], sum)
		if _, _, err := feedstore.Unpack(packed, fullOf(feed).find); !errors.Is(err, feedstore.ErrUnreadable) {
			t.Errorf("%d entries: teams that are none are read: %v", n, err)
		}
	}
}
