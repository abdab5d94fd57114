package audiences

import "time"

// Config is what an index must be told beside the schema. The zero Config is the machine's clock in Paris, and no
// behaviour.
type Config struct {
	Now       func() time.Time // the clock that rules about the passing of time are asked by; nil for time.Now
	Zone      *time.Location   // where days begin and end; nil for Europe/Paris, or UTC on a machine that does not know it
	Behaviour time.Duration    // how long what agents did is kept for rules; 0 keeps none, and refuses rules that ask
	Announced bool             // what agents did is not applied here: audiences that ask are judged by fil.memberships
}

// clock gives the time in the zone.
func (c Config) clock() func() time.Time {
	now, zone := c.Now, c.Zone
	if now == nil {
		now = time.Now
	}
	if zone == nil {
		var err error
		if zone, err = time.LoadLocation("Europe/Paris"); err != nil {
			zone = time.UTC
		}
	}
	return func() time.Time { return now().In(zone) }
}
