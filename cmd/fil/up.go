package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/cmd/fil/roles"
)

type upCommand struct {
	Data   string `help:"${help_data}" placeholder:"DIR"`
	Listen string `help:"${help_listen}" placeholder:"HOST:PORT"`
	Demo   bool   `help:"${help_demo}"`
}

func (c *upCommand) Run(w *world) (err error) {
	cfg, err := w.load(map[string]string{"listen": c.Listen, "data": c.Data})
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(w.ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", cfg.Listen, err)
	}
	logger := w.logger(cfg.LogLevel, cfg.LogFormat)
	settings := embedded.DefaultConfig()
	settings.KeepFree = int64(cfg.Embedded.KeepFreeMiB) << 20
	settings.Dir, settings.Library, settings.Log = cfg.Data, cfg.Embedded.Library, logger
	engines, err := embedded.Start(w.ctx, settings)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), cfg.Shutdown)
		defer cancel()
		err = errors.Join(err, engines.Close(ctx))
	}()
	all := process(cfg.On(engines.Kafka, engines.Redis, engines.ClickHouse), listener, roles.All(), logger)
	all.Ready = func(ctx context.Context, ring *access.Keyring, signer *access.Signer) error {
		if err := c.announce(w, cfg, ring); err != nil {
			return err
		}
		if c.Demo {
			return c.demonstrate(ctx, w, cfg, signer)
		}
		return nil
	}
	return all.Run(w.ctx)
}

// announce prints the keys that a first start makes; later ones have none to print, since only hashes are kept.
func (c *upCommand) announce(w *world, cfg config.Config, ring *access.Keyring) error {
	keys, err := ring.Keys()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(w.Out, "\nFil %s · http://%s\n", version, cfg.Listen)
	if len(keys) > 0 {
		_, err = fmt.Fprintf(w.Out, "Clés : déjà faites (fil keys list --data %s) ; une autre : fil keys create --data %[1]s --role ROLE\n", cfg.Data)
		return err
	}
	_, _ = fmt.Fprintln(w.Out, "Clés faites pour ce dossier, montrées cette seule fois / keys made for this folder, shown this once:")
	for _, role := range fil.Roles() {
		if role == fil.RoleAgent {
			continue
		}
		text, err := ring.Create(role, "fil up")
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(w.Out, "  %-13s %s\n", role, text)
	}
	return nil
}

// demonstrate loads the demonstration through the door, as any sender would, then prints links to look at it.
func (c *upCommand) demonstrate(ctx context.Context, w *world, cfg config.Config, signer *access.Signer) error {
	if err := loadDemo(ctx, w, cfg, signer); err != nil {
		return err
	}
	var text strings.Builder
	text.WriteString("\nÀ regarder (liens valables 24 h) / to look at (links valid for 24 h):\n")
	for _, one := range []struct {
		what, path string
		role       fil.Role
	}{
		{"le fil de chacun, et pourquoi / everyone's feed, and why", "/", fil.RoleService},
		{"la console des communicants / the communicators' console", "/console/", fil.RoleCommunicator},
		{"les tableaux de bord / the dashboards", "/dashboards/", fil.RoleLeader},
	} {
		token, err := signer.Token(fil.Caller{Role: one.role}, 24*time.Hour)
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "- %s :\n  http://%s%s#key=%s\n", one.what, cfg.Listen, one.path, token)
	}
	_, err := fmt.Fprintln(w.Out, text.String())
	return err
}
