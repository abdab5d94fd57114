package learning_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ranking/learning"
)

// ledger counts as the comments say, the plain way: it keeps all first reads and sums over them.
type ledger struct {
	reads [8][]firstRead // by partition
	shown map[string]float64
	last  map[string]map[string]uint32 // agent → content → when they last did something to what they have read
	read  map[string]map[string]bool
	stood map[string]map[fil.EngagementKind]map[string]bool // agent → kind → content: acts by which they stood for it
	dealt map[string][]dealing                              // by content
}

// dealing is a first read, an endorsement or both.
type dealing struct {
	at              uint32
	first, endorses bool
}

type firstRead struct {
	agent, content string
	at             uint32
	before         []string // the 64 contents that the agent had read most lately
	of             int      // how many they had read
}

func newLedger() *ledger {
	return &ledger{
		stood: map[string]map[fil.EngagementKind]map[string]bool{}, dealt: map[string][]dealing{}, shown: map[string]float64{}, last: map[string]map[string]uint32{}, read: map[string]map[string]bool{},
	}
}

func (l *ledger) note(partition int, e fil.Engagement) {
	if l.read[e.Agent] == nil {
		l.read[e.Agent], l.last[e.Agent] = map[string]bool{}, map[string]uint32{}
	}
	read, last := l.read[e.Agent], l.last[e.Agent]
	first, endorses := false, false
	if slices.Contains([]fil.EngagementKind{fil.Reaction, fil.Comment, fil.Share, fil.Save, fil.Follow}, e.Kind) {
		if l.stood[e.Agent] == nil {
			l.stood[e.Agent] = map[fil.EngagementKind]map[string]bool{}
		}
		if l.stood[e.Agent][e.Kind] == nil {
			l.stood[e.Agent][e.Kind] = map[string]bool{}
		}
		endorses = !l.stood[e.Agent][e.Kind][e.Content]
		l.stood[e.Agent][e.Kind][e.Content] = true
	}
	isRead := slices.Contains([]fil.EngagementKind{fil.Open, fil.Read, fil.Click, fil.Reaction, fil.Comment, fil.Share, fil.Save, fil.Follow}, e.Kind)
	switch {
	case e.Kind == fil.Impression && !read[e.Content]:
		l.shown[e.Content]++
	case isRead && !read[e.Content]:
		before := slices.Collect(maps.Keys(read))
		slices.SortFunc(before, func(a, b string) int {
			if last[a] != last[b] {
				return int(last[b]) - int(last[a])
			}
			if fil.KeyOf(a) < fil.KeyOf(b) {
				return -1
			}
			return 1
		})
		one := firstRead{e.Agent, e.Content, uint32(e.Time.Unix()), before[:min(len(before), 64)], len(before)}
		l.reads[partition] = append(l.reads[partition], one)
		read[e.Content], first = true, true
	}
	if first || endorses {
		l.dealt[e.Content] = append(l.dealt[e.Content], dealing{uint32(e.Time.Unix()), first, endorses})
	}
	if e.Kind != fil.Impression {
		last[e.Content] = max(last[e.Content], uint32(e.Time.Unix()))
	}
}

// of sums up what is known of a content, with so many partitions.
func (l *ledger) of(content string, partitions int) learning.Seen {
	s := learning.Seen{Shown: l.shown[content], Row: map[fil.ContentKey]float64{}, SinceLast: math.Inf(1)}
	for _, d := range l.dealt[content] {
		s.Dealt = max(s.Dealt, d.at)
	}
	for _, d := range l.dealt[content] {
		for i, life := range []float64{900, 3600, 86400, 86400} {
			if i == 3 && d.endorses || i != 3 && d.first {
				s.Fading[i] += math.Exp2(-float64(s.Dealt-d.at) / life)
			}
		}
	}
	clock := 0.0
	for _, reads := range l.reads {
		clock += float64(len(reads))
		for i, r := range reads {
			weight := 1 / math.Sqrt(float64(r.of)+5)
			if slices.Contains(r.before, content) {
				s.Row[fil.KeyOf(r.content)] += weight
			}
			if r.content != content {
				continue
			}
			since := float64(len(reads) - 1 - i)
			s.Ever++
			s.Now += math.Exp2(-since * float64(partitions) / math.Max(16, float64(partitions)))
			s.Lately += math.Exp2(-since * float64(partitions) / 128)
			s.While += math.Exp2(-since * float64(partitions) / 1024)
			s.SinceLast, s.Last = min(s.SinceLast, since*float64(partitions)), max(s.Last, r.at)
			for _, other := range r.before {
				s.Row[fil.KeyOf(other)] += weight
			}
		}
	}
	if s.Ever == 0 {
		s.SinceLast = clock
	}
	return s
}

func (l *ledger) orgReads(content, org string, partitions int) (sum float64) {
	for _, reads := range l.reads {
		for i, r := range reads {
			if (content == "" || r.content == content) && strings.HasPrefix(orgOf(r.agent)+"/", org+"/") {
				sum += math.Exp2(-float64((len(reads)-1-i)*partitions) / 128)
			}
		}
	}
	return sum
}

