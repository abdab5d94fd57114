package fil

import (
	"errors"
	"fmt"
	"strings"
)

// Rejection is the verdict that no retry can help one record: the log parks it with the reason, for replay, and the
// records after it go on. Any other error of a stage means: try the batch again, later.
type Rejection struct {
	Record Record
	Reason error
}

// Reject gives the verdict on one record. A stage that works on a batch does what it can with the others, then
// returns its rejections joined by errors.Join.
func Reject(rec Record, reason error) error { return &Rejection{Record: rec, Reason: reason} }

func (r *Rejection) Error() string { return fmt.Sprintf("reject %s: %v", r.Record.Position, r.Reason) }

func (r *Rejection) Unwrap() error { return r.Reason }

// Rejections splits a stage's error into the verdicts it holds and the rest: a nil rest says that the batch, but for
// the records rejected, is done.
func Rejections(err error) (rejected []*Rejection, rest error) {
	if err == nil {
		return nil, nil
	}
	if verdict, ok := err.(*Rejection); ok { //nolint:errorlint // wrapped verdicts are found by the walk below
		return []*Rejection{verdict}, nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if inner := errors.Unwrap(err); inner != nil {
			if verdicts, innerRest := Rejections(inner); innerRest == nil {
				return verdicts, nil
			}
		}
		return nil, err
	}
	for _, one := range joined.Unwrap() {
		verdicts, other := Rejections(one)
		rejected, rest = append(rejected, verdicts...), errors.Join(rest, other)
	}
	return rejected, rest
}

// ErrForgotten is a stage's answer when the effects of a partition's records are gone from its store (a Redis emptied,
// a new machine). The log then gives it the partition again, from the first record kept.
var ErrForgotten = errors.New("effects of this partition are gone and must be made again")

// Forgotten is the ErrForgotten of a stage that still has the effects of what lies before an offset, as when a store went
// back a little (a replica that took over, a journal cut short). The log gives the partition again from that offset.
type Forgotten struct{ From int64 }

func (f *Forgotten) Error() string {
	return fmt.Sprintf("effects from offset %d on are gone and must be made again", f.From)
}

// Is makes it an ErrForgotten.
func (f *Forgotten) Is(target error) bool { return target == ErrForgotten }

// Bilingual is a text for people: French first, English second.
type Bilingual struct {
	FR string `json:"fr" yaml:"fr" koanf:"fr"`
	EN string `json:"en" yaml:"en" koanf:"en"`
}

// In gives the text in a language ("en", "en-GB"…); French for all but English.
func (b Bilingual) In(language string) string {
	if strings.HasPrefix(strings.ToLower(language), "en") && b.EN != "" {
		return b.EN
	}
	return b.FR
}

// Fault says what is wrong with one field and how to mend it. Field is a path such as "attributes.grade".
type Fault struct {
	Field   string
	Problem Bilingual
}

// NewFault makes one fault.
func NewFault(field, fr, en string) *Fault {
	return &Fault{Field: field, Problem: Bilingual{FR: fr, EN: en}}
}

func (f *Fault) Error() string { return f.Field + " : " + f.Problem.FR }

// Faults gathers every fault of a record, so that one answer names them all.
type Faults []*Fault

// Add notes one more fault.
func (f *Faults) Add(field, fr, en string) { *f = append(*f, NewFault(field, fr, en)) }

// Err is nil when there is no fault.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

func (f Faults) Error() string {
	texts := make([]string, len(f))
	for i, fault := range f {
		texts[i] = fault.Error()
	}
	return strings.Join(texts, " ; ")
}

// FaultsOf finds the faults in an error chain; nil when it holds none.
func FaultsOf(err error) Faults {
	var many Faults
	if errors.As(err, &many) {
		return many
	}
	var one *Fault
	if errors.As(err, &one) {
		return Faults{one}
	}
	return nil
}
