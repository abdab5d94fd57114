package dashboards

import (
	"time"

	"github.com/filengine/fil"
)

// ValuesOf, ArchivedOf and ArchivedKey are valuesOf, archivedOf and archived.key, for tests from outside.
var (
	ValuesOf    = valuesOf
	ArchivedOf  = archivedOf
	ArchivedKey = archived.key
)

// Naming makes naming, whose ValuesOn and Period are valuesOn and period.
func Naming(schema fil.Schema, today time.Time) naming { return naming{schema, today} }

func (n naming) ValuesOn(axis string, values []string) func(string) fil.Bilingual {
	return n.valuesOn(axis, values)
}

func (n naming) Period(every, start, from, to string) fil.Bilingual {
	return n.period(every, start, from, to)
}
