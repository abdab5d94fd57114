package config

import (
	_ "embed"
	"fmt"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"github.com/filengine/fil/ingest/directory/ldap"
)

//go:embed ldap.yaml
var ldapExample []byte

// LDAPExample describes an LDAP directory as a YAML file with comments, ready to be edited.
func LDAPExample() []byte { return ldapExample }

// LoadLDAP reads and validates the description of an LDAP directory.
func LoadLDAP(path string) (ldap.Settings, error) {
	k, settings := koanf.New("."), ldap.DefaultSettings()
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		return settings, fmt.Errorf("read settings %s: %w", path, err)
	}
	err := k.UnmarshalWithConf("", &settings, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		ErrorUnused: true, WeaklyTypedInput: true, Result: &settings, TagName: "koanf", DecodeHook: mapstructure.StringToTimeDurationHookFunc(),
	}})
	if err != nil {
		return settings, fmt.Errorf("read settings %s: %w", path, err)
	}
	if err := settings.Validate(); err != nil {
		return settings, fmt.Errorf("settings %s: %w", path, err)
	}
	return settings, nil
}
