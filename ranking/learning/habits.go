package learning

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// Rows of co-readers and counts by organisation change often and may be read late: they are kept in 256 buckets each, of
// which only those that changed are written.
const (
	buckets    = 256
	keptInRow  = 160 // others of one content, before
	shownOfRow = 128 // the heaviest alone are kept
	maxRecent  = 64  // contents read most lately that a first read is followed from
	shyness    = 5   // of a reader of n contents, each follows with 1/√(n+5)
	orgLevels  = 3   // levels of the organisation, from the top
)

// habits is who reads what: which other contents a content's readers had read, and of which organisations they are.
type habits struct {
	rows     [buckets][]coreadRow // each in ascending order of content
	orgs     [buckets][]orgCount  // each in ascending order of organisation and content
	rowCount int
	orgCount int
	changed  [2]bucketSet // rows, orgs
	recent   []recentRead // memory of one follow
}

// bucketSet tells which buckets changed.
type bucketSet [buckets / 64]uint64

func (s *bucketSet) add(bucket uint8)      { s[bucket/64] |= 1 << (bucket % 64) }
func (s *bucketSet) has(bucket uint8) bool { return s[bucket/64]&(1<<(bucket%64)) != 0 }

// Kinds of bucket.
const (
	bucketsOfRows = iota
	bucketsOfOrgs
)

// byWeight orders the heaviest first.
func byWeight(a, b ranking.Coread) int {
	return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Content, b.Content))
}

// coreadRow is the row of a content: its readers have read these.
type coreadRow struct {
	content fil.ContentKey
	at      uint64           // the clock when it last grew
	others  []ranking.Coread // heaviest first
}

// recentRead is a content that an agent has read.
type recentRead struct {
	content fil.ContentKey
	last    uint32
}

// later is true for a read after another; of one time, the smaller key counts as later.
func (r recentRead) later(other recentRead) bool {
	return r.last > other.last || r.last == other.last && r.content < other.content
}

// recentReads gives the contents that a profile says were read most lately, in no order, and how many were read in all.
func recentReads(p ranking.Profile, into []recentRead) (recent []recentRead, n int) {
	recent = into[:0]
	for content, last := range p.Reads {
		n++
		r := recentRead{content, last}
		switch {
		case len(recent) < maxRecent:
			if recent = append(recent, r); len(recent) == maxRecent {
				for i := maxRecent/2 - 1; i >= 0; i-- {
					sinkOldest(recent, i)
				}
			}
		case r.later(recent[0]):
			recent[0] = r
			sinkOldest(recent, 0)
		}
	}
	return recent, n
}

