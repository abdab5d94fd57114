// Package asked keeps in Redis what each caller asked of previews, in the order asked, so that every process that
// answers them goes by the same questions.
//
// It hides the keys and the script. It guarantees that questions of one caller have one order, and that a question is
// there before it is answered. It does not know what a question means. A Redis that lost its keys has forgotten the
// questions, and processes that start afterwards do not know them: nothing of the log depends on it.
package asked

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed ask.lua
var ask string

// Questions of one caller: most that are kept, and how long after the last one.
const (
	MaxQuestions = 5000
	kept         = 30 * 24 * time.Hour
)

// Store is a Redis, or a Redis Cluster, that holds questions. It is safe for many goroutines.
type Store struct {
	client redis.UniversalClient
	onAsk  *redis.Script
}

// New makes a store on a client, which stays the caller's to close.
func New(client redis.UniversalClient) *Store { return &Store{client, redis.NewScript(ask)} }

// Ask puts a question after the caller's others and gives those from the place known on, the question itself last, with
// the place of the first that is given: it is not known when there are fewer than that. asked is false, and the question not among those given, when the
// caller has asked MaxQuestions.
func (s *Store) Ask(ctx context.Context, caller string, question []byte, known int) (questions [][]byte, from int, asked bool, err error) {
	answer, err := s.onAsk.Run(ctx, s.client, []string{"q:{" + caller + "}"}, question, known, MaxQuestions, kept.Milliseconds()).Slice()
	if err != nil {
		return nil, 0, false, fmt.Errorf("ask for %s: %w", caller, err)
	}
	if len(answer) != 3 {
		return nil, 0, false, errors.New("read questions: the script's answer has another shape")
	}
	put, _ := answer[0].(int64)
	first, _ := answer[1].(int64)
	list, _ := answer[2].([]any)
	for _, one := range list {
		text, _ := one.(string)
		questions = append(questions, []byte(text))
	}
	return questions, int(first), put == 1, nil
}
