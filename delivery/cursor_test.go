package delivery_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery"
)

func FuzzParseCursor(f *testing.F) {
	f.Add("")
	f.Add(delivery.Cursor{1}.String())
	f.Add(delivery.Cursor{1, 2, 1 << 63}.String())
	f.Add(delivery.Cursor{7, 7}.String())
	f.Add(strings.Repeat("A", 9000))
	f.Fuzz(func(t *testing.T, text string) {
		c, err := delivery.ParseCursor(text)
		if err != nil {
			if fault := (*fil.Fault)(nil); !errors.As(err, &fault) || fault.Field != "cursor" {
				t.Fatalf("error %v is no fault of the cursor", err)
			}
			return
		}
		if again := c.String(); again != text {
			t.Fatalf("%q reads as %v, which is written %q", text, c, again)
		}
		sorted := slices.Clone(c)
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) != len(c) || len(c) == 0 || len(c) > 512 {
			t.Fatalf("%d items, or one twice, were let in", len(c))
		}
	})
}

func TestCursor_ComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.Uint64(), 1, 512, rapid.ID).Draw(t, "keys")
		c := make(delivery.Cursor, len(keys))
		for i, key := range keys {
			c[i] = fil.ContentKey(key)
		}
		back, err := delivery.ParseCursor(c.String())
		if err != nil || !slices.Equal(back, c) {
			t.Fatalf("%v, %v", back, err)
		}
	})
}

// Whatever happens to the feed between two pages, what was in it at the first page and is eligible all along is served
// exactly once, in the order of the first page, and nothing else is.
func TestPaging_NeverSkipsNorRepeats(t *testing.T) {
	w := setup(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		w.mu.Lock()
		clear(w.contents)
		w.mu.Unlock()
		all := numbered(rapid.IntRange(0, 30).Draw(t, "contents"))
		w.put(all...)
		order := rapid.SampledFrom([]string{"ranked", "chronological"}).Draw(t, "order")
		gone, added := map[string]bool{}, 0
		var served []string
		path := "/v1/feed?order=" + order + "&limit=" + fmt.Sprint(rapid.IntRange(1, 9).Draw(t, "limit"))
		for next, pages := "", 0; ; pages++ {
			if pages > len(all)+1 {
				t.Fatal("paging does not end")
			}
			p, header := w.page("agent:marie", path+"&cursor="+next)
			served = append(served, titles(p)...)
			if hasLink := header.Get("Link") != ""; hasLink != (p.Next != "") {
				t.Fatalf("next is %q, Link is %q", p.Next, header.Get("Link"))
			}
			if next = p.Next; next == "" {
				break
			}
			for range rapid.IntRange(0, 4).Draw(t, "changes") {
				switch rapid.SampledFrom([]string{"withdraw", "publish", "promote"}).Draw(t, "change") {
				case "withdraw":
					id := rapid.SampledFrom(all).Draw(t, "withdrawn").ID
					gone[id] = true
					w.drop(id)
				case "publish":
					added++
					w.put(fil.Content{ID: fmt.Sprintf("new%d", added), Priority: rapid.IntRange(-3, 3).Draw(t, "priority"), PublishedAt: noon.Add(-time.Minute)})
				case "promote":
					c := rapid.SampledFrom(all).Draw(t, "promoted")
					if !gone[c.ID] {
						c.Priority = rapid.IntRange(-3, 3).Draw(t, "priority")
						w.put(c)
					}
				}
			}
		}
		position := 0
		for _, c := range all {
			switch {
			case position < len(served) && served[position] == c.ID:
				position++
			case !gone[c.ID]:
				t.Fatalf("%s was there and is not served at its place in %v", c.ID, served)
			}
		}
		if position != len(served) {
			t.Fatalf("%v were not in the feed or came twice", served[position:])
		}
	})
}

func TestPaging_LinkLeadsToTheNextPage(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(7)...)
	for caller, path := range map[string]string{"agent:zoé": "/v1/feed?limit=3&order=chronological&lang=en", "service": "/v1/agents/zo%C3%A9/feed?limit=3"} {
		var served []string
		for path != "" {
			p, header := w.page(caller, path)
			served = append(served, titles(p)...)
			if path = header.Get("Link"); path != "" {
				path = strings.TrimSuffix(strings.TrimPrefix(path, "<"), `>; rel="next"`)
			}
		}
		if len(served) != 7 {
			t.Errorf("%s: following Link gave %v", caller, served)
		}
	}
}

func TestPaging_ACursorGivesNoRightToSee(t *testing.T) {
	w := setup(t, nil)
	w.put(fil.Content{ID: "secret", PublishedAt: noon, Audiences: []string{"paul"}})
	p, _ := w.page("agent:marie", "/v1/feed?cursor="+delivery.Cursor{fil.KeyOf("secret")}.String())
	if len(p.Items) != 0 {
		t.Errorf("a forged cursor shows %v", titles(p))
	}
}

func TestPaging_FullPagesDespiteWithdrawals(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(20)...)
	first, _ := w.page("agent:marie", "/v1/feed?limit=5")
	w.drop("c005", "c006", "c009")
	second, _ := w.page("agent:marie", "/v1/feed?limit=5&cursor="+first.Next)
	if want := []string{"c007", "c008", "c010", "c011", "c012"}; !slices.Equal(titles(second), want) {
		t.Errorf("second page is %v, want %v", titles(second), want)
	}
}
