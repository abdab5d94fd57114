package asked_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil/audiences/asked"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

func ask(t *testing.T, store *asked.Store, caller, question string, known int) (questions []string, from int, put bool) {
	t.Helper()
	raw, from, put, err := store.Ask(t.Context(), caller, []byte(question), known)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range raw {
		questions = append(questions, string(one))
	}
	return questions, from, put
}

func TestAsk(t *testing.T) {
	store := asked.New(enginetest.Redis(t))
	for i, c := range []struct {
		caller, question string
		known, from      int
		want             []string
	}{
		{"a", "one", 0, 0, []string{"one"}},
		{"a", "two", 1, 1, []string{"two"}},
		{"b", "other", 0, 0, []string{"other"}},
		{"a", "three", 0, 0, []string{"one", "two", "three"}}, // another process, which knows none
		{"a", "four", 1, 1, []string{"two", "three", "four"}},
		{"b", "again", 7, 0, []string{"other", "again"}}, // Redis went back
	} {
		questions, from, put := ask(t, store, c.caller, c.question, c.known)
		if diff := cmp.Diff(c.want, questions); diff != "" || from != c.from || !put {
			t.Errorf("question %d: from %d, put %v\n%s", i, from, put, diff)
		}
	}
}

func TestAsk_InOneOrder(t *testing.T) {
	store := asked.New(enginetest.Redis(t))
	const askers, each = 4, 25
	heard := make([][]string, askers)
	var all sync.WaitGroup
	for asker := range askers {
		all.Go(func() {
			for i := range each {
				questions, from, _ := ask(t, store, "a", fmt.Sprintf("%d.%d", asker, i), len(heard[asker]))
				heard[asker] = append(heard[asker][:from], questions...)
			}
		})
	}
	all.Wait()
	last, _, _ := ask(t, store, "a", "last", 0)
	if len(last) != askers*each+1 {
		t.Fatalf("%d questions are kept, %d were asked", len(last), askers*each+1)
	}
	for asker := range heard {
		if diff := cmp.Diff(last[:len(heard[asker])], heard[asker]); diff != "" {
			t.Errorf("asker %d heard another order\n%s", asker, diff)
		}
	}
}

func TestAsk_Bounded(t *testing.T) {
	client := enginetest.Redis(t)
	store := asked.New(client)
	full := make([]any, asked.MaxQuestions)
	for i := range full {
		full[i] = "q"
	}
	if err := client.RPush(t.Context(), "q:{a}", full...).Err(); err != nil {
		t.Fatal(err)
	}
	if questions, from, put := ask(t, store, "a", "more", asked.MaxQuestions); put || len(questions) != 0 || from != asked.MaxQuestions {
		t.Fatalf("put %v, %d questions from %d", put, len(questions), from)
	}
	if ttl := client.PTTL(t.Context(), "q:{a}").Val(); ttl > 0 {
		t.Fatalf("a question that was not put there made the others last %s", ttl)
	}
}
