package importer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/filengine/fil"
)

// Client is the door as a program that brings agents in sees it. It tries again while the server is away, starting or busy,
// for as long as its patience.
type Client struct{ server *server }

// NewClient reads Server, Key, Language, Client, Logger and Patience. Its error is a *UsageError.
func NewClient(o Options) (*Client, error) {
	if err := o.completeServer(); err != nil {
		return nil, err
	}
	return &Client{&server{base: o.Server, key: o.Key, language: o.Language, client: o.Client, patience: o.Patience, log: o.Logger}}, nil
}

// Schema asks which attributes agents may have.
func (c *Client) Schema(ctx context.Context) (fil.Schema, error) { return c.server.schema(ctx) }

// Sent is what became of what was sent together.
type Sent struct {
	Done    int            // records that changed something
	Refused map[int]string // by index: the field and the reason
}

// Put sends agents, one JSON record each.
func (c *Client) Put(ctx context.Context, records [][]byte) (Sent, error) {
	return c.send(ctx, "/v1/agents:batch", records)
}

// Remove sends the ids of agents to remove.
func (c *Client) Remove(ctx context.Context, ids []string) (Sent, error) {
	lines := make([][]byte, len(ids))
	for i, id := range ids {
		var err error
		if lines[i], err = json.Marshal(map[string]string{"id": id}); err != nil {
			return Sent{}, fmt.Errorf("encode id: %w", err)
		}
	}
	return c.send(ctx, "/v1/agents:remove", lines)
}

func (c *Client) send(ctx context.Context, path string, lines [][]byte) (Sent, error) {
	v, err := c.server.lines(ctx, path, lines)
	out := Sent{Done: v.admitted, Refused: map[int]string{}}
	for i, reasons := range v.refused {
		parts := make([]string, len(reasons))
		for n, r := range reasons {
			parts[n] = strings.TrimSpace(r.Field + " " + r.Detail)
		}
		out.Refused[i] = strings.Join(parts, " ; ")
	}
	return out, err
}

// Export calls visit with the JSON of each agent that the server knows, in any order. The bytes last until visit returns.
// An export that was cut is an error.
func (c *Client) Export(ctx context.Context, visit func(record []byte) error) error {
	body, err := c.server.open(ctx, "/v1/agents:export")
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	lines := bufio.NewReaderSize(body, 256<<10)
	for n := 0; ; n++ {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("read the directory of %s: cut after %d agents: %w", c.server.base, n, errUnaccounted)
		case err != nil:
			return fmt.Errorf("read the directory of %s, after %d agents: %w", c.server.base, n, err)
		}
		line = bytes.TrimSpace(line)
		if bytes.HasPrefix(line, []byte(`{"exported":`)) {
			var last struct{ Exported int }
			if err := json.Unmarshal(line, &last); err != nil || last.Exported != n {
				return fmt.Errorf("read the directory of %s: %d agents told, %d read: %w", c.server.base, last.Exported, n, errUnaccounted)
			}
			return nil
		}
		if err := visit(line); err != nil {
			return err
		}
	}
}

// open begins a request whose answer is read as it comes, for as long as it takes.
func (s *server) open(ctx context.Context, path string) (io.ReadCloser, error) {
	endless := *s.client
	endless.Timeout = 0
	return retry(ctx, s, http.MethodGet, path, func() (io.ReadCloser, error) {
		resp, err := s.request(ctx, &endless, http.MethodGet, path, "", nil)
		if err != nil {
			return nil, err
		}
		return resp.Body, nil
	})
}
