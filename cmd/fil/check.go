package main

import (
	"fmt"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/roles"
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
	policy, err := roles.Check(cfg)
	if err != nil {
		return err
	}
	said := fil.Bilingual{FR: "configuration : %d attributs, règles de classement %s, rien à redire\n", EN: "configuration: %d attributes, ranking policy %s, nothing to mend\n"}
	_, err = fmt.Fprintf(w.Out, said.In(language(w.Environ)), len(cfg.Attributes), policy.Version)
	return err
}

type versionCommand struct{}

func (c *versionCommand) Run(w *world) error {
	_, err := fmt.Fprintln(w.Out, "fil", version)
	return err
}
