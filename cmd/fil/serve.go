package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
)

type serveCommand struct {
	Listen string   `help:"${help_listen}" placeholder:"HOST:PORT"`
	Data   string   `help:"${help_data}" placeholder:"DIR"`
	Roles  []string `arg:"" help:"${help_roles}" enum:"ingest,worker,delivery,analytics"`
}

func (c *serveCommand) Run(w *world) error {
	cfg, err := w.load(map[string]string{"listen": c.Listen, "data": c.Data})
	if err != nil {
		return err
	}
	if len(cfg.Log.Brokers) == 0 || len(cfg.Redis.Addresses) == 0 {
		return usageError{errors.New("serve runs on real engines: set log.brokers and redis.addresses, or use `fil up`")}
	}
	if slices.Contains(c.Roles, "analytics") && len(cfg.ClickHouse.Addresses) == 0 {
		return usageError{errors.New("the analytics role needs clickhouse.addresses")}
	}
	slices.Sort(c.Roles)
	listener, err := new(net.ListenConfig).Listen(w.ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", cfg.Listen, err)
	}
	return host(w.ctx, cfg, listener, slices.Compact(c.Roles), w.logger(cfg.LogLevel, cfg.LogFormat), nil)
}
