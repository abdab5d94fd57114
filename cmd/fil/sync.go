package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/ingest/directory"
	"github.com/filengine/fil/ingest/directory/ldap"
)

// portion is a share written in hundredths: 5 %, 5 or 2,5%.
type portion float64

// UnmarshalText reads what a flag says.
func (p *portion) UnmarshalText(text []byte) error {
	number := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(string(text)), "%"))
	n, err := strconv.ParseFloat(strings.Replace(number, ",", ".", 1), 64)
	if err != nil || !(n >= 0 && n <= 100) { // so that NaN is refused too
		return fmt.Errorf("« %s » n'est pas une part comme 5%% / is not a share such as 5%%", text)
	}
	*p = portion(n / 100)
	return nil
}

// syncFlags are those of every synchronisation.
type syncFlags struct {
	serverFlags
	Scope       string  `help:"${help_sync_scope}" placeholder:"ORG"`
	Merge       bool    `help:"${help_sync_merge}"`
	Apply       bool    `help:"${help_sync_apply}"`
	MaxRemovals portion `help:"${help_sync_max_removals}" default:"5%" placeholder:"5%"`
	MaxChanges  portion `help:"${help_sync_max_changes}" default:"50%" placeholder:"50%"`
	MaxNameless int     `help:"${help_sync_max_nameless}" default:"0"`
	Examples    int     `help:"${help_sync_examples}" default:"5"`
}

type syncFilesCommand struct {
	syncFlags
	Files []string `arg:"" help:"${help_files}" type:"existingfile"`
	Map   []string `help:"${help_map}" sep:"none" placeholder:"CHAMP=COLONNE,…"`
	Const []string `help:"${help_const}" sep:"none" placeholder:"CHAMP=VALEUR"`
	Value []string `help:"${help_value}" sep:"none" placeholder:"CHAMP:DE=VERS"`
}

func (c *syncFilesCommand) Run(w *world) error {
	return c.sync(w, directory.Files(c.Files), directory.Options{Map: c.Map, Const: c.Const, Value: c.Value})
}

type syncLDAPCommand struct {
	syncFlags
	Settings string `arg:"" optional:"" help:"${help_sync_settings}" type:"existingfile"`
	Default  bool   `help:"${help_sync_default}"`
}

func (c *syncLDAPCommand) Run(w *world) error {
	if c.Default {
		_, err := w.Out.Write(config.LDAPExample())
		return err
	}
	if c.Settings == "" {
		return usageError{errors.New("a settings file is needed: `fil sync ldap --default` writes one")}
	}
	settings, err := config.LoadLDAP(c.Settings)
	if err != nil {
		return usageError{err}
	}
	source, err := ldap.New(settings, time.Now)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", c.Settings, err)}
	}
	return c.sync(w, source, directory.Options{Map: settings.Map, Const: settings.Const, Value: settings.Value})
}

// sync brings the server's directory level with a source and says so.
func (f syncFlags) sync(w *world, source directory.Source, o directory.Options) error {
	o.Server, o.Key, o.Language, o.Logger = f.Server, f.Key, language(w.Environ), w.logger("warn", "text")
	o.Scope, o.Merge, o.Apply = f.Scope, f.Merge, f.Apply
	o.MaxRemovals, o.MaxChanges, o.MaxNameless, o.Examples = float64(f.MaxRemovals), float64(f.MaxChanges), f.MaxNameless, f.Examples
	if isTerminal(w.Err) {
		o.Progress = w.Err
	}
	report, err := directory.Sync(w.ctx, source, o)
	var misuse *directory.UsageError
	if errors.As(err, &misuse) {
		return usageError{errors.New(misuse.Problem.In(o.Language))}
	}
	if err != nil && !report.Applied {
		return fmt.Errorf("synchronise (nothing was written): %w", err)
	}
	if said := f.say(w, report); said != nil {
		return said
	}
	switch {
	case err != nil:
		return fmt.Errorf("synchronise (run it again to go on): %w", err)
	case len(report.Withheld) > 0:
		return exitStatus(exitWithheld)
	case report.Pending():
		return exitStatus(exitPending)
	default:
		return nil
	}
}

func (f syncFlags) say(w *world, report directory.Report) error {
	if f.JSON {
		return json.NewEncoder(w.Out).Encode(report)
	}
	_, err := w.Out.Write([]byte(report.Text()))
	return err
}

// syncTexts says what the commands that synchronise do, and their flags.
func syncTexts() map[string]fil.Bilingual {
	return map[string]fil.Bilingual{
		"help_sync": {FR: "Mettre l'annuaire au niveau d'une source qui a tous les agents ; sans --apply, dire seulement ce qui changerait.",
			EN: "Bring the directory level with a source that has every agent; without --apply, only say what would change."},
		"help_sync_csv":      {FR: "La source : des fichiers CSV ou NDJSON, bruts, gzip ou zip.", EN: "The source: CSV or NDJSON files, plain, gzip or zip."},
		"help_sync_ldap":     {FR: "La source : un annuaire LDAP ou Active Directory.", EN: "The source: an LDAP directory or Active Directory."},
		"help_sync_settings": {FR: "Fichier YAML qui décrit l'annuaire LDAP ; --default en montre un.", EN: "YAML file that describes the LDAP directory; --default shows one."},
		"help_sync_default":  {FR: "Écrire un fichier de réglages commenté.", EN: "Write a commented settings file."},
		"help_sync_scope": {FR: "Organisation dont la source a la charge, avec celles au-dessous : les autres agents ne sont ni changés ni retirés (par défaut : tous).",
			EN: "Organisation that the source answers for, with those below: other agents are neither changed nor removed (default: all)."},
		"help_sync_merge":        {FR: "Garder les valeurs que la source ne donne pas ; sinon l'agent entier est remplacé.", EN: "Keep the values that the source does not give; otherwise the whole agent is replaced."},
		"help_sync_apply":        {FR: "Écrire.", EN: "Write."},
		"help_sync_max_removals": {FR: "Part des agents du périmètre qui peut être retirée en une fois.", EN: "Share of the agents in scope that may be removed at once."},
		"help_sync_max_changes":  {FR: "Part des agents du périmètre qui peut être changée en une fois.", EN: "Share of the agents in scope that may be changed at once."},
		"help_sync_max_nameless": {FR: "Entrées sans identifiant lisible sur lesquelles passer quand des agents sont retirés.", EN: "Entries without a readable id to pass over when agents are removed."},
		"help_sync_examples":     {FR: "Exemples montrés de chaque cas.", EN: "Examples shown of each case."},
	}
}
