package register

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// export gives all of them as CSV: counted, written down, then told as they are found.
func (r *Register) export(ctx context.Context, caller fil.Caller, e entry, s sought, language string) (*huma.StreamResponse, error) {
	lines := 0
	err := r.walk(ctx, caller, e, s, func(found) (bool, error) {
		lines++
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	if err := r.audit(ctx, caller, e, Access{Act: AccessExport, State: s.state, Org: s.org, Query: s.part, Lines: lines}); err != nil {
		return nil, err
	}
	sent := r.Reminders.Of(e.ID)
	header, cells := csvHeader, func(n named) []string { return csvRow(s.state, n) }
	if language != "" {
		header, cells = readableHeader(s.state, language), func(n named) []string { return r.readableRow(s.state, language, n) }
	}
	return r.respond(ctx, mediaCSV+"; charset=utf-8; header=present", func(out huma.Context) error {
		out.SetHeader("Content-Disposition", `attachment; filename="register-`+s.state+`.csv"`)
		w, err := analytics.NewCSV(out.BodyWriter(), language)
		if err != nil {
			return err //nolint:wrapcheck // it says the same
		}
		if err := w.Write(header); err != nil {
			return fmt.Errorf("write CSV header: %w", err)
		}
		err = r.walk(ctx, caller, e, s, func(one found) (bool, error) {
			fields := cells(nameOf(one, sent))
			for i := range fields {
				fields[i] = analytics.Harmless(fields[i])
			}
			return true, w.Write(fields) //nolint:wrapcheck // wrapped below
		})
		w.Flush()
		return errors.Join(err, w.Error())
	}), nil
}

// csvHeader and csvRow are for a program: they do not change.
var csvHeader = []string{"agent", "org", "site", "state", "acknowledged_at", "revision", "by", "witness", "witness_label", "reminded_at"}

func csvRow(state string, n named) []string {
	stamp := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.UTC().Format(time.RFC3339)
	}
	return []string{n.Agent, n.Org, n.Site, state, stamp(n.AcknowledgedAt), n.Revision, n.By, n.Witness, n.WitnessLabel, stamp(n.RemindedAt)}
}

// readableHeader and readableRow are for people, who see what the page of the state shows them, and the text's digest.
func readableHeader(state, language string) []string {
	titles := []fil.Bilingual{{FR: "Agent", EN: "Agent"}, {FR: "Dans l'annuaire", EN: "In the directory"}, {FR: "Organisation", EN: "Organisation"}, {FR: "Site", EN: "Site"}}
	if state == stateMissing {
		titles = append(titles, fil.Bilingual{FR: "Dernier rappel", EN: "Last reminder"})
	} else {
		titles = append(titles, fil.Bilingual{FR: "Pris connaissance le", EN: "Acknowledged on"}, fil.Bilingual{FR: "Comment", EN: "How"},
			fil.Bilingual{FR: "Empreinte du texte (SHA-256)", EN: "Digest of the text (SHA-256)"})
	}
	header := make([]string, len(titles))
	for i, title := range titles {
		header[i] = title.In(language)
	}
	return header
}

func (r *Register) readableRow(state, language string, n named) []string {
	say := func(fr, en string) string { return fil.Bilingual{FR: fr, EN: en}.In(language) }
	at := func(moment time.Time) string {
		if moment.IsZero() {
			return ""
		}
		return moment.In(r.Zone).Format("2006-01-02 15:04") // a date in spreadsheets of any language
	}
	known := say("oui", "yes")
	if !n.Known {
		known = say("non", "no")
	}
	row := []string{n.Agent, known, n.Org, n.Site}
	if state == stateMissing {
		return append(row, at(n.RemindedAt))
	}
	how := say("par l'agent", "by the agent")
	if n.Witness != "" {
		how = say("attesté par ", "attested by ") + cmp.Or(n.WitnessLabel, n.Witness)
	}
	return append(row, at(n.AcknowledgedAt), how, n.Revision)
}
