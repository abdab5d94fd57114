package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/importer"
)

type importCommand struct {
	serverFlags
	What    string   `arg:"" help:"${help_what}" enum:"agents,contents,engagements"`
	Files   []string `arg:"" help:"${help_files}" type:"existingfile"`
	Map     []string `help:"${help_map}" sep:"none" placeholder:"CHAMP=COLONNE,…"`
	Const   []string `help:"${help_const}" sep:"none" placeholder:"CHAMP=VALEUR"`
	Value   []string `help:"${help_value}" sep:"none" placeholder:"CHAMP:DE=VERS"`
	Refused string   `help:"${help_refused}" placeholder:"FICHIER"`
}

func (c *importCommand) Run(w *world) error {
	options := importer.Options{
		Kind: c.What, Files: c.Files, Map: c.Map, Const: c.Const, Value: c.Value,
		Server: c.Server, Key: c.Key, Language: language(w.Environ), Refused: c.Refused,
		Logger: w.logger("warn", "text"),
	}
	if isTerminal(w.Err) {
		options.Progress = w.Err
	}
	summary, err := importer.Run(w.ctx, options)
	var misuse *importer.UsageError
	if errors.As(err, &misuse) {
		return usageError{errors.New(misuse.Problem.In(options.Language))}
	}
	if err != nil {
		return fmt.Errorf("import %s (%d admitted, %d duplicates, %d refused; run it again to go on): %w",
			c.What, summary.Admitted, summary.Duplicates, summary.Refused, err)
	}
	if c.JSON {
		return json.NewEncoder(w.Out).Encode(summary)
	}
	said := fil.Bilingual{FR: "%d admis, %d doublons, %d refusés\n", EN: "%d admitted, %d duplicates, %d refused\n"}
	_, err = fmt.Fprintf(w.Out, said.In(options.Language), summary.Admitted, summary.Duplicates, summary.Refused)
	for _, path := range summary.RefusedIn {
		_, _ = fmt.Fprintf(w.Out, "%s %s\n", fil.Bilingual{FR: "refusés, avec la raison :", EN: "refused, with the reason:"}.In(options.Language), path)
	}
	return err
}

// isTerminal says whether people look at a stream.
func isTerminal(stream io.Writer) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
