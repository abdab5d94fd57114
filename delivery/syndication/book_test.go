package syndication_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery/syndication"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func subscription(n int) syndication.Subscription {
	var d syndication.Digest
	sum := sha256.Sum256(fmt.Append(nil, n))
	copy(d[:], sum[:])
	return syndication.Subscription{ID: fmt.Sprintf("s%03d", n), Label: fmt.Sprintf("Poste %d", n), Digest: d, Made: noon.Add(time.Duration(n) * time.Minute)}
}

func revoked(n int) syndication.Subscription {
	s := subscription(n)
	s.Label, s.Revoked = "", noon.Add(time.Duration(n)*time.Hour)
	return s
}

func record(t testing.TB, agent string, all ...syndication.Subscription) fil.Record {
	t.Helper()
	rec := fil.Record{Position: fil.Position{Topic: fil.TopicSubscriptions}, Key: agent, Event: fil.Event{ID: "1", Source: "t", Type: syndication.TypeSubscriptions}}
	if len(all) > 0 {
		data, err := json.Marshal(syndication.Holder{Agent: agent, Subscriptions: all})
		if err != nil {
			t.Fatal(err)
		}
		rec.Event.Data = data
	}
	return rec
}

func book(t testing.TB, records ...fil.Record) *syndication.Book {
	t.Helper()
	b := syndication.NewBook()
	if err := b.Apply(records); err != nil {
		t.Fatal(err)
	}
	return b
}

func ids(all []syndication.Subscription) string {
	var out []string
	for _, s := range all {
		mark := ""
		if !s.Revoked.IsZero() {
			mark = "-"
		}
		out = append(out, mark+s.ID)
	}
	return strings.Join(out, " ")
}

// What two processes wrote without knowing of each other is joined, whichever came first, and nothing revoked serves again.
func TestBook_JoinsWhatWasWrittenAtOnce(t *testing.T) {
	first := record(t, "a", subscription(1))
	for _, c := range []struct {
		name string
		then []fil.Record
		want string
	}{
		{"two are made", []fil.Record{record(t, "a", subscription(1), subscription(2)), record(t, "a", subscription(1), subscription(3))}, "s001 s002 s003"},
		{"revoked, then written over", []fil.Record{record(t, "a", revoked(1)), record(t, "a", subscription(1), subscription(2))}, "s002 -s001"},
		{"written over, then revoked", []fil.Record{record(t, "a", subscription(1), subscription(2)), record(t, "a", revoked(1))}, "s002 -s001"},
		{"erased", []fil.Record{record(t, "a")}, ""},
		{"erased, then made", []fil.Record{record(t, "a"), record(t, "a", subscription(4))}, "s004"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := book(t, append([]fil.Record{first}, c.then...)...)
			if got := ids(b.Of("a")); got != c.want {
				t.Errorf("the agent has %q, want %q", got, c.want)
			}
			found := 0
			for n := range 5 {
				if agent, s, ok := b.Find(subscription(n).Digest); ok {
					found++
					if agent != "a" || s.ID != subscription(n).ID {
						t.Errorf("digest %d leads to %s of %s", n, s.ID, agent)
					}
				}
			}
			if found != b.Len() || found != len(b.Of("a")) {
				t.Errorf("%d are found, %d held, of %q", found, b.Len(), c.want)
			}
		})
	}
}

// The memory of an agent's revoked addresses is bounded: the oldest go.
func TestBook_ForgetsTheOldestRevoked(t *testing.T) {
	var all []syndication.Subscription
	for n := 1; n <= 60; n++ {
		all = append(all, revoked(n))
	}
	b := book(t, record(t, "a", append(all, subscription(99))...))
	if _, _, ok := b.Find(revoked(20).Digest); ok || b.Len() != 41 {
		t.Errorf("%d are held, the 20th revoked among them: %v", b.Len(), ok)
	}
	for _, n := range []int{21, 60, 99} {
		if _, _, ok := b.Find(subscription(n).Digest); !ok {
			t.Errorf("%d is forgotten", n)
		}
	}
}

func TestBook_RejectsWhatIsNoHolder(t *testing.T) {
	twice := record(t, "a", subscription(1), subscription(1))
	other := record(t, "a", subscription(1))
	other.Key = "b"
	bad := record(t, "a")
	bad.Event.Data = json.RawMessage(`{"agent":"a","subscriptions":[{"id":"x","digest":"short"}]}`)
	b := syndication.NewBook()
	err := b.Apply([]fil.Record{twice, other, bad, record(t, "c", subscription(3))})
	if rejected, rest := fil.Rejections(err); len(rejected) != 3 || rest != nil || b.Len() != 1 {
		t.Errorf("%d rejected, then %v; %d are held", len(rejected), rest, b.Len())
	}
}

func FuzzBook(f *testing.F) {
	for _, rec := range []fil.Record{record(f, "a", subscription(1), revoked(2))} {
		f.Add([]byte(rec.Event.Data))
	}
	f.Add([]byte(`{"agent":"a","subscriptions":null}`))
	f.Add([]byte(`{"agent":"a","subscriptions":[{"id":"x"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := syndication.NewBook()
		rec := record(t, "a")
		rec.Event.Data = data
		if data == nil {
			return
		}
		first, second := b.Apply([]fil.Record{rec}), b.Apply([]fil.Record{rec})
		if (first == nil) != (second == nil) {
			t.Fatalf("%v, then %v", first, second)
		}
		for _, s := range b.Of("a") {
			if agent, found, ok := b.Find(s.Digest); !ok || agent != "a" || found.ID != s.ID {
				t.Fatalf("%q is held and not found", s.ID)
			}
		}
		if b.Len() != len(b.Of("a")) {
			t.Fatalf("%d found of %d", b.Len(), len(b.Of("a")))
		}
	})
}

func FuzzParseName(f *testing.F) {
	secret := strings.Repeat("Ab_-", 8)
	for _, name := range []string{secret + ".rss", secret + ".atom", secret + ".json", secret, secret + ".xml", "." + secret, secret[1:] + ".rss", secret + ".rss.rss", "é.rss", ""} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		of, format, ok := syndication.ParseName(name)
		secret, found := strings.CutSuffix(name, "."+string(format))
		switch {
		case !ok && (of != syndication.Digest{} || format != ""):
			t.Fatalf("%q is refused and gives %v, %s", name, of, format)
		case ok && (!found || len(secret) != 32 || strings.ContainsAny(secret, "./+=%")):
			t.Fatalf("%q is taken", name)
		case ok:
			if again, _, _ := syndication.ParseName(secret + ".atom"); again != of {
				t.Fatalf("%q has two digests", secret)
			}
		}
	})
}