// sinkOldest puts the element at i of a heap, the oldest on top, where it belongs.
func sinkOldest(heap []recentRead, i int) {
	for {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && heap[child].later(heap[child+1]) {
			child++
		}
		if !heap[i].later(heap[child]) {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

// follow adds a first read to the content's row, and the content to the rows of what its reader had read.
func (t *tally) follow(key fil.ContentKey, before ranking.Profile) {
	recent, n := recentReads(before, t.recent)
	t.recent = recent
	weight := float32(1 / math.Sqrt(float64(n+shyness)))
	row := t.row(key)
	row.at = t.clock
	for _, r := range recent {
		row.add(r.content, weight)
	}
	row.prune()
	for _, r := range recent {
		bucket := bucketOf(uint64(r.content))
		if i, known := findRow(t.rows[bucket], r.content); known {
			t.changed[bucketsOfRows].add(bucket)
			back := &t.rows[bucket][i]
			back.add(key, weight)
			back.prune()
		}
	}
}

// add counts one more reader of another content, and keeps the heaviest first.
func (r *coreadRow) add(other fil.ContentKey, weight float32) {
	i := slices.IndexFunc(r.others, func(c ranking.Coread) bool { return c.Content == other })
	if i < 0 {
		i = len(r.others)
		r.others = append(r.others, ranking.Coread{Content: other})
	}
	r.others[i].Weight += weight
	for ; i > 0 && byWeight(r.others[i], r.others[i-1]) < 0; i-- {
		r.others[i], r.others[i-1] = r.others[i-1], r.others[i]
	}
}

// prune keeps the heaviest of a row that has grown too long.
func (r *coreadRow) prune() {
	if len(r.others) > keptInRow {
		r.others = r.others[:shownOfRow]
	}
}

// row finds or makes a content's row, which will change.
func (t *tally) row(key fil.ContentKey) *coreadRow {
	bucket := bucketOf(uint64(key))
	t.changed[bucketsOfRows].add(bucket)
	rows := t.rows[bucket]
	i, known := findRow(rows, key)
	if !known {
		rows = slices.Insert(rows, i, coreadRow{content: key})
		t.rows[bucket] = rows
		t.rowCount++
	}
	return &rows[i]
}

func findRow(rows []coreadRow, key fil.ContentKey) (int, bool) {
	i := sort.Search(len(rows), func(i int) bool { return rows[i].content >= key })
	return i, i < len(rows) && rows[i].content == key
}

// readers is a content's row, which lasts until the tally changes.
func (h *habits) readers(key fil.ContentKey) []ranking.Coread {
	rows := h.rows[bucketOf(uint64(key))]
	if i, known := findRow(rows, key); known {
		return rows[i].others[:min(len(rows[i].others), shownOfRow)]
	}
	return nil
}

// dropRows keeps the rows that grew last. No two grew at one moment of the clock.
func (h *habits) dropRows() {
	moments := make([]uint64, 0, h.rowCount)
	for _, rows := range h.rows {
		for i := range rows {
			moments = append(moments, rows[i].at)
		}
	}
	slices.Sort(moments)
	floor := moments[len(moments)-maxRows]
	for bucket, rows := range h.rows {
		if kept := slices.DeleteFunc(rows, func(r coreadRow) bool { return r.at < floor }); len(kept) < len(rows) {
			h.rowCount += len(kept) - len(rows)
			h.rows[bucket] = kept
			h.changed[bucketsOfRows].add(uint8(bucket))
		}
	}
}

func bucketOf(key uint64) uint8 { return uint8(ranking.Mix(key)) }

// orgCount is how often a content was first read by agents of an organisation; of the content 0, how often anything was.
type orgCount struct {
	org     uint64
	content fil.ContentKey
	value   float32
	at      uint64 // the clock that the value is of
}

func (c orgCount) compare(other orgCount) int {
	return cmp.Or(cmp.Compare(c.org, other.org), cmp.Compare(c.content, other.content))
}

// orgKey digests the path of an organisation.
func orgKey(org string) uint64 { return uint64(fil.KeyOf(org)) }

// credit counts a first read for the organisation of the reader and for those above it.
func (t *tally) credit(key fil.ContentKey, org string) {
	for end, level := 0, 0; level < orgLevels && end < len(org); level++ {
		if next := strings.IndexByte(org[end:], '/'); next < 0 {
			end = len(org)
		} else {
			end += next
		}
		if unit := orgKey(org[:end]); end > 0 {
			t.creditOne(orgCount{org: unit, content: key})
			t.creditOne(orgCount{org: unit})
		}
		end++ // beyond the slash
	}
}

func (t *tally) creditOne(c orgCount) {
	bucket := bucketOf(c.org ^ uint64(c.content))
	t.changed[bucketsOfOrgs].add(bucket)
	i, known := slices.BinarySearchFunc(t.orgs[bucket], c, orgCount.compare)
	if !known {
		t.orgs[bucket] = slices.Insert(t.orgs[bucket], i, c)
		t.orgCount++
	}
	one := &t.orgs[bucket][i]
	one.value, one.at = float32(t.left(float64(one.value), one.at, decayLately)+1), t.clock
}

// dropOrgs keeps the greatest counts.
func (h *habits) dropOrgs(clock uint64, pace float64) {
	type sized struct {
		orgCount
		log float64
	}
	all := make([]sized, 0, h.orgCount)
	for _, counts := range h.orgs {
		for _, c := range counts {
			all = append(all, sized{c, math.Log2(float64(c.value)) - float64(clock-c.at)*pace})
		}
	}
	slices.SortFunc(all, func(a, b sized) int { return cmp.Or(cmp.Compare(b.log, a.log), a.compare(b.orgCount)) })
	h.orgs, h.orgCount = [buckets][]orgCount{}, maxOrgs
	for _, one := range all[:maxOrgs] {
		bucket := bucketOf(one.org ^ uint64(one.content))
		h.orgs[bucket] = append(h.orgs[bucket], one.orgCount)
	}
	for bucket := range h.orgs {
		slices.SortFunc(h.orgs[bucket], orgCount.compare)
		h.changed[bucketsOfOrgs].add(uint8(bucket))
	}
}

// orgLeft is the decayed first reads of a content by an organisation; of the content 0, of all contents.
func (t *tally) orgLeft(content fil.ContentKey, org uint64) float64 {
	counts := t.orgs[bucketOf(org^uint64(content))]
	if i, known := slices.BinarySearchFunc(counts, orgCount{org: org, content: content}, orgCount.compare); known {
		return t.left(float64(counts[i].value), counts[i].at, decayLately)
	}
	return 0
}
