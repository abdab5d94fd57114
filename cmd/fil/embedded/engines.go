package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// Engines are the three engines, running.
type Engines struct {
	Kafka      *Kafka
	Redis      *Redis
	ClickHouse *ClickHouse
}

// Start starts the three engines; when one does not start, those already started are closed. The context bounds the
// start only: the engines run until Close.
func Start(ctx context.Context, cfg Config) (*Engines, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("embedded engines: %w", err)
	}
	if cfg.Password == "" {
		cfg.Password = rand.Text()
	}
	cfg.Listen = "127.0.0.1:0" // three engines cannot share one port
	e := &Engines{}
	err := e.start(ctx, cfg)
	if err != nil {
		return nil, errors.Join(err, e.Close(context.WithoutCancel(ctx)))
	}
	return e, nil
}

func (e *Engines) start(ctx context.Context, cfg Config) (err error) {
	// The library is the part that can be missing, so it is tried first.
	if e.ClickHouse, err = StartClickHouse(cfg); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("start embedded engines: %w", err)
	}
	if e.Kafka, err = StartKafka(cfg); err != nil {
		return err
	}
	if e.Redis, err = StartRedis(cfg); err != nil {
		return err
	}
	return ctx.Err()
}

// Close closes the engines, the log last, since it is the truth that the others follow. It returns when all are closed
// or when the context ends, whichever comes first; what was acknowledged is safe in both cases.
func (e *Engines) Close(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		var errs []error
		if e.Redis != nil {
			errs = append(errs, e.Redis.Close())
		}
		if e.ClickHouse != nil {
			errs = append(errs, e.ClickHouse.Close())
		}
		if e.Kafka != nil {
			errs = append(errs, e.Kafka.Close())
		}
		done <- errors.Join(errs...)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("close embedded engines: %w", context.Cause(ctx))
	}
}
