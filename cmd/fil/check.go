package main

import (
	"fmt"
	"os"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/ranking"
)

type checkCommand struct {
	Default bool `help:"${help_default}"`
}

func (c *checkCommand) Run(w *world) error {
	if c.Default {
		_, err := w.Out.Write(config.Example())
		return err
	}
	cfg, err := w.load(nil)
	if err != nil {
		return err
	}
	policy, err := loadPolicy(cfg)
	if err != nil {
		return err
	}
	if _, err := connectionsOf(cfg); err != nil {
		return usageError{err}
	}
	if err := scimConfig(cfg).Validate(cfg.Attributes); err != nil {
		return usageError{err}
	}
	said := fil.Bilingual{FR: "configuration : %d attributs, règles de classement %s, rien à redire\n", EN: "configuration: %d attributes, ranking policy %s, nothing to mend\n"}
	_, err = fmt.Fprintf(w.Out, said.In(language(w.Environ)), len(cfg.Attributes), policy.Version)
	return err
}

// loadPolicy reads the operator's ranking policy, or takes the default one.
func loadPolicy(cfg config.Config) (ranking.Policy, error) {
	if cfg.Policy == "" {
		return ranking.DefaultPolicy(), nil
	}
	raw, err := os.ReadFile(cfg.Policy)
	if err != nil {
		return ranking.Policy{}, fmt.Errorf("read policy: %w", err)
	}
	policy, err := ranking.ParsePolicy(raw)
	if err != nil {
		return ranking.Policy{}, fmt.Errorf("read policy %s: %w", cfg.Policy, err)
	}
	return policy, nil
}

type versionCommand struct{}

func (c *versionCommand) Run(w *world) error {
	_, err := fmt.Fprintln(w.Out, "fil", version)
	return err
}
