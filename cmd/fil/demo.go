package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/demo"
)

// demoState is kept in the data folder: the moment that the demonstration's dates count from, so that loading it again
// after an interruption sends the same records, which then have no effect.
type demoState struct {
	Anchor time.Time `json:"anchor"`
	Loaded bool      `json:"loaded"`
}

// loadDemo sends the demonstration through the door, once per data folder.
func loadDemo(ctx context.Context, w *world, cfg config.Config, signer *access.Signer) error {
	path := filepath.Join(cfg.Data, "demo.json")
	state, err := readDemoState(path)
	if err != nil || state.Loaded {
		return err
	}
	sender, err := newDemoSender(ctx, cfg.Listen, signer)
	if err != nil {
		return err
	}
	step := func(text string) { _, _ = fmt.Fprintln(w.Out, "Démonstration :", text) }
	step("l'annuaire, les audiences et les contenus…")
	if err := sender.batches("/v1/agents:batch", fil.RoleIngest, records(slices.Values(demo.Agents()))); err != nil {
		return err
	}
	for _, audience := range demo.Audiences() {
		if err := sender.put("/v1/audiences/"+url.PathEscape(audience.ID), fil.RoleCommunicator, audience); err != nil {
			return err
		}
	}
	if err := sender.batches("/v1/contents:batch", fil.RoleCommunicator, records(slices.Values(demo.Contents(state.Anchor)))); err != nil {
		return err
	}
	step("un mois de lectures…")
	if err := sender.batches("/v1/engagements", fil.RoleIngest, records(demo.Engagements(state.Anchor))); err != nil {
		return err
	}
	state.Loaded = true
	return writeDemoState(path, state)
}

func readDemoState(path string) (demoState, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		state := demoState{Anchor: time.Now().UTC().Truncate(time.Hour)}
		return state, writeDemoState(path, state)
	}
	if err != nil {
		return demoState{}, fmt.Errorf("read demonstration state: %w", err)
	}
	var state demoState
	if err := json.Unmarshal(raw, &state); err != nil {
		return demoState{}, fmt.Errorf("decode demonstration state %s: %w", path, err)
	}
	return state, nil
}

func writeDemoState(path string, state demoState) error {
	raw, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode demonstration state: %w", err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return fmt.Errorf("write demonstration state: %w", err)
	}
	return nil
}

func records[T any](of iter.Seq[T]) iter.Seq[any] {
	return func(yield func(any) bool) {
		for one := range of {
			if !yield(one) {
				return
			}
		}
	}
}

// demoSender speaks to the server's own door, over HTTP, as any sender does.
type demoSender struct {
	ctx    context.Context //nolint:containedctx // lives as long as one load
	base   string
	tokens map[fil.Role]string
}

func newDemoSender(ctx context.Context, address string, signer *access.Signer) (*demoSender, error) {
	d := &demoSender{ctx: ctx, base: "http://" + address, tokens: map[fil.Role]string{}}
	for _, role := range []fil.Role{fil.RoleIngest, fil.RoleCommunicator} {
		token, err := signer.Token(fil.Caller{Role: role}, time.Hour)
		if err != nil {
			return nil, err
		}
		d.tokens[role] = token
	}
	return d, nil
}

// demoBatch is how many records one request carries.
const demoBatch = 2000

// batches sends records as NDJSON. A record refused is an error: the demonstration must pass its own door.
func (d *demoSender) batches(path string, role fil.Role, of iter.Seq[any]) error {
	var body bytes.Buffer
	encoder, n := json.NewEncoder(&body), 0
	flush := func() error {
		if n == 0 {
			return nil
		}
		answer, err := d.send(http.MethodPost, path, role, "application/x-ndjson", &body)
		if err != nil {
			return err
		}
		lines := bytes.Split(bytes.TrimSpace(answer), []byte("\n"))
		var summary struct{ Refused int }
		if err := json.Unmarshal(lines[len(lines)-1], &summary); err != nil || summary.Refused > 0 {
			return fmt.Errorf("load demonstration by %s: %d refused, first: %s", path, summary.Refused, lines[0])
		}
		body.Reset()
		n = 0
		return nil
	}
	for record := range of {
		if err := encoder.Encode(record); err != nil {
			return fmt.Errorf("encode demonstration: %w", err)
		}
		if n++; n == demoBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (d *demoSender) put(path string, role fil.Role, record any) error {
	raw, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode demonstration: %w", err)
	}
	_, err = d.send(http.MethodPut, path, role, "application/json", bytes.NewReader(raw))
	return err
}

func (d *demoSender) send(method, path string, role fil.Role, contentType string, body io.Reader) ([]byte, error) {
	req, err := http.NewRequestWithContext(d.ctx, method, d.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("load demonstration by %s: %w", path, err)
	}
	req.Header.Set("Authorization", "Bearer "+d.tokens[role])
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("load demonstration by %s: %w", path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("load demonstration by %s: %w", path, err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return nil, fmt.Errorf("load demonstration by %s: %w", path, problemOf(resp.StatusCode, raw))
	}
	return raw, nil
}
