package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// serverFlags are those of every command that talks to a server.
type serverFlags struct {
	Server string `help:"${help_server}" env:"FIL_SERVER" default:"http://127.0.0.1:8080" placeholder:"URL"`
	Key    string `help:"${help_key}" env:"FIL_KEY" placeholder:"CLÉ"`
	JSON   bool   `help:"${help_json}" name:"json"`
}

// maxAnswer bounds the answers that the commands read, in bytes.
const maxAnswer = 64 << 20

// call makes one request and gives the answer's body. An answer over 299 is an error that says what the server said.
func (f serverFlags) call(w *world, method, path string, query url.Values, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(w.ctx, time.Minute)
	defer cancel()
	answer, err := f.open(ctx, w, method, path, query, body)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", f.Server, err)
	}
	return raw, nil
}

// open makes one request, as call does, and gives the answer's body for the caller to read and close.
func (f serverFlags) open(ctx context.Context, w *world, method, path string, query url.Values, body any) (io.ReadCloser, error) {
	if at, err := url.Parse(f.Server); err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, usageError{fmt.Errorf("--server %q: not an address such as http://127.0.0.1:8080", f.Server)}
	}
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		reader = bytes.NewReader(raw)
	}
	address := strings.TrimSuffix(f.Server, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return nil, usageError{fmt.Errorf("--server %s: %w", f.Server, err)}
	}
	req.Header.Set("Authorization", "Bearer "+f.Key)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Language", language(w.Environ))
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		var refused *net.OpError
		if errors.As(err, &refused) {
			return nil, errors.New(fil.Bilingual{
				FR: "personne ne répond à " + f.Server + " : démarrez un serveur avec « fil up », ou nommez le vôtre par --server",
				EN: "nobody answers at " + f.Server + ": start one with 'fil up', or name yours with --server",
			}.In(language(w.Environ)))
		}
		return nil, fmt.Errorf("ask %s: %w", f.Server, err)
	}
	if resp.StatusCode < http.StatusMultipleChoices {
		return resp.Body, nil
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", f.Server, err)
	}
	return nil, problemOf(resp.StatusCode, raw)
}

// get calls and decodes a JSON answer, or copies it to out as it is with --json and gives decoded false.
func get[T any](w *world, f serverFlags, method, path string, query url.Values, body any) (answer T, decoded bool, err error) {
	raw, err := f.call(w, method, path, query, body)
	if err != nil {
		return answer, false, err
	}
	if f.JSON {
		_, err = fmt.Fprintf(w.Out, "%s\n", bytes.TrimSpace(raw))
		return answer, false, err
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return answer, false, fmt.Errorf("decode the answer of %s: %w", path, err)
	}
	return answer, true, nil
}

// problemOf says in one line what an RFC 9457 answer says.
func problemOf(status int, raw []byte) error {
	var problem struct {
		Title, Detail string
		Errors        []struct{ Message, Location string }
	}
	if json.Unmarshal(raw, &problem) != nil || problem.Title+problem.Detail == "" {
		return fmt.Errorf("the server answered %d", status)
	}
	parts := []string{}
	for _, e := range problem.Errors {
		parts = append(parts, strings.TrimSpace(e.Location+" "+e.Message))
	}
	text := problem.Detail
	if text == "" {
		text = problem.Title
	}
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, " ; ") + ")"
	}
	return fmt.Errorf("%s [%d]", text, status)
}
