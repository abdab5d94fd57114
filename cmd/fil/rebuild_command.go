package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/schollz/progressbar/v3"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/roles"
)

type rebuildCommand struct {
	serverFlags
	What   string `arg:"" help:"${help_rebuild_what}" enum:"profiles,feeds,facts,register"`
	From   int64  `help:"${help_rebuild_from}" default:"0" placeholder:"OFFSET"`
	Memory int64  `help:"${help_rebuild_memory}" default:"2048" placeholder:"MIO"`
}

// Run asks a server and follows what it says. Ended by an interrupt, it closes the connection, which stops the server's work.
func (c *rebuildCommand) Run(w *world) error {
	switch {
	case c.From < 0:
		return usageError{errors.New("--from: an offset is 0 or more")}
	case c.Memory < 16 || c.Memory > 1<<20:
		return usageError{errors.New("--memory: between 16 and 1048576 MiB")}
	}
	query := url.Values{"from": {strconv.FormatInt(c.From, 10)}, "memory": {strconv.FormatInt(c.Memory, 10)}}
	answer, err := c.open(w.ctx, w, http.MethodPost, "/v1/rebuild/"+c.What, query, nil)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Close() }()
	var bar *progressbar.ProgressBar
	if isTerminal(w.Err) && !c.JSON {
		bar = progressbar.NewOptions64(1, progressbar.OptionSetWriter(w.Err), progressbar.OptionSetDescription(c.What),
			progressbar.OptionSetWidth(30), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		defer func() { _ = bar.Finish() }()
	}
	var now roles.RebuildProgress
	lines := bufio.NewScanner(answer)
	for lines.Scan() {
		if c.JSON {
			if _, err := fmt.Fprintf(w.Out, "%s\n", lines.Bytes()); err != nil {
				return err
			}
		}
		now = roles.RebuildProgress{}
		if err := json.Unmarshal(lines.Bytes(), &now); err != nil {
			return fmt.Errorf("read the progress: %w", err)
		}
		if bar != nil && now.Of > 0 {
			bar.ChangeMax64(max(now.Of, 1))
			_ = bar.Set64(min(now.Read, now.Of)) // a terminal that cannot be written to stops nothing
		}
	}
	if bar != nil {
		_ = bar.Finish()
	}
	switch {
	case now.Error != "":
		return fmt.Errorf("rebuild %s: %s", c.What, now.Error)
	case !now.Done:
		return errors.Join(fmt.Errorf("rebuild %s: the server went away before the end (%d of %d records read); nothing is half done, run it again", c.What, now.Read, now.Of), lines.Err())
	case c.JSON:
		return nil
	}
	_, err = fmt.Fprintln(w.Out, c.summary(now, language(w.Environ)))
	return err
}

func (c *rebuildCommand) summary(p roles.RebuildProgress, language string) string {
	switch c.What {
	case "profiles":
		said := fil.Bilingual{FR: "%d enregistrements relus ; %d profils comparés, dont %d refaits ; popularité refaite dans %d partitions ; %.1f s",
			EN: "%d records read; %d profiles compared, of which %d made again; popularity made again in %d partitions; %.1f s"}
		return fmt.Sprintf(said.In(language), p.Read, p.Checked, p.Changed, p.Popularity, p.Seconds)
	case "feeds":
		said := fil.Bilingual{FR: "%d enregistrements relus ; %d fils classés, dont %d égaux à ce qui était rangé, %d refaits, %d qui manquaient ; %.1f s",
			EN: "%d records read; %d feeds ranked, of which %d equal to what was stored, %d made again, %d that were missing; %.1f s"}
		return fmt.Sprintf(said.In(language), p.Read, p.Checked, p.Checked-p.Changed-p.Added, p.Changed, p.Added, p.Seconds)
	case "register":
		said := fil.Bilingual{FR: "%d enregistrements relus ; %d prises de connaissance comparées, dont %d ajoutées ; %.1f s",
			EN: "%d records read; %d acknowledgements compared, of which %d added; %.1f s"}
		return fmt.Sprintf(said.In(language), p.Read, p.Checked, p.Added, p.Seconds)
	default:
		said := fil.Bilingual{FR: "%d enregistrements relus ; %d faits comparés, dont %d ajoutés ; %d retirés ; %.1f s",
			EN: "%d records read; %d facts compared, of which %d added; %d removed; %.1f s"}
		return fmt.Sprintf(said.In(language), p.Read, p.Checked, p.Added, p.Removed, p.Seconds)
	}
}
