package config

import _ "embed"

//go:embed fil.yaml
var example []byte

// Example is the default configuration as a YAML file with comments, ready to be edited.
func Example() []byte { return example }
