package audiences_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// deed is one act as it was done, for evaluation by counting.
type deed struct {
	agent, content string
	kind           fil.EngagementKind
	at             time.Time
	id             string
}

func (d deed) record(tb rapid.TB, offset int64) fil.Record {
	event, err := fil.Engagement{Kind: d.kind, Agent: d.agent, Content: d.content, Time: d.at}.Event("test", d.id)
	if err != nil {
		tb.Fatal(err)
	}
	return fil.Record{Position: fil.Position{Topic: fil.TopicEngagements, Partition: partitionOf(d.agent), Offset: offset}, Key: d.agent, Event: event}
}

// behaviourRule is a rule and how it is judged by counting: with it goes what it asks of one act.
type behaviourRule struct {
	rule    string
	kinds   []fil.EngagementKind
	about   func(fil.Content) bool
	least   int
	within  time.Duration
	older   bool // did so, but not within
	negated bool
}

func (b behaviourRule) judge(deeds []deed, contents map[string]fil.Content, agent string, now time.Time, window time.Duration) bool {
	count := func(within time.Duration) (n int) {
		seen := map[string]bool{}
		for _, d := range deeds {
			if d.agent != agent || seen[d.id] {
				continue
			}
			seen[d.id] = true
			c, known := contents[d.content]
			if !known {
				c = fil.Content{ID: d.content}
			}
			if slices.Contains(b.kinds, d.kind) && b.about(c) && d.at.After(now.Add(-within)) {
				n++
			}
		}
		return n
	}
	holds := count(b.within) >= b.least
	if b.older {
		holds = count(window) >= 1 && count(b.within) == 0
	}
	return holds != b.negated
}

const window = 30 * 24 * time.Hour

func drawRule(g *rapid.T) behaviourRule {
	b := behaviourRule{least: 1, within: window, kinds: []fil.EngagementKind{rapid.SampledFrom([]fil.EngagementKind{fil.Read, fil.Click}).Draw(g, "kind")}}
	arguments := []string{fmt.Sprintf("%q", b.kinds[0])}
	if rapid.Bool().Draw(g, "either kind") {
		b.kinds = []fil.EngagementKind{fil.Read, fil.Click}
		arguments[0] = `["read", "click"]`
	}
	b.about = func(fil.Content) bool { return true }
	switch rapid.IntRange(0, 4).Draw(g, "about") {
	case 0:
		arguments, b.about = append(arguments, `content == "c1"`), func(c fil.Content) bool { return c.ID == "c1" }
	case 1:
		arguments, b.about = append(arguments, `topic == "rh"`), func(c fil.Content) bool { return slices.Contains(c.Topics, "rh") }
	case 2:
		arguments, b.about = append(arguments, `source == "drh"`, `topic in ["rh", "si"]`), func(c fil.Content) bool {
			return c.Source == "drh" && (slices.Contains(c.Topics, "rh") || slices.Contains(c.Topics, "si"))
		}
	}
	span, shape := rapid.IntRange(1, 30).Draw(g, "days"), rapid.IntRange(0, 3).Draw(g, "shape")
	if shape < 2 {
		if rapid.Bool().Draw(g, "times") {
			b.least = rapid.IntRange(1, 4).Draw(g, "least")
			arguments = append(arguments, fmt.Sprintf("n >= %d", b.least))
		}
		if rapid.Bool().Draw(g, "span") {
			b.within = time.Duration(span) * time.Hour
			arguments = append(arguments, fmt.Sprintf("%q", fmt.Sprintf("%d hours", span)))
		}
		b.rule = "did(" + strings.Join(arguments, ", ") + ")"
	} else {
		b.within, b.older = time.Duration(span)*24*time.Hour, shape == 2
		b.rule = fmt.Sprintf("last(%s) %s \"%d days\"", strings.Join(arguments, ", "), map[bool]string{true: "<", false: ">"}[b.older], span)
	}
	if b.negated = rapid.Bool().Draw(g, "negated"); b.negated {
		b.rule = "not (" + b.rule + ")"
	}
	return b
}

func drawContent(g *rapid.T, id string) fil.Content {
	c := fil.Content{ID: id, Source: rapid.SampledFrom([]string{"", "drh", "dsi"}).Draw(g, "source")}
	c.Topics = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"rh", "si", "sport"}), 0, 2, rapid.ID).Draw(g, "topics")
	return c
}

