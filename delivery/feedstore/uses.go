package feedstore

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// usesKept is how long the day of a use is remembered.
const usesKept = 32 * 24 * time.Hour

// useKey has a name that leads to nobody once its subscription is gone.
func useKey(id string) string { return "u:{" + id + "}" }

// Used remembers that something with a name of its own was used on a day, for 32 days.
func (s *Store) Used(ctx context.Context, id string, day time.Time) error {
	if err := s.client.Set(ctx, useKey(id), day.UTC().Format(time.DateOnly), usesKept).Err(); err != nil {
		return fmt.Errorf("remember a use: %w", err)
	}
	return nil
}

// LastUses gives the day of the last use of each, in their order; zero when none is remembered.
func (s *Store) LastUses(ctx context.Context, ids []string) ([]time.Time, error) {
	pipe, answers := s.client.Pipeline(), make([]*redis.StringCmd, len(ids))
	for i, id := range ids {
		answers[i] = pipe.Get(ctx, useKey(id))
	}
	_, _ = pipe.Exec(ctx) // each answer has its own error
	days := make([]time.Time, len(ids))
	for i, answer := range answers {
		text, err := answer.Result()
		switch {
		case err == redis.Nil: //nolint:errorlint // go-redis gives it as it is
			continue
		case err != nil:
			return nil, fmt.Errorf("read uses: %w", err)
		}
		days[i], _ = time.Parse(time.DateOnly, text) // or zero, as if there were none
	}
	return days, nil
}
