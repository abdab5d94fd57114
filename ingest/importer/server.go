package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/filengine/fil"
)

// server is the door as a client sees it.
type server struct {
	base, key, language string
	client              *http.Client
	patience            time.Duration
	log                 *slog.Logger
}

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 64 << 20

// refusedCall is an answer that trying again will not change.
type refusedCall struct {
	status int
	body   []byte
}

func (r *refusedCall) Error() string {
	var p struct{ Title, Detail string }
	if json.Unmarshal(r.body, &p) != nil || p.Detail == "" {
		return "the server answered " + strconv.Itoa(r.status) + " " + http.StatusText(r.status)
	}
	return p.Detail
}

// call makes a request, again and again while the server is away, starting, or busy, for as long as its patience. An
// answer that is no success is a *refusedCall.
func (s *server) call(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	return retry(ctx, s, method, path, func() ([]byte, error) {
		resp, err := s.request(ctx, s.client, method, path, contentType, body)
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		if err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		return raw, nil
	})
}

func retry[T any](ctx context.Context, s *server, method, path string, once func() (T, error)) (T, error) {
	pace := backoff.NewExponentialBackOff()
	pace.InitialInterval, pace.MaxInterval = min(s.patience/20, 200*time.Millisecond), 5*time.Second
	answer, err := backoff.Retry(ctx, once,
		backoff.WithBackOff(pace), backoff.WithMaxElapsedTime(s.patience),
		backoff.WithNotify(func(err error, wait time.Duration) {
			s.log.WarnContext(ctx, "the server is away or busy; trying again", "server", s.base, "wait", wait, "error", err)
		}))
	if err != nil {
		return answer, fmt.Errorf("%s %s%s: %w", method, strings.TrimSuffix(s.base, "/"), path, err)
	}
	return answer, nil
}

// request makes one request. Its answer is a success; anything else is an error, permanent if trying again is no use.
func (s *server) request(ctx context.Context, client *http.Client, method, path, contentType string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(s.base, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, backoff.Permanent(err) //nolint:wrapcheck // wrapped by retry
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Accept-Language", s.language)
	req.Header.Set("Content-Type", contentType)
	resp, err := client.Do(req)
	if err != nil {
		return nil, err //nolint:wrapcheck // wrapped by retry
	}
	if resp.StatusCode < http.StatusMultipleChoices {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	refused := &refusedCall{resp.StatusCode, raw}
	if slices.Contains([]int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, resp.StatusCode) {
		if wait, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && wait >= 0 {
			return nil, errors.Join(refused, backoff.RetryAfter(wait))
		}
		return nil, refused
	}
	return nil, backoff.Permanent(refused) //nolint:wrapcheck // wrapped by retry
}

// schema asks which attributes agents may have.
func (s *server) schema(ctx context.Context) (fil.Schema, error) {
	raw, err := s.call(ctx, http.MethodGet, "/v1/schema", "", nil)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Attributes fil.Schema `json:"attributes"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, fmt.Errorf("read the attributes that %s declares: %w", s.base, err)
	}
	return answer.Attributes, nil
}

// verdict is what the door said of what was sent together.
type verdict struct {
	admitted, duplicates int
	refused              map[int][]reason // by index of what was sent
}

// events sends engagements together: all that are well are in the log, or none.
func (s *server) events(ctx context.Context, events []fil.Event) (verdict, error) {
	v := verdict{refused: map[int][]reason{}}
	body, err := json.Marshal(events)
	if err != nil {
		return v, fmt.Errorf("encode %d events: %w", len(events), err)
	}
	raw, err := s.call(ctx, http.MethodPost, "/v1/engagements", "application/cloudevents-batch+json", body)
	var refused *refusedCall
	if errors.As(err, &refused) && refused.status < http.StatusInternalServerError {
		raw = refused.body // a problem that tells of each event, if all were refused
	} else if err != nil {
		return v, err
	}
	var answer struct {
		Admitted, Duplicates, Refused int
		Errors                        []struct {
			Index             *int
			Field, Detail     string
			Location, Message string
		}
	}
	switch wrong := json.Unmarshal(raw, &answer); {
	case refused != nil && (wrong != nil || answer.Refused == 0):
		return v, err
	case wrong != nil:
		return v, fmt.Errorf("read the answer about engagements: %w", wrong)
	}
	v.admitted, v.duplicates = answer.Admitted, answer.Duplicates
	for _, e := range answer.Errors {
		index, r := -1, reason{e.Field, e.Detail}
		if e.Index != nil {
			index = *e.Index
		} else if number, field, ok := strings.Cut(strings.TrimPrefix(e.Location, "["), "]"); ok {
			if n, err := strconv.Atoi(number); err == nil {
				index, r = n, reason{strings.TrimPrefix(field, "."), e.Message}
			}
		}
		v.refused[index] = append(v.refused[index], r)
	}
	if len(v.refused) != answer.Refused || v.admitted+v.duplicates+len(v.refused) != len(events) {
		return v, fmt.Errorf("%d events sent: %w", len(events), errUnaccounted)
	}
	return v, nil
}

// errUnaccounted is an answer that does not tell what became of each thing sent.
var errUnaccounted = errors.New("the answer does not account for what was sent")

// lines sends JSON lines to an operation on many records, and goes on after the line where the log went away.
func (s *server) lines(ctx context.Context, path string, records [][]byte) (verdict, error) {
	v := verdict{refused: map[int][]reason{}}
	for done := 0; done < len(records); {
		body := append(bytes.Join(records[done:], []byte("\n")), '\n')
		raw, err := s.call(ctx, http.MethodPost, path, "application/x-ndjson", body)
		if err != nil {
			return v, err
		}
		next, err := v.read(raw, done, len(records))
		if err != nil {
			return v, err
		}
		if next == done {
			return v, fmt.Errorf("send to %s: %w", path, errUnaccounted)
		}
		done = next
	}
	return v, nil
}

// read adds a batch's answer to the verdict, and gives the index of the first record that is not done.
func (v *verdict) read(raw []byte, done, all int) (next int, err error) {
	for _, line := range bytes.Split(bytes.TrimSpace(raw), []byte("\n")) {
		var said struct {
			Line  int
			Error *struct {
				reason
				Others []reason
			}
			Admitted   *int
			Duplicates int
			Stopped    *struct{ Line int }
		}
		if err := json.Unmarshal(line, &said); err != nil {
			return done, fmt.Errorf("read an answer line: %w", err)
		}
		switch {
		case said.Error != nil:
			v.refused[done+said.Line-1] = append([]reason{said.Error.reason}, said.Error.Others...)
		case said.Admitted != nil:
			v.admitted += *said.Admitted
			v.duplicates += said.Duplicates
			if next = all; said.Stopped != nil {
				next = done + said.Stopped.Line - 1
			}
			return next, nil
		}
	}
	return done, errUnaccounted
}
