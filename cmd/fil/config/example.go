package config

import (
	"bytes"
	"fmt"

	"github.com/knadh/koanf/parsers/yaml"
)

// Example writes the default configuration as YAML, ready to be edited.
func Example() ([]byte, error) {
	var tree map[string]any
	if err := mapstructureEncode(Default(), &tree); err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	var b bytes.Buffer
	b.WriteString("# Configuration de Fil. Une clé absente prend la valeur montrée ici ; une clé inconnue est refusée.\n")
	b.WriteString("# Fil's configuration. A key that is absent takes the value shown here; an unknown key is refused.\n")
	raw, err := yaml.Parser().Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	b.Write(raw)
	return b.Bytes(), nil
}
