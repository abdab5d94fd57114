package roles

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/filengine/fil/ranking/learning"
)

// A store that is away for a while is waited for; a conflict is told at once, and so is the end of the patience.
func TestPatiently(t *testing.T) {
	away := errors.New("away")
	for name, c := range map[string]struct {
		lasting time.Duration
		with    error
		want    error
	}{
		"a minute away": {time.Minute, away, nil},
		"an hour away":  {time.Hour, away, away},
		"a conflict":    {time.Hour, learning.ErrConflict, learning.ErrConflict},
	} {
		synctest.Test(t, func(t *testing.T) {
			began, calls := time.Now(), 0
			err := patiently(context.Background(), func() error {
				if calls++; time.Since(began) < c.lasting {
					return c.with
				}
				return nil
			})
			if !errors.Is(err, c.want) || errors.Is(c.want, learning.ErrConflict) && calls != 1 || time.Since(began) > 5*time.Minute {
				t.Errorf("%s: error %v after %d calls and %v", name, err, calls, time.Since(began))
			}
		})
	}
}
