package dashboards

// ValuesOf, ArchivedOf and ArchivedKey are valuesOf, archivedOf and archived.key, for tests from outside.
var (
	ValuesOf    = valuesOf
	ArchivedOf  = archivedOf
	ArchivedKey = archived.key
)
