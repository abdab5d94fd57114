package ingest

import (
	"net/http"
	"time"

	"github.com/filengine/fil"
)

// The second person that an audience asks for would be nobody if the author of a text could take the rule away, publish, and
// put it back. Any communicator may take it away, so that no house is locked out; whoever does stays under it (fil.Lifted), and
// does not remove the audience, which would forget that they did.

// markLifted notes who takes the approval of an audience away, and keeps what was noted until it is asked for again.
func (d *Door) markLifted(caller fil.Caller, a *fil.Audience) {
	before, ok := d.parts.Directory.Audience(a.ID)
	switch a.Lifted = nil; {
	case !ok || a.Approval:
	case before.Approval:
		a.Lifted = &fil.Lifted{By: caller.Name, Label: caller.Label, At: d.parts.Now().UTC().Truncate(time.Millisecond)}
	default:
		a.Lifted = before.Lifted
	}
}

// keptForApproval refuses a person the removal of an audience that asks for approval, or whose rule they took away. Directories
// remove their groups as they do.
func keptForApproval(caller fil.Caller, a fil.Audience) error {
	switch {
	case caller.Role != fil.RoleCommunicator:
		return nil
	case a.Approval:
		return refuse(http.StatusConflict,
			"« "+clip(a.Name)+" » demande l'approbation d'une seconde personne : retirez d'abord cette règle, puis une autre personne supprimera l'audience.",
			"'"+clip(a.Name)+"' asks for the approval of a second person: take that rule away first, then another person removes the audience.")
	case a.LiftedBy(caller.Name, caller.Label):
		return refuse(http.StatusForbidden,
			"Vous avez retiré à « "+clip(a.Name)+" » la règle d'une seconde personne : une autre personne doit supprimer l'audience.",
			"You took the rule of a second person away from '"+clip(a.Name)+"': another person must remove the audience.")
	}
	return nil
}

// removable refuses a caller's removal of a record that is not theirs, or that must stay.
func (k kind[T]) removable(caller fil.Caller, id string) error {
	if err := k.writable(caller, id); err != nil || k.kept == nil {
		return err
	}
	before, ok := k.find(id)
	if !ok {
		return nil
	}
	return k.kept(caller, before)
}
