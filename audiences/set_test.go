package audiences_test

import (
	"math"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/filengine/fil/audiences"
)

// twins are a set of ours and one of roaring's, which the same is done to.
type twins struct {
	ours   *audiences.Set
	theirs *roaring.Bitmap
}

// stroke adds or removes many places: so many, so far apart, from one on.
func (w twins) stroke(g *rapid.T) {
	from, step := rapid.IntRange(0, math.MaxUint16).Draw(g, "from"), rapid.SampledFrom([]int{1, 1, 2, 3, 7, 64, 1000}).Draw(g, "step")
	count := rapid.SampledFrom([]int{1, 2, 63, 64, 65, 3000, 9000, 70000}).Draw(g, "count")
	adds := rapid.IntRange(0, 2).Draw(g, "adds") > 0
	for at := from; at <= math.MaxUint16 && count > 0; at, count = at+step, count-1 {
		if adds {
			w.ours.Add(uint16(at))
			w.theirs.Add(uint32(at))
		} else {
			w.ours.Remove(uint16(at))
			w.theirs.Remove(uint32(at))
		}
	}
}

func (w twins) same(g *rapid.T, what string) {
	var want []uint16
	for _, at := range w.theirs.ToArray() {
		want = append(want, uint16(at))
	}
	if got := w.ours.Places(); !slices.Equal(got, want) || w.ours.Len() != len(want) {
		g.Fatalf("%s: as %s, %d places (it says %d), want %d", what, w.ours.Shape(), len(got), w.ours.Len(), len(want))
	}
}

func TestSetsAreRoarings(t *testing.T) {
	t.Parallel()
	shapes := map[string]int{}
	rapid.Check(t, func(g *rapid.T) {
		pair := [2]twins{}
		for i := range pair {
			pair[i] = twins{audiences.SetOf(nil), roaring.New()}
			for range rapid.IntRange(0, 6).Draw(g, "strokes") {
				pair[i].stroke(g)
				pair[i].same(g, "after a stroke")
				shapes[pair[i].ours.Shape()]++
			}
			rebuilt := twins{pair[i].ours.Rebuilt(), pair[i].theirs}
			rebuilt.same(g, "rebuilt")
			shapes[rebuilt.ours.Shape()]++
			if rebuilt.ours.Bytes() > 8192 || rebuilt.ours.Bytes() > 2*rebuilt.ours.Len() {
				g.Fatalf("%d places take %d bytes as %s", rebuilt.ours.Len(), rebuilt.ours.Bytes(), rebuilt.ours.Shape())
			}
			if at := uint16(rapid.IntRange(0, math.MaxUint16).Draw(g, "at")); pair[i].ours.Has(at) != pair[i].theirs.Contains(uint32(at)) {
				g.Fatalf("place %d in: %v", at, pair[i].ours.Has(at))
			}
		}
		a, b := pair[0], pair[1]
		twins{a.ours.And(b.ours), roaring.And(a.theirs, b.theirs)}.same(g, "and")
		twins{a.ours.Or(b.ours), roaring.Or(a.theirs, b.theirs)}.same(g, "or")
		twins{a.ours.Minus(b.ours), roaring.AndNot(a.theirs, b.theirs)}.same(g, "minus")
		if got, want := a.ours.Meet(b.ours), int(a.theirs.AndCardinality(b.theirs)); got != want {
			g.Fatalf("%s and %s meet in %d, want %d", a.ours.Shape(), b.ours.Shape(), got, want)
		}
	})
	if len(shapes) != 3 {
		t.Errorf("shapes seen %v, want three", shapes)
	}
}

// TestRangesAreComparisons holds bit slices to comparing each key.
func TestRangesAreComparisons(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(g *rapid.T) {
		var r audiences.Range
		keys := map[uint16]uint64{}
		pool := rapid.SampledFrom([][]uint64{{1, 2, 3}, {730000, 730001, 739999, 745000}, {1, math.MaxUint64, 1 << 63, 5}, {0x3ff << 52, 0x400 << 52, 0x4008 << 48, 0xc000 << 48}}).Draw(g, "pool")
		key := func() uint64 { return rapid.SampledFrom(pool).Draw(g, "key") }
		for range rapid.IntRange(0, 60).Draw(g, "changes") {
			at := uint16(rapid.IntRange(0, 20).Draw(g, "at") * 3000)
			if keys[at] = key(); rapid.IntRange(0, 3).Draw(g, "remove") == 0 {
				keys[at] = 0
			}
			r.Put(at, keys[at])
			if rapid.IntRange(0, 20).Draw(g, "rebuild") == 0 {
				r.Rebuild()
			}
		}
		least, most := key(), key()
		if rapid.Bool().Draw(g, "beside") {
			least, most = max(least, 2)-1, min(most, math.MaxUint64-1)+1
		}
		want := []uint16{}
		for at := range 1 << 16 {
			if key := keys[uint16(at)]; key != 0 && least <= key && key <= most {
				want = append(want, uint16(at))
			}
		}
		if diff := cmp.Diff(want, r.Between(least, most)); diff != "" {
			g.Fatalf("from %d to %d of %v (-want +got):\n%s", least, most, keys, diff)
		}
	})
}
