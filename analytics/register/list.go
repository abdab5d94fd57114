package register

import (
	"cmp"
	"context"
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// list gives a caller's contents, the furthest deadline first.
func (r *Register) list(ctx context.Context, caller fil.Caller, state State) ([]entry, error) {
	now := r.Now()
	all, err := r.gone(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range r.Contents.Contents() {
		if !c.MandatoryUntil.IsZero() && !c.PublishedAt.After(now) {
			all = append(all, entry{c, stateOf(c, now)})
		}
	}
	all = slices.DeleteFunc(all, func(e entry) bool {
		_, err := mine(caller, e)
		return err != nil || state != "" && e.state != state
	})
	slices.SortFunc(all, order)
	return all, nil
}

// pageOf gives the contents after a cursor, which names the last one of the page before: one that has gone since is stood
// after all the same.
func pageOf(all []entry, after string, limit int) (page []entry, next string, err error) {
	if after != "" {
		text, err := textOf(after)
		if err != nil {
			return nil, "", err
		}
		millis, id, _ := strings.Cut(text, " ")
		deadline, err := strconv.ParseInt(millis, 10, 64)
		if err != nil {
			return nil, "", badCursor()
		}
		last := entry{Content: fil.Content{ID: id}}
		if deadline != 0 {
			last.MandatoryUntil = time.UnixMilli(deadline)
		}
		all = slices.DeleteFunc(all, func(e entry) bool { return order(e, last) <= 0 })
	}
	if len(all) > limit {
		all = all[:limit]
		last := all[limit-1]
		next = cursorOf(strconv.FormatInt(millisOf(last.MandatoryUntil), 10) + " " + last.ID)
	}
	return all, next, nil
}

// order is that of the list, at the precision of a cursor.
func order(a, b entry) int {
	return cmp.Or(cmp.Compare(millisOf(b.MandatoryUntil), millisOf(a.MandatoryUntil)), strings.Compare(a.ID, b.ID))
}

func millisOf(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

// tell counts a content and says what there is to say of it.
func (r *Register) tell(ctx context.Context, caller fil.Caller, e entry) (mandatory, error) {
	n, err := r.count(ctx, caller, e)
	if err != nil {
		return mandatory{}, err
	}
	now := r.Now()
	m := mandatory{
		ID: e.ID, Title: e.Title, Source: e.Source, Perimeter: e.Perimeter, State: e.state, PublishedAt: e.PublishedAt, RevisedAt: e.RevisedAt,
		Deadline: e.MandatoryUntil, Counts: n,
	}
	if e.aimed() {
		m.Revision = e.Digest()
		m.MayRemind = e.LiveAt(now) && !e.MandatoryUntil.IsZero() && *n.Missing > 0
	}
	if sent := r.Reminders.Of(e.ID).Sent; len(sent) > 0 {
		m.RemindedAt = sent[len(sent)-1].At
		if next := m.RemindedAt.Add(remindEvery); next.After(now) {
			m.RemindFrom, m.MayRemind = next, false
		}
	}
	return m, nil
}

// cursorOf hides what a cursor is made of; textOf finds it again.
func cursorOf(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func textOf(cursor string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", badCursor()
	}
	return string(raw), nil
}

func offsetOf(cursor string) (int64, error) {
	if cursor == "" {
		return math.MaxInt64, nil
	}
	text, err := textOf(cursor)
	if err != nil {
		return 0, err
	}
	offset, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, badCursor()
	}
	return offset, nil
}

func badCursor() error {
	return fil.NewFault("query.after", "n'est pas un « next » d'ici : reprenez sans lui, depuis le début", "is not a next from here: begin again without it")
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }
