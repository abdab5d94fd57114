package register

import (
	"time"

	"github.com/filengine/fil"
)

// AccessAct is what was done with the register of acknowledgements.
type AccessAct string

// The acts.
const (
	AccessContents    AccessAct = "contents"    // listed the contents and their counts
	AccessList        AccessAct = "list"        // read a page of names
	AccessExport      AccessAct = "export"      // took names away as CSV
	AccessReminder    AccessAct = "reminder"    // reminded those who have not
	AccessAttestation AccessAct = "attestation" // had what an agent did attested
	AccessSheet       AccessAct = "sheet"       // had the counts of a content attested
	AccessAudit       AccessAct = "accesses"    // read who has looked
	AccessRefused     AccessAct = "refused"     // asked without the right, and was told nothing
)

// Access is one access to the register of acknowledgements. It is in the log before what it is about is told or done.
type Access struct {
	At        time.Time `json:"at"`
	By        string    `json:"by"` // name of the key; of an agent with their own token, their id
	Label     string    `json:"label,omitempty"`
	Role      fil.Role  `json:"role"`
	Act       AccessAct `json:"act"`
	Content   string    `json:"content,omitempty"`
	Perimeter string    `json:"perimeter,omitempty"` // of the content; of the key, where the act is about none
	Scope     string    `json:"scope,omitempty"`     // perimeter of the key
	Agent     string    `json:"agent,omitempty"`     // whom an attestation is about
	State     string    `json:"state,omitempty"`     // which agents were asked for
	Org       string    `json:"org,omitempty"`       // of those asked for or reminded
	Query     string    `json:"q,omitempty"`         // what was looked for in their ids
	Lines     int       `json:"lines"`               // told: contents, agents; reminded: agents
}

// accessOf reads an access from a record of the log. An error is a rejection.
func accessOf(rec fil.Record) (Access, error) {
	a, err := fil.Decode[Access](rec)
	if err != nil {
		return a, err
	}
	if a.By == "" || a.Act == "" || a.At.Year() < 1970 || a.At.Year() > 2105 || a.Lines < 0 {
		return a, fil.Reject(rec, fil.NewFault("data", "doit dire qui, quoi et quand", "must say who, what and when"))
	}
	return a, nil
}
