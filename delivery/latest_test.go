package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil/delivery"
)

func (w *world) latest(agent string, limit int) delivery.Latest {
	w.t.Helper()
	l, err := w.keeper.Latest(context.Background(), agent, limit, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

func itemsOf(t *testing.T, l delivery.Latest) (ids []string) {
	t.Helper()
	items, err := l.Items()
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		ids = append(ids, item.Content.ID)
	}
	return ids
}

// The list is what a page in chronological order has, in the agent's language, and is no read of a person.
func TestLatest_IsTheFeedNewestFirst(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(5)...)
	page, _ := w.page("agent:jane", "/v1/feed?order=chronological")
	l := w.latest("jane", 3)
	var want []string
	for _, item := range page.Items[:3] {
		want = append(want, item.Content.ID)
	}
	if got := itemsOf(t, l); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the latest are %v, want %v", got, want)
	}
	items, err := l.Items()
	if err != nil || items[0].Content.BodyHTML != page.Items[0].Content.BodyHTML || len(items[0].Reasons) == 0 {
		t.Errorf("the first is %+v, want %+v, error %v", items[0], page.Items[0], err)
	}
	if kept, err := w.store.Get(context.Background(), "jane"); err != nil || kept.Found {
		t.Errorf("an application that fetches keeps a feed warm: %v, %v", kept.Found, err)
	}
	if _, err := w.keeper.Latest(context.Background(), "nobody", 3, ""); !errors.Is(err, delivery.ErrUnknownAgent) {
		t.Errorf("a feed of nobody: %v", err)
	}
}

// What is still to be acknowledged is in the list however old it is.
func TestLatest_KeepsWhatIsToBeAcknowledged(t *testing.T) {
	w := setup(t, nil)
	all := numbered(6)
	w.put(all...)
	order := itemsOf(t, w.latest("jane", 6))
	last := order[5]
	for _, c := range all {
		if c.ID == last {
			c.MandatoryUntil = w.now().Add(time.Hour)
			w.put(c)
		}
	}
	if got, want := itemsOf(t, w.latest("jane", 3)), []string{order[0], order[1], last}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the latest are %v, want %v", got, want)
	}
}

// Equal digests, equal lists: what changes a list changes the digest, and nothing else does.
func TestLatest_DigestTellsListsApart(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(5)...)
	seen := map[string]string{}
	note := func(name string, l delivery.Latest, parts ...string) string {
		t.Helper()
		d := l.Digest(parts...)
		if before, twice := seen[d]; twice {
			t.Errorf("%s has the digest of %s", name, before)
		}
		seen[d] = name
		return d
	}
	first := note("the list", w.latest("jane", 5), "x", "y")
	w.pass(time.Minute)
	if again := w.latest("jane", 5).Digest("x", "y"); again != first {
		t.Error("a minute that changes nothing changes the digest")
	}
	note("other parts", w.latest("jane", 5), "xy", "")
	note("a shorter list", w.latest("jane", 4), "x", "y")
	changed := numbered(5)[2]
	changed.Body += " Un mot de plus."
	w.put(changed)
	note("a changed content", w.latest("jane", 5), "x", "y")
	changed.PinnedUntil = w.now().Add(time.Hour)
	w.put(changed)
	note("a pinned content", w.latest("jane", 5), "x", "y")
	w.pass(2 * time.Hour)
	note("one that is pinned no more", w.latest("jane", 5), "x", "y")
	w.drop(changed.ID)
	l := w.latest("jane", 5)
	note("one that is gone", l, "x", "y")
	if strings.Contains(strings.Join(itemsOf(t, l), " "), changed.ID) {
		t.Error("it is still there")
	}
	if w.latest("jane", 5).Updated().IsZero() || !(delivery.Latest{}).Updated().IsZero() {
		t.Error("a list without a moment, or none with one")
	}
}

// Without the store it is not known what the agent has hidden: nothing is given rather than that.
func TestLatest_WithoutTheStoreIsNone(t *testing.T) {
	w := setupOwn(t, nil)
	w.put(numbered(2)...)
	w.away()
	if _, err := w.keeper.Latest(context.Background(), "jane", 3, ""); !errors.Is(err, delivery.ErrAway) {
		t.Errorf("the store is away: %v", err)
	}
}
