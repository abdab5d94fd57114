package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/roles"
)

// replay has an explanation kept in a file computed again. It fails when it is not the same.
func (c *feedCommand) replay(w *world) error {
	raw, err := os.ReadFile(c.Replay)
	if err != nil {
		return err
	}
	var kept struct {
		Agent string
		fil.Placement
	}
	if err := json.Unmarshal(raw, &kept); err != nil || kept.Explanation.Basis.Stamp == "" || kept.Content == "" {
		return usageError{errors.Join(fmt.Errorf("--replay %s: not an explanation as fil feed --why CONTENT --json gives it", c.Replay), err)}
	}
	if kept.Agent != "" && kept.Agent != string(c.Agent) {
		return usageError{fmt.Errorf("--replay %s: it is of another agent", c.Replay)}
	}
	path := "/v1/feed/items/" + url.PathEscape(kept.Content) + "/explanation/replay"
	answer, err := c.open(w.ctx, w, http.MethodPost, path, url.Values{"agent": {string(c.Agent)}}, kept.Explanation.Basis)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Close() }()
	var now roles.ReplayProgress
	lines := bufio.NewScanner(answer)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		now = roles.ReplayProgress{}
		if err := json.Unmarshal(lines.Bytes(), &now); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
	}
	if now.Same && !sameNumbers(kept.Placement, *now.Placement) { // of the same things: another version of the program counts otherwise
		now.Same, now.Differs = false, []string{"program"}
	}
	switch {
	case now.Error != "":
		return fmt.Errorf("replay: %s", now.Error)
	case !now.Done:
		return errors.Join(fmt.Errorf("replay: the server went away before the end (%d of %d engagements read); run it again", now.Read, now.Of), lines.Err())
	case c.JSON:
		err = json.NewEncoder(w.Out).Encode(now)
	default:
		err = w.print(sayReplayed(now, language(w.Environ)))
	}
	if err == nil && !now.Same {
		err = fmt.Errorf("replay: not as it was: %s", strings.Join(now.Differs, ", "))
	}
	return err
}

// sameNumbers compares two explanations, whatever language they are in.
func sameNumbers(a, b fil.Placement) bool {
	x, y := a.Explanation, b.Explanation
	return a.Score == b.Score && x.Position == y.Position && x.Rule == y.Rule && slices.EqualFunc(x.Parameters, y.Parameters, func(p, q fil.Parameter) bool {
		return p.Name == q.Name && p.Value == q.Value && p.Weight == q.Weight && p.Contribution == q.Contribution
	})
}

func sayReplayed(p roles.ReplayProgress, language string) string {
	var b strings.Builder
	if p.Placement != nil {
		fmt.Fprintf(&b, "%3d. %s · %.2f\n", p.Placement.Explanation.Position, p.Placement.Content, p.Placement.Score)
		for _, reason := range p.Placement.Reasons {
			fmt.Fprintf(&b, "     – %s\n", reason)
		}
		writeExplanation(&b, p.Placement.Explanation)
	}
	if p.Same {
		said := fil.Bilingual{FR: "La même : contenus, popularité, profil, annuaire et politique sont ceux d'alors (%d engagements relus en %.1f s).",
			EN: "The same: contents, popularity, profile, directory and policy are those of then (%d engagements read in %.1f s)."}
		fmt.Fprintf(&b, said.In(language)+"\n", p.Read, p.Seconds)
	}
	return b.String()
}
