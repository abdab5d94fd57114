package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/roles"
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
	return process(cfg, listener, slices.Compact(c.Roles), w.logger(cfg.LogLevel, cfg.LogFormat)).Run(w.ctx)
}

// process is one process of this program.
func process(cfg config.Config, listener net.Listener, names []string, logger *slog.Logger) roles.Process {
	return roles.Process{Config: cfg, Listener: listener, Roles: names, Logger: logger, Version: version}
}