// morning is what agents do, in time order: more agents than have an organisation, contents that come and go.
func morning(random *rand.Rand, n, contents int) []fil.Engagement {
	kinds, acts := fil.EngagementKinds(), make([]fil.Engagement, n)
	at := noon
	for i := range acts {
		at = at.Add(time.Duration(random.IntN(600)) * time.Second)
		acts[i] = fil.Engagement{
			Kind: kinds[random.IntN(len(kinds))], Agent: fmt.Sprint("agent", random.IntN(40)), Time: at,
			Content: fmt.Sprint("c", (contents*i/n+int(random.ExpFloat64()*3))%contents), Dwell: 3,
		}
	}
	return acts
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-4*math.Max(1, math.Abs(b)) }

func compare(t *testing.T, what string, got learning.Seen, want learning.Seen) {
	t.Helper()
	for name, pair := range map[string][2]float64{
		"now": {got.Now, want.Now}, "lately": {got.Lately, want.Lately}, "while": {got.While, want.While}, "ever": {got.Ever, want.Ever},
		"since last": {got.SinceLast, want.SinceLast}, "last": {float64(got.Last), float64(want.Last)},
		"dealt": {float64(got.Dealt), float64(want.Dealt)}, "quarter": {got.Fading[0], want.Fading[0]}, "hour": {got.Fading[1], want.Fading[1]},
		"day": {got.Fading[2], want.Fading[2]}, "endorsed": {got.Fading[3], want.Fading[3]},
	} {
		if !near(pair[0], pair[1]) {
			t.Errorf("%s: %s is %v, want %v", what, name, pair[0], pair[1])
		}
	}
	if math.Abs(got.Shown-want.Shown) > want.Shown/64 {
		t.Errorf("%s: shown %v, want %v to 1 in 64", what, got.Shown, want.Shown)
	}
	if len(got.Row) != min(len(want.Row), 128) {
		t.Errorf("%s: the row has %d others, want %d", what, len(got.Row), min(len(want.Row), 128))
	}
	if len(want.Row) <= 128 { // beyond it the row is what its bound has left
		for key, weight := range want.Row {
			if !near(got.Row[key], weight) {
				t.Errorf("%s: %#x weighs %v, want %v", what, uint64(key), got.Row[key], weight)
			}
		}
	}
}

func TestSignals_AreWhatTheCommentsSay(t *testing.T) {
	for _, partitions := range []int{1, 8} {
		client := enginetest.Redis(t)
		store, books, random := newStore(t, client), newLedger(), rand.New(rand.NewPCG(51, uint64(partitions)))
		learner := newLearnerOf(t, learning.LearnerParts{Store: store, Partitions: partitions, Metrics: prometheus.NewRegistry()})
		batches := make([][]fil.Record, partitions)
		for i, e := range morning(random, 4000, 30) {
			p := int(fil.KeyOf(e.Agent)>>8) % partitions
			books.note(p, e)
			batches[p] = append(batches[p], engagementRecord(t, int64(len(batches[p])), fmt.Sprint(i), e))
		}
		for p, batch := range batches {
			if _, err := learner.Learn(t.Context(), p, nil); len(batch) == 0 || err == nil {
				t.Fatalf("partition %d: %d records, error %v", p, len(batch), err)
			}
			for some := range slices.Chunk(batch, 97) {
				if _, err := learner.Learn(t.Context(), p, some); err != nil {
					t.Fatal(err)
				}
			}
		}
		popularity := learning.NewPopularity(partitions, store.Popularities)
		if err := popularity.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range 30 {
			content := fmt.Sprint("c", i)
			got, known := popularity.Of(content)
			if !known {
				t.Fatalf("nothing is known of %s", content)
			}
			compare(t, content, got, books.of(content, partitions))
			for _, org := range []string{"town", "town/roads", "town/roads/north", "town/roads/north/depot", "region", "to"} {
				wantOf, wantAll := books.orgReads(content, org, partitions), books.orgReads("", org, partitions)
				if org == "town/roads/north/depot" {
					wantOf, wantAll = 0, 0 // of the fourth level
				}
				if of, all := popularity.OrgReads(content, org); !near(of, wantOf) || !near(all, wantAll) {
					t.Errorf("%s read %s %v times and all %v times, want %v and %v", org, content, of, all, wantOf, wantAll)
				}
			}
		}
		if _, known := popularity.Of("nothing"); known {
			t.Error("something is known of what nobody dealt with")
		}
	}
}

