package fil

import (
	"strings"
	"time"
)

// Reminders are those sent about one mandatory content, the last one last: MaxReminders at most.
type Reminders struct {
	Content string     `json:"content"`
	Sent    []Reminder `json:"sent"`
}

// MaxReminders is how many reminders of one content are kept.
const MaxReminders = 64

// Reminder asks again those who have not acknowledged a content.
type Reminder struct {
	At    time.Time `json:"at"`
	Org   string    `json:"org,omitempty"` // those of the organisation and of what is under it; empty: all
	By    string    `json:"by"`            // name of the key
	Label string    `json:"label,omitempty"`
}

// Reaches says whether the reminder is for the agents of an organisation.
func (r Reminder) Reaches(org string) bool { return Under(org, r.Org) }

// Under says whether an organisation is another one or lies under it; all do under the empty one.
func Under(org, top string) bool {
	return top == "" || strings.HasPrefix(org, top) && (len(org) == len(top) || org[len(top)] == '/')
}

// For gives when the agents of an organisation were last reminded, the zero time when they never were.
func (r Reminders) For(org string) time.Time {
	for i := len(r.Sent) - 1; i >= 0; i-- {
		if r.Sent[i].Reaches(org) {
			return r.Sent[i].At
		}
	}
	return time.Time{}
}

// RemindersOf reads the reminders of a content from a record of the log. An error is a rejection.
func RemindersOf(rec Record) (Reminders, error) {
	r, err := Decode[Reminders](rec)
	if err != nil {
		return r, err
	}
	var faults Faults
	validID(&faults, "data.content", r.Content)
	if r.Content != rec.Key {
		faults.Add("data.content", "n'est pas la clé de l'enregistrement", "is not the record's key")
	}
	if n := len(r.Sent); n == 0 || n > MaxReminders {
		faults.Add("data.sent", "doit compter de 1 à 64 rappels", "must have from 1 to 64 reminders")
	}
	for i, one := range r.Sent {
		if one.At.Year() < 1970 || one.At.Year() > 2105 || i > 0 && one.At.Before(r.Sent[i-1].At) {
			faults.Add("data.sent", "doit être dans l'ordre du temps, entre 1970 et 2105", "must be in the order of time, between 1970 and 2105")
			break
		}
	}
	if err := faults.Err(); err != nil {
		return r, Reject(rec, err)
	}
	return r, nil
}
