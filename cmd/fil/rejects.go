package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"
)

// rejectsFlags are those of both commands.
type rejectsFlags struct {
	serverFlags
	Topic  string `help:"${help_topic}" default:"fil.engagements" enum:"fil.agents,fil.audiences,fil.contents,fil.engagements,fil.policies"`
	Reason string `help:"${help_reason}"`
	Limit  int    `help:"${help_limit}" default:"100"`
}

func (f rejectsFlags) query() (url.Values, error) {
	if f.Limit < 1 || f.Limit > 10_000 {
		return nil, usageError{errors.New("--limit: between 1 and 10000")}
	}
	return url.Values{"topic": {f.Topic}, "reason": {f.Reason}, "limit": {strconv.Itoa(f.Limit)}}, nil
}

type listRejectsCommand struct{ rejectsFlags }

func (c *listRejectsCommand) Run(w *world) error {
	query, err := c.query()
	if err != nil {
		return err
	}
	list, decoded, err := get[struct {
		Rejects []struct {
			Topic         string
			Partition     int
			Offset        int64
			Source, ID    string
			Stage, Reason string
			At            time.Time
			Replayed      bool
		}
	}](w, c.serverFlags, http.MethodGet, "/v1/rejects", query, nil)
	if err != nil || !decoded {
		return err
	}
	tab := tabwriter.NewWriter(w.Out, 0, 4, 2, ' ', 0)
	for _, r := range list.Rejects {
		done := ""
		if r.Replayed {
			done = "rejoué"
		}
		_, _ = fmt.Fprintf(tab, "%s\t%s:%d:%d\t%s\t%s %s\t%s\t%s\n", r.At.Format(time.RFC3339), r.Topic, r.Partition, r.Offset, r.Stage, r.Source, r.ID, r.Reason, done)
	}
	return tab.Flush()
}

type replayRejectsCommand struct{ rejectsFlags }

func (c *replayRejectsCommand) Run(w *world) error {
	query, err := c.query()
	if err != nil {
		return err
	}
	answer, decoded, err := get[struct{ Replayed int }](w, c.serverFlags, http.MethodPost, "/v1/rejects:replay", query, nil)
	if err != nil || !decoded {
		return err
	}
	_, err = fmt.Fprintf(w.Out, "%d\n", answer.Replayed)
	return err
}