// The offline judge must learn exactly what a worker does.
func TestMemory_LearnsAsALearnerOfOnePartition(t *testing.T) {
	store := newStore(t, enginetest.Redis(t))
	learner := newLearnerOf(t, learning.LearnerParts{Store: store, Partitions: 1, Metrics: prometheus.NewRegistry()})
	if _, err := learner.Learn(t.Context(), 0, nil); err == nil {
		t.Fatal("an empty store is not noticed")
	}
	memory, stored := learning.NewMemory(orgOf), learning.NewPopularity(1, store.Popularities)
	acts := morning(rand.New(rand.NewPCG(52, 53)), 3000, 60)
	for i, e := range acts {
		memory.Observe(e)
		if _, err := learner.Learn(t.Context(), 0, []fil.Record{engagementRecord(t, int64(i), fmt.Sprint(i), e)}); err != nil {
			t.Fatal(err)
		}
		if i%500 != 0 && i != len(acts)-1 {
			continue
		}
		if err := stored.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for c := range 60 {
			content := fmt.Sprint("c", c)
			got, known := memory.Popularity().Of(content)
			want, wanted := stored.Of(content)
			if fmt.Sprint(got, known) != fmt.Sprint(want, wanted) {
				t.Fatalf("after %d acts, %s is %v %v, want %v %v", i+1, content, known, got, wanted, want)
			}
			for _, org := range []string{"town", "town/roads", "region"} {
				of, all := memory.Popularity().OrgReads(content, org)
				if wantOf, wantAll := stored.OrgReads(content, org); !near(of, wantOf) || !near(all, wantAll) {
					t.Errorf("%s read %s %v times of %v, want %v of %v", org, content, of, all, wantOf, wantAll)
				}
			}
		}
		for hours := range 40 {
			at := noon.Add(time.Duration(hours*10) * time.Hour)
			if got, want := memory.Popularity().ReadsSince(at), stored.ReadsSince(at); got != want {
				t.Errorf("%v reads since %v, want %v", got, at, want)
			}
		}
	}
	profile, err := store.Profile(t.Context(), "agent1")
	if err != nil || string(profile) != string(memory.Profile("agent1").Bytes()) || len(profile) == 0 {
		t.Errorf("another profile than the one stored; error %v", err)
	}
}

func TestReadsSince_FollowsTheClock(t *testing.T) {
	memory := learning.NewMemory(nil)
	reads := func() *learning.Popularity { return memory.Popularity() }
	if got := reads().ReadsSince(noon); got != 0 {
		t.Errorf("%v reads before any", got)
	}
	n := 0
	read := func(at time.Time) {
		n++
		memory.Observe(fil.Engagement{Kind: fil.Read, Agent: fmt.Sprint("agent", n), Content: "a", Time: at})
	}
	for minute := range 6 * 24 * 60 { // six days, a read each minute
		read(noon.Add(time.Duration(minute) * time.Minute))
	}
	end := noon.Add(6 * 24 * time.Hour)
	check := func(name string, at time.Time, want, within float64) {
		t.Helper()
		if got := reads().ReadsSince(at); math.Abs(got-want) > within {
			t.Errorf("%s: %v reads, want %v", name, got, want)
		}
	}
	check("since before all", noon.Add(-time.Hour), 8640, 0)
	check("since the end", end, 0, 0)
	check("since beyond the end", end.Add(time.Hour), 0, 0)
	for _, ago := range []time.Duration{5 * time.Minute, time.Hour, 25 * time.Hour, 143 * time.Hour} {
		check(ago.String(), end.Add(-ago), ago.Minutes(), 1)
	}
	for range 5 {
		read(noon.Add(time.Hour)) // late: they count as now
	}
	check("since an hour before the end, with five late ones", end.Add(-time.Hour), 65, 1)
	// A history that is longer than its bound keeps its beginning, and is coarser there.
	for hour := range 3 * 365 * 24 {
		read(end.Add(time.Duration(hour) * time.Hour))
	}
	later := end.Add(3 * 365 * 24 * time.Hour)
	check("since before all", noon.Add(-time.Hour), float64(n), 0)
	check("since the first hour", noon.Add(time.Hour), float64(n-60), 30)
	check("since a month ago", later.Add(-30*24*time.Hour), 720, 1)
	check("since two years ago", later.Add(-2*365*24*time.Hour), 2*365*24, 2*365*24/100)
}

func TestMemory_LooksUpWithoutAllocating(t *testing.T) {
	memory := learning.NewMemory(orgOf)
	for _, e := range morning(rand.New(rand.NewPCG(54, 55)), 2000, 60) {
		memory.Observe(e)
	}
	key, popularity := fil.KeyOf("c30"), memory.Popularity()
	if n := testing.AllocsPerRun(100, func() { popularity.Look(key) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestPast_ForgetsWhoWasMetLeastRecently(t *testing.T) {
	if kept := learning.PastOf(1<<20, 1000, "a", "b", "c"); !slices.Equal(kept, []string{"a", "b", "c"}) {
		t.Errorf("with room for all, %v are kept", kept)
	}
	kept := learning.PastOf(8_000, 1000, "a", "b", "c", "d", "e", "f", "g", "h", "b", "i")
	if !slices.Contains(kept, "i") || !slices.Contains(kept, "b") || slices.Contains(kept, "a") || len(kept) > 8 {
		t.Errorf("with room for seven, %v are kept", kept)
	}
}
