package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/roles"
	"github.com/filengine/fil/cmd/fil/tracing"
)

// Streams is what a command sees of the world.
type Streams struct {
	Out, Err io.Writer
	Environ  []string
}

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2

	exitPending  = 3 // of `fil sync`: there is something to write
	exitWithheld = 4 // of `fil sync`: the guard lets nothing be written
)

// commands is the tree of commands; the texts of its help are in texts.go, in French and English.
type commands struct {
	Config string `help:"${help_config}" placeholder:"FICHIER" env:"FIL_CONFIG" type:"existingfile"`

	Up     upCommand     `cmd:"" help:"${help_up}"`
	Serve  serveCommand  `cmd:"" help:"${help_serve}"`
	Import importCommand `cmd:"" help:"${help_import}"`
	Sync   struct {
		CSV  syncFilesCommand `cmd:"" name:"csv" help:"${help_sync_csv}"`
		LDAP syncLDAPCommand  `cmd:"" name:"ldap" help:"${help_sync_ldap}"`
	} `cmd:"" help:"${help_sync}"`
	Feed     feedCommand    `cmd:"" help:"${help_feed}"`
	Profile  profileCommand `cmd:"" help:"${help_profile}"`
	Audience struct {
		Preview previewCommand `cmd:"" help:"${help_preview}"`
		Explain explainCommand `cmd:"" help:"${help_explain_rule}"`
		Why     whyCommand     `cmd:"" help:"${help_why}"`
	} `cmd:"" help:"${help_audience}"`
	Directory struct {
		Generate generateCommand `cmd:"" help:"${help_generate}"`
	} `cmd:"" help:"${help_directory}"`
	Report     reportCommand      `cmd:"" help:"${help_report}"`
	Evaluate   evaluateCommand    `cmd:"" help:"${help_evaluate}"`
	Policy     policyCommands     `cmd:"" help:"${help_policy}"`
	Experiment experimentCommands `cmd:"" help:"${help_experiment}"`
	Register   registerCommands   `cmd:"" help:"${help_register}"`
	Keys       struct {
		Create createKeyCommand `cmd:"" help:"${help_keys_create}"`
		List   listKeysCommand  `cmd:"" help:"${help_keys_list}"`
		Revoke revokeKeyCommand `cmd:"" help:"${help_keys_revoke}"`
	} `cmd:"" help:"${help_keys}"`
	Rejects struct {
		List   listRejectsCommand   `cmd:"" help:"${help_rejects_list}"`
		Replay replayRejectsCommand `cmd:"" help:"${help_rejects_replay}"`
	} `cmd:"" help:"${help_rejects}"`
	Engine  engineCommand  `cmd:"" help:"${help_engine}"`
	Rebuild rebuildCommand `cmd:"" help:"${help_rebuild}"`
	Backup  backupCommand  `cmd:"" help:"${help_backup}"`
	Restore restoreCommand `cmd:"" help:"${help_restore}"`
	Check   checkCommand   `cmd:"" help:"${help_check}"`
	Version versionCommand `cmd:"" help:"${help_version}"`
}

// world is what a command runs in.
type world struct {
	Streams
	ctx        context.Context //nolint:containedctx // one command is one call: the context lives as long as this value
	configFile string
}

// usageError is a wrong use of a command that only its run can see; it exits with 2.
type usageError struct{ error }

// misused refuses a wrong use in the reader's language.
func (w *world) misused(problem fil.Bilingual) error {
	return usageError{errors.New(problem.In(language(w.Environ)))}
}

// exitStatus ends a command that has said all that it had to say.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// Run runs one command and gives its exit status: 0 done, 1 failed, 2 wrong usage, others as the command says.
func Run(ctx context.Context, args []string, streams Streams) int {
	var tree commands
	texts := helpTexts(language(streams.Environ))
	helped := false
	parser, err := kong.New(&tree,
		kong.Name("fil"), kong.Description(texts["description"]), texts,
		kong.Writers(streams.Out, streams.Err), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.Exit(func(int) { helped = true }),
	)
	if err != nil {
		_, _ = fmt.Fprintln(streams.Err, "fil:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(maskNegative(args))
	if helped {
		return exitDone
	}
	if err != nil {
		_, _ = fmt.Fprintf(streams.Err, "fil: %s\n%s\n", strings.ReplaceAll(err.Error(), `\x00`, ""), texts["see_help"])
		return exitUsage
	}
	err = parsed.Run(&world{Streams: streams, ctx: ctx, configFile: tree.Config})
	var usage usageError
	var settings roles.SettingsError
	var status exitStatus
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage), errors.As(err, &settings):
		_, _ = fmt.Fprintf(streams.Err, "fil: %v\n", err)
		return exitUsage
	default:
		_, _ = fmt.Fprintf(streams.Err, "fil: %v\n", err)
		return exitFailed
	}
}

// identifier is an argument that may begin with a hyphen, as ids that are signed integers do.
type identifier string

// negativeMask marks such an argument, which the parser would take for flags: no flag of ours begins with a digit.
const negativeMask = "\x00"

var negative = regexp.MustCompile(`^-[0-9]+$`)

func maskNegative(args []string) []string {
	masked := slices.Clone(args)
	for i, arg := range masked {
		if negative.MatchString(arg) {
			masked[i] = negativeMask + arg
		}
	}
	return masked
}

// UnmarshalText takes the mask off.
//
//nolint:unparam // the shape of encoding.TextUnmarshaler
func (id *identifier) UnmarshalText(text []byte) error {
	*id = identifier(strings.TrimPrefix(string(text), negativeMask))
	return nil
}

// load reads the configuration with the flags of a command, given as dotted keys; empty strings are not set.
func (w *world) load(flags map[string]string) (config.Config, error) {
	set := map[string]any{}
	for key, value := range flags {
		if value != "" {
			set[key] = value
		}
	}
	cfg, err := config.Load(w.configFile, w.Environ, set)
	if err != nil {
		return cfg, usageError{err}
	}
	return cfg, nil
}

func (w *world) logger(level, format string) *slog.Logger {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // validated by config
	options := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(tracing.Handler{Handler: slog.NewJSONHandler(w.Err, options)})
	}
	return slog.New(tracing.Handler{Handler: slog.NewTextHandler(w.Err, options)})
}

// language is "en" where the locale says so, French otherwise.
func language(environ []string) string {
	locale := map[string]string{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			locale[name] = value
		}
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := locale[name]; value != "" {
			if strings.HasPrefix(value, "en") {
				return "en"
			}
			return "fr"
		}
	}
	return "fr"
}