// The sets of a rule about behaviour, the same rule asked of one agent, and counting over the raw acts agree, whatever came
// in what order, twice or late, however the clock moves, and the answer changes no sooner than announced.
func TestBehaviourAgreesWithCounting(t *testing.T) {
	rapid.Check(t, func(g *rapid.T) {
		now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
		ix := audiences.NewIndex(schema, audiences.Config{Now: func() time.Time { return now }, Zone: time.UTC, Behaviour: window})
		var deeds []deed
		contents, directory := map[string]fil.Content{}, map[string]bool{}
		var offsets [3]int64
		for range rapid.IntRange(1, 60).Draw(g, "steps") {
			id := rapid.SampledFrom(ids).Draw(g, "id")
			switch rapid.IntRange(0, 6).Draw(g, "step") {
			case 0:
				directory[id] = rapid.Bool().Draw(g, "there")
				rec := record(t, id, nil)
				if directory[id] {
					rec = record(t, id, fil.Agent{ID: id})
				}
				if err := ix.ApplyAgents([]fil.Record{rec}); err != nil {
					g.Fatal(err)
				}
				if rapid.IntRange(0, 9).Draw(g, "settle") == 0 {
					ix.Settle()
				}
			case 1:
				content := rapid.SampledFrom([]string{"c1", "c2", "c3"}).Draw(g, "content")
				if rapid.IntRange(0, 3).Draw(g, "withdraw") == 0 {
					delete(contents, content)
					ix.ApplyContents([]fil.Record{record(t, content, nil)})
					continue
				}
				contents[content] = drawContent(g, content)
				ix.ApplyContents([]fil.Record{record(t, content, contents[content])})
			case 2:
				now = now.Add(time.Duration(rapid.IntRange(0, 72).Draw(g, "hours")) * time.Hour)
			default:
				d := deed{agent: id, content: rapid.SampledFrom([]string{"c1", "c2", "c3"}).Draw(g, "about"), at: now.Add(-time.Duration(rapid.IntRange(0, 40*24).Draw(g, "ago")) * time.Hour),
					kind: rapid.SampledFrom([]fil.EngagementKind{fil.Read, fil.Click, fil.Open}).Draw(g, "kind"), id: fmt.Sprint(len(deeds))}
				if len(deeds) > 0 && rapid.IntRange(0, 3).Draw(g, "again") == 0 { // a sender that tries again
					d = rapid.SampledFrom(deeds).Draw(g, "one before")
				}
				p := partitionOf(d.agent)
				rec := d.record(g, offsets[p])
				offsets[p]++
				for range rapid.IntRange(1, 2).Draw(g, "deliveries") { // of one record
					ix.ApplyEngagements([]fil.Record{rec})
				}
				deeds = append(deeds, d)
			}
		}
		for range 3 {
			b := drawRule(g)
			agree(g, ix, b, deeds, contents, directory, now)
			until := now.Add(time.Hour * time.Duration(rapid.IntRange(1, 100).Draw(g, "later")))
			stable(g, ix, b.rule, directory, &now, until)
		}
	})
}

