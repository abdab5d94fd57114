package main

import (
	"errors"
	"fmt"

	"github.com/filengine/fil/cmd/fil/embedded"
)

// engineCommand runs one embedded engine as a process of its own, for development and for tests that kill engines.
type engineCommand struct {
	Name     string `arg:"" help:"${help_engine_name}" enum:"kafka,redis,clickhouse"`
	Data     string `help:"${help_data}" placeholder:"DIR" default:"data"`
	Listen   string `help:"${help_listen}" placeholder:"HOST:PORT" required:""`
	Password string `help:"${help_engine_password}" env:"FIL_ENGINE_PASSWORD"`
}

func (c *engineCommand) Run(w *world) (err error) {
	cfg, err := w.load(nil)
	if err != nil {
		return err
	}
	settings := embedded.DefaultConfig()
	settings.KeepFree = int64(cfg.Embedded.KeepFreeMiB) << 20
	settings.Dir, settings.Listen, settings.Password = c.Data, c.Listen, c.Password
	settings.Library, settings.Log = cfg.Embedded.Library, w.logger(cfg.LogLevel, cfg.LogFormat)
	engine, err := startEngine(c.Name, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	if _, err := fmt.Fprintln(w.Out, engine.Addr()); err != nil {
		return err
	}
	<-w.ctx.Done()
	return nil
}

// startedEngine is what the three engines have in common.
type startedEngine interface {
	Addr() string
	Close() error
}

func startEngine(name string, settings embedded.Config) (startedEngine, error) {
	switch name {
	case "kafka":
		return embedded.StartKafka(settings)
	case "redis":
		return embedded.StartRedis(settings)
	default:
		return embedded.StartClickHouse(settings)
	}
}
