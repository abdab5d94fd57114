package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/census"
)

// generateCommand writes a made-up directory, or what its agents read.
type generateCommand struct {
	Agents      int    `help:"${help_generate_agents}" default:"5000"`
	Seed        uint64 `help:"${help_generate_seed}" default:"1"`
	Engagements int    `help:"${help_generate_engagements}" placeholder:"N"`
	Until       string `help:"${help_generate_until}" placeholder:"AAAA-MM-JJ"`
	Contents    bool   `help:"${help_generate_contents}"`
	Format      string `help:"${help_generate_format}" enum:"ndjson,csv" default:"ndjson"`
	Out         string `help:"${help_generate_out}" default:"-" placeholder:"FICHIER"`
	Schema      bool   `help:"${help_generate_schema}"`
}

func (c *generateCommand) Run(w *world) error {
	if err := c.check(); err != nil {
		return usageError{said(w, *err)}
	}
	if c.Out == "-" {
		return c.write(w, w.Out)
	}
	out, err := os.CreateTemp(filepath.Dir(c.Out), filepath.Base(c.Out)+".part-*")
	if err != nil {
		return fmt.Errorf("write a directory: %w", err)
	}
	defer func() { _ = os.Remove(out.Name()) }() // gone when all went well
	if err := errors.Join(c.write(w, out), out.Close()); err != nil {
		return err
	}
	if err := os.Rename(out.Name(), c.Out); err != nil {
		return fmt.Errorf("put the directory in its place: %w", err)
	}
	return nil
}

// check gives what is wrong with the flags, nil when nothing is.
func (c *generateCommand) check() *fil.Bilingual {
	switch {
	case c.Agents < census.MinSize || c.Agents > census.MaxSize:
		return &fil.Bilingual{FR: fmt.Sprintf("--agents : entre %d et %d", census.MinSize, census.MaxSize), EN: fmt.Sprintf("--agents: between %d and %d", census.MinSize, census.MaxSize)}
	case c.Engagements < 0:
		return &fil.Bilingual{FR: "--engagements : un nombre positif", EN: "--engagements: a positive number"}
	case c.Until != "" && !isDay(c.Until):
		return &fil.Bilingual{FR: "--until : un jour comme 2026-01-31", EN: "--until: a day such as 2026-01-31"}
	case c.Contents && c.Engagements == 0:
		return &fil.Bilingual{FR: "--contents écrit ce que lisent --engagements : dites combien", EN: "--contents writes what --engagements read: say how many"}
	case c.Contents && c.Format != string(census.NDJSON):
		return &fil.Bilingual{FR: "--contents s'écrit en ndjson", EN: "--contents is written as ndjson"}
	default:
		return nil
	}
}

func (c *generateCommand) write(w *world, out io.Writer) error {
	if c.Schema {
		return census.WriteSchema(out)
	}
	directory, err := census.New(c.Agents, c.Seed)
	if err != nil {
		return err
	}
	format := census.Format(c.Format)
	switch {
	case c.Contents:
		return c.reading(directory).WriteContents(out)
	case c.Engagements > 0:
		told, done := c.progress(w, c.Engagements, "engagements")
		defer done()
		return c.reading(directory).Write(w.ctx, out, format, told)
	default:
		told, done := c.progress(w, c.Agents, "agents")
		defer done()
		return directory.Write(w.ctx, out, format, told)
	}
}

// reading makes the acts of the days before the one given, which check has looked at.
func (c *generateCommand) reading(directory *census.Directory) *census.Reading {
	if end, err := time.Parse(time.DateOnly, c.Until); err == nil {
		return directory.ReadingUntil(c.Engagements, end)
	}
	return directory.Reading(c.Engagements)
}

// progress draws a bar for people who look at a terminal.
func (c *generateCommand) progress(w *world, n int, what string) (told func(int), done func()) {
	if !isTerminal(w.Err) {
		return func(int) {}, func() {}
	}
	bar := progressbar.NewOptions(n, progressbar.OptionSetWriter(w.Err), progressbar.OptionSetDescription(what),
		progressbar.OptionSetWidth(30), progressbar.OptionShowCount(), progressbar.OptionThrottle(100e6), progressbar.OptionClearOnFinish())
	return func(more int) { _ = bar.Add(more) }, func() { _ = bar.Finish() } // a terminal that cannot be written to stops nothing
}

func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// generateTexts are those of the command and of its flags.
func generateTexts() map[string]fil.Bilingual {
	return map[string]fil.Bilingual{
		"help_directory":            {FR: "Travailler sur l'annuaire.", EN: "Work on the directory."},
		"help_generate":             {FR: "Écrire un annuaire public fictif mais vraisemblable, de toute taille, ou ce que lisent ses agents.", EN: "Write a made-up but plausible public directory, of any size, or what its agents read."},
		"help_generate_agents":      {FR: "Nombre d'agents, de 10 à 10 millions.", EN: "Number of agents, from 10 to 10 million."},
		"help_generate_seed":        {FR: "Graine : la même donne le même annuaire.", EN: "Seed: the same one gives the same directory."},
		"help_generate_engagements": {FR: "Écrire, au lieu des agents, tant d'actes de lecture des 90 jours avant le 1er janvier 2026, ou avant --until.", EN: "Write, instead of the agents, so many acts of reading of the 90 days before 1 January 2026, or before --until."},
		"help_generate_until":       {FR: "Jour avant lequel ces actes ont lieu ; celui d'aujourd'hui pour éprouver des règles de comportement.", EN: "Day before which those acts are; today's to try rules about behaviour."},
		"help_generate_contents":    {FR: "Écrire, au lieu de ces actes, les contenus qu'ils lisent.", EN: "Write, instead of those acts, the contents that they read."},
		"help_generate_format":      {FR: "Format : ndjson ou csv, que lit « fil import ».", EN: "Format: ndjson or csv, which 'fil import' reads."},
		"help_generate_out":         {FR: "Fichier à écrire ; « - » est la sortie.", EN: "File to write; '-' is the output."},
		"help_generate_schema":      {FR: "Écrire seulement les attributs de ces agents, à mettre dans fil.yaml.", EN: "Write only the attributes of those agents, to put in fil.yaml."},
	}
}
