package roles

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/filengine/fil/ranking/learning"
)

// storePatience is how long a rebuild waits for a store that fails: long enough for a failover, so that hours of reading are
// not lost for a few seconds.
const storePatience = 2 * time.Minute

// patiently repeats what may be done twice, until it succeeds, the store's patience is over or the context done. A
// conflict is an answer, not a failure.
func patiently(ctx context.Context, do func() error) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := do()
		if errors.Is(err, learning.ErrConflict) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(backoff.NewExponentialBackOff()), backoff.WithMaxElapsedTime(storePatience))
	if err != nil {
		return fmt.Errorf("ask the store: %w", err)
	}
	return nil
}

// patientStore is a store of profiles that is waited for. All that a rebuild writes may be written twice.
type patientStore struct{ learning.Store }

func (s patientStore) Load(ctx context.Context, partition int, agents []string) (header []byte, stored []learning.Stored, err error) {
	err = patiently(ctx, func() (err error) {
		header, stored, err = s.Store.Load(ctx, partition, agents)
		return err
	})
	return header, stored, err
}

func (s patientStore) Save(ctx context.Context, changes []learning.Change) error {
	return patiently(ctx, func() error { return s.Store.Save(ctx, changes) })
}

func (s patientStore) LoadPopularity(ctx context.Context, partition int) (packed learning.PackedTally, err error) {
	err = patiently(ctx, func() (err error) {
		packed, err = s.Store.LoadPopularity(ctx, partition)
		return err
	})
	return packed, err
}

func (s patientStore) SavePopularity(ctx context.Context, partition int, change learning.PopularityChange) error {
	return patiently(ctx, func() error { return s.Store.SavePopularity(ctx, partition, change) })
}