func agree(g *rapid.T, ix *audiences.Index, b behaviourRule, deeds []deed, contents map[string]fil.Content, directory map[string]bool, now time.Time) {
	got, err := ix.Select(b.rule)
	if err != nil {
		g.Fatalf("compile %s: %v", b.rule, err)
	}
	var want []string
	for id, there := range directory {
		if there && b.judge(deeds, contents, id, now, window) {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		g.Fatalf("%s at %v\nsets hold %v, counting %v\n%v", b.rule, now, got, want, deeds)
	}
	raw, _ := json.Marshal(fil.Audience{ID: "x", Name: "x", Rule: b.rule})
	if err := ix.ApplyAudiences([]fil.Record{{Key: "x", Event: fil.Event{Data: raw}}}); err != nil {
		g.Fatal(err)
	}
	for id, there := range directory {
		if m, known := ix.Member(id); known != there || known && m.In("x") != slices.Contains(want, id) {
			g.Fatalf("%s at %v\nmember %s in: %v, counting %v", b.rule, now, id, known && m.In("x"), want)
		}
	}
}

// stable moves the clock on, hour by hour: an answer changes at the moment announced, not before.
func stable(g *rapid.T, ix *audiences.Index, rule string, directory map[string]bool, now *time.Time, until time.Time) {
	in, _ := ix.Select(rule)
	for ; now.Before(until); *now = now.Add(time.Hour) {
		next, err := ix.NextChange(rule)
		if err != nil {
			g.Fatal(err)
		}
		before := *now
		*now = now.Add(time.Hour)
		after, _ := ix.Select(rule)
		for id := range directory {
			if at, some := next[id]; slices.Contains(in, id) != slices.Contains(after, id) && (!some || at.After(*now) || !at.After(before)) {
				g.Fatalf("%s: the answer for %s changed between %v and %v, announced: %v %v", rule, id, before, *now, some, at)
			}
		}
		in, *now = after, before
	}
}

func TestBehaviourIsRefused(t *testing.T) {
	ix := audiences.NewIndex(schema, audiences.Config{Behaviour: 90 * 24 * time.Hour})
	for rule, want := range map[string]string{
		`did()`:                                        "did(\"read\")",
		`did("reed")`:                                  `did you mean "read"`,
		`did(["read", "opne"])`:                        `did you mean "open"`,
		`did(grade)`:                                   "an act is expected",
		`did("read", topics == "rh")`:                  `did you mean "topic"`,
		`did("read", topic == ["rh"])`:                 "a list of texts",
		`did("read", topic in "rh")`:                   "a list of texts",
		`did("read", topic != "rh")`:                   "did takes an act",
		`did("read", topic == "rh", topic == "si")`:    "asked twice",
		`did("read", n >= 0)`:                          "from 1 to 1000",
		`did("read", n >= 1001)`:                       "from 1 to 1000",
		`did("read", "30 dayz")`:                       "time span",
		`did("read", "91 days")`:                       "audiences.behaviour",
		`did("read", "3 months")`:                      "audiences.behaviour",
		`last("read")`:                                 "older than 90 days",
		`last("read") < 3`:                             "time span",
		`last("read", n >= 3) < "3 days"`:              "last takes an act",
		`last("reed") > "3 days"`:                      `did you mean "read"`,
		`last("read") == "3 days"`:                     "",
		`grade == "A" and (did("read") or did("opn"))`: `did you mean "open"`,
	} {
		err := ix.Check(rule)
		var wrong *audiences.RuleError
		if !errors.As(err, &wrong) {
			t.Errorf("%s: %v, want an error", rule, err)
		} else if !strings.Contains(wrong.Problem.EN, want) {
			t.Errorf("%s: %v\nwant %q", rule, wrong, want)
		}
	}
	for _, rule := range []string{`did("read", "90 days")`, `not last("read") within 7 days`, `manager ? last("read") older than 7 days : did("click", at least 2)`, `did(["read","click"], topic in ["rh","si"], source == "drh", content == "c1", n >= 3, "2 weeks")`, `last("read") < "90 days"`} {
		if err := ix.Check(rule); err != nil {
			t.Errorf("%s: %v", rule, err)
		}
	}
	none := audiences.NewIndex(schema, audiences.Config{})
	if err := none.Check(`did("read")`); err == nil || !strings.Contains(err.Error(), "audiences.behaviour") {
		t.Errorf("without behaviour: %v, want the setting", err)
	}
}

// Acts older than the window go, chunk after chunk, and what is left is judged as before.
func TestActsExpire(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	ix := audiences.NewIndex(schema, audiences.Config{Now: func() time.Time { return now }, Zone: time.UTC, Behaviour: 10 * 24 * time.Hour})
	for i := range 50 {
		putAgents(t, ix, fil.Agent{ID: fmt.Sprintf("b%d", i)})
	}
	const acts, aDay = 60_000, 2000 // for 30 days
	var most int
	for i := 0; i < acts; i += aDay {
		now = start.Add(time.Duration(i/aDay) * 24 * time.Hour)
		batch := make([]fil.Record, aDay)
		for j := range batch {
			batch[j] = deed{agent: fmt.Sprintf("b%d", (i/aDay)%50), content: "c", kind: fil.Read, at: now, id: fmt.Sprint(i + j)}.record(t, int64(i+j))
		}
		ix.ApplyEngagements(batch)
		most = max(most, ix.Acts())
	}
	if most < 12*aDay || most > 12*aDay+40_000 {
		t.Errorf("up to %d acts were kept of %d a day for 10 days and a little", most, aDay)
	}
	for rule, want := range map[string]int{`did("read")`: 10, `did("read", n >= 1000, "5 days")`: 5, `last("read") < "9 days"`: 1, `did("read", content == "other")`: 0} {
		got, err := ix.Select(rule)
		if err != nil || len(got) != want {
			t.Errorf("%s: %v, want %d of those who each did all of one day, error %v", rule, got, want, err)
		}
	}
}

// What is read of an engagement is what everybody else reads.
func FuzzEngaged(f *testing.F) {
	for _, data := range []string{`{"agent":"a1","content":"c1"}`, `{"agent":"a1","content":"c1","dwell":3}`, `{"content":"c1","agent":"a1"}`, `{"agent":"é","content":"c\u00e9"}`,
		`{"agent":"","content":"c"}`, `{"agent":"}a","content":"c"}`, `{"agent":"a","content":"c","agent":"b"}`, `{"agent":"a","content":"\"}`, `[]`, ``} {
		f.Add([]byte(data), "fil.engagement.read", int64(1_700_000_000))
	}
	f.Add([]byte(`{"agent":"a1","content":"c1"}`), "fil.engagement.nonsense", int64(0))
	f.Add([]byte(`{"agent":"a1","content":"c1"}`), "read", int64(0))
	f.Add([]byte(`{"agent":"a1","content":"c1"}`), "fil.engagement.read", int64(1<<40))
	ix := audiences.NewIndex(schema, audiences.Config{Behaviour: window})
	f.Fuzz(func(t *testing.T, data []byte, kind string, at int64) {
		rec := fil.Record{Event: fil.Event{ID: "1", Source: "test", Type: kind, Time: time.Unix(at, 0).UTC(), Data: data}}
		want, err := fil.EngagementOf(rec)
		agent, content, read, ok := ix.Engaged(rec)
		if ok != (err == nil) || ok && (agent != want.Agent || content != want.Content || read != string(want.Kind)) {
			t.Fatalf("%s %q at %d\nread %v: %q %q %q\nwant %v, error %v", kind, data, at, ok, agent, content, read, want, err)
		}
	})
}
