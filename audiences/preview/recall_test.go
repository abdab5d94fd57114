package preview_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences/asked"
	"github.com/filengine/fil/audiences/preview"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

// leaving is a caller who leaves while the questions asked before are looked for.
type leaving struct {
	preview.Questions
	leave func()
}

func (l leaving) Ask(ctx context.Context, caller string, question []byte, known int) ([][]byte, int, bool, error) {
	defer l.leave()
	return l.Questions.Ask(ctx, caller, question, known)
}

// A process that has just started answers again what a caller asked before for as long as somebody waits for it, and the
// next one who waits has the rest.
func TestRecallEndsWhenTheCallerLeaves(t *testing.T) {
	o := open(t)
	questions := asked.New(enginetest.Redis(t))
	o.Previews = preview.New(o.Index, guard, questions, time.Now)
	o.staff(40, graded("A", "mairie", "sig"))
	o.staff(40, graded("B", "mairie", "sig"))
	o.staff(4, graded("A", "ccas", "sig"))
	who := fil.Caller{Name: "somebody"}
	o.ask(who, preview.Question{Rule: `grade == "A"`})
	o.ask(who, preview.Question{Rule: `grade == "A" and inOrg("mairie")`})
	want := o.ask(who, preview.Question{Rule: `inOrg("mairie")`})

	ctx, leave := context.WithCancel(t.Context())
	later := preview.New(o.Index, guard, leaving{questions, leave}, time.Now)
	if answer, err := later.Ask(ctx, who, preview.Question{Rule: `grade == "B"`}); !errors.Is(err, context.Canceled) {
		t.Errorf("who has left is answered %+v, error %v", answer, err)
	}
	got, err := later.Ask(t.Context(), who, preview.Question{Rule: `inOrg("mairie")`})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, asked again (-in the first process +in the second):\n%s", err, diff)
	}
}
