package ingest

import (
	"encoding/json"
	"fmt"

	"github.com/filengine/fil"
)

// receive adds to an acknowledgement what it is about and who brought it, as this process knows both: a register made from the
// log alone must find the text that was in force then, whatever has become of the content.
func (d *Door) receive(caller fil.Caller, event *fil.Event) error {
	if event.Type != fil.TypeEngagement+string(fil.Acknowledge) {
		return nil
	}
	var e fil.Engagement
	if err := json.Unmarshal(event.Data, &e); err != nil {
		return fmt.Errorf("read an acknowledgement back: %w", err)
	}
	e.Receipt = &fil.Receipt{}
	if caller.Role != fil.RoleAgent {
		e.Receipt.Witness, e.Receipt.Label = caller.Name, caller.Label
	}
	if c, known := d.parts.Catalogue.Content(e.Content); known {
		e.Receipt.Known, e.Receipt.Title, e.Receipt.Perimeter = true, c.Title, c.Perimeter
		e.Receipt.Revised, e.Receipt.Deadline = c.RevisedAt, c.MandatoryUntil
		if c.RevisedAt.IsZero() || event.Time.Unix() >= c.RevisedAt.Unix() { // in whole seconds, as the ranking judges it
			e.Receipt.Digest = c.Digest()
		}
	}
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write an acknowledgement: %w", err)
	}
	event.Data = data
	return nil
}
