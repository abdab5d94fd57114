package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/filengine/fil/ranking/hand"
)

type profileCommand struct {
	serverFlags
	Agent identifier `arg:"" help:"${help_agent}"`
	Erase bool       `help:"${help_profile_erase}"`
}

func (c *profileCommand) Run(w *world) error {
	const path = "/v1/me/profile"
	query := url.Values{"agent": {string(c.Agent)}}
	if c.Erase {
		type written struct {
			Applied bool
			Erasure string
		}
		done, decoded, err := get[written](w, c.serverFlags, http.MethodDelete, path, query, nil)
		if err != nil || !decoded {
			return err
		}
		said := "Effacé. / Erased."
		if !done.Applied {
			said = "Dans le journal ; effacé dans un instant. / In the log; erased in a moment."
		}
		_, err = fmt.Fprintf(w.Out, "%s\n%s\n", said, done.Erasure)
		return err
	}
	known, decoded, err := get[hand.Known](w, c.serverFlags, http.MethodGet, path, query, nil)
	if err != nil || !decoded {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", known.Agent, known.Order.Means)
	for _, p := range known.Preferences {
		fmt.Fprintf(&b, "  %s  %s\n", p.Since.Format("2006-01-02"), p.Means)
	}
	for _, h := range known.Hidden {
		fmt.Fprintf(&b, "  – %s : %s\n", h.Title, h.Means)
	}
	for _, taste := range known.Tastes {
		fmt.Fprintf(&b, "  %+.3f  %s · %s\n", taste.Value, taste.Facet, taste.Name)
	}
	for _, f := range known.Facts {
		fmt.Fprintf(&b, "  %s  %s : %s\n", f.Last.Format("2006-01-02"), f.Title, f.Did)
	}
	fmt.Fprintf(&b, "%s\n", known.Kept)
	for _, source := range known.Sources {
		fmt.Fprintf(&b, "· %s\n", source)
	}
	fmt.Fprintf(&b, "%s\n", known.Erasure)
	return w.print(b.String()) // with titles that someone else wrote
}
