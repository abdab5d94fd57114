package analytics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/filengine/fil"
)

// Directory stores what a batch of fil.agents says of agents, under their pseudonyms, for breakdowns. It answers as
// Record does. Records may come again or late: the greatest offset of an agent wins. An agent who left, or
// is inactive, keeps their facts, which then count under no value of any attribute.
func (r *Recorder) Directory(ctx context.Context, partition int, batch []fil.Record) error {
	l := r.lane(lane{fil.TopicAgents, partition})
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := r.enter(ctx, l, firstOffset(batch)); err != nil || len(batch) == 0 {
		return r.leave(l, err)
	}
	entries, rejections := make([]Entry, 0, len(batch)), []error(nil)
	for _, rec := range batch {
		entry, err := r.entryOf(rec)
		if err != nil {
			rejections = append(rejections, err)
			continue
		}
		entries = append(entries, entry)
	}
	if len(entries) > 0 {
		if err := r.store.Enrol(ctx, entries); err != nil {
			return r.leave(l, fmt.Errorf("store %d entries of %s: %w", len(entries), l.lane, err))
		}
	}
	r.done(l, batch)
	return errors.Join(rejections...)
}

// entryOf reads a record of fil.agents. An error is a rejection.
func (r *Recorder) entryOf(rec fil.Record) (Entry, error) {
	if rec.Key == "" {
		return Entry{}, fil.Reject(rec, errors.New("the record has no key, which is the agent's id"))
	}
	entry := Entry{Agent: Pseudonym(r.cfg.PseudonymKey, rec.Key), Offset: rec.Offset}
	if rec.Event.Data == nil {
		entry.Removed = true
		return entry, nil
	}
	agent, err := fil.Decode[fil.Agent](rec)
	if err != nil {
		return Entry{}, err
	}
	if agent.ID != rec.Key {
		return Entry{}, fil.Reject(rec, errors.New("the agent's id is not the record's key"))
	}
	if agent.Inactive {
		entry.Removed = true
		return entry, nil
	}
	entry.Org, entry.Site = agent.Org, agent.Site
	for name, value := range agent.Attributes {
		if slices.Contains(r.cfg.Unstored, name) {
			continue
		}
		texts, err := textsOf(value)
		if err != nil {
			return Entry{}, fil.Reject(rec, fmt.Errorf("attribute %s: %w", name, err))
		}
		if len(texts) == 0 {
			continue
		}
		if entry.Attributes == nil {
			entry.Attributes = make(map[string][]string, len(agent.Attributes))
		}
		entry.Attributes[name] = texts
	}
	return entry, nil
}

// textsOf writes the value of an attribute as the texts that reports group by, each once. Empty texts say nothing.
func textsOf(value any) ([]string, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		if v == "" {
			return nil, nil
		}
		return []string{v}, nil
	case bool:
		return []string{strconv.FormatBool(v)}, nil
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}, nil
	case []any:
		var texts []string
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("a list holds a %s, not only texts", jsonKind(item))
			}
			if text != "" {
				texts = append(texts, text)
			}
		}
		slices.Sort(texts)
		return slices.Compact(texts), nil
	default:
		return nil, fmt.Errorf("is a %s", jsonKind(value))
	}
}

func jsonKind(value any) string {
	text, err := json.Marshal(value)
	if err != nil || len(text) == 0 {
		return "value"
	}
	switch text[0] {
	case '{':
		return "JSON object"
	case '[':
		return "list"
	case '"':
		return "text"
	}
	return string(text)
}
