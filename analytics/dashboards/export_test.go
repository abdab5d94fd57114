package dashboards

// ValuesOf is valuesOf, for tests from outside.
var ValuesOf = valuesOf
