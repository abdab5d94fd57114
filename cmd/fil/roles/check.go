package roles

import (
	"fmt"
	"os"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/ranking"
)

// SettingsError is a setting that only the roles see to be wrong: it is the operator's to mend.
type SettingsError struct{ error }

func (e SettingsError) Unwrap() error { return e.error }

// Check reads the files that the roles need and gives the policy that they would rank by. It connects nothing. An error is a
// SettingsError, unless it is of the policy's file.
func Check(cfg config.Config) (ranking.Policy, error) {
	policy, err := loadPolicy(cfg)
	if err != nil {
		return ranking.Policy{}, err
	}
	if _, err := connectionsOf(cfg); err != nil {
		return ranking.Policy{}, SettingsError{err}
	}
	if err := scimConfig(cfg).Validate(cfg.Attributes); err != nil {
		return ranking.Policy{}, SettingsError{err}
	}
	return policy, nil
}

// loadPolicy reads the operator's ranking policy, or takes the default one.
func loadPolicy(cfg config.Config) (ranking.Policy, error) {
	if cfg.Policy == "" {
		return ranking.DefaultPolicy(), nil
	}
	raw, err := os.ReadFile(cfg.Policy)
	if err != nil {
		return ranking.Policy{}, fmt.Errorf("read policy: %w", err)
	}
	policy, err := ranking.ParsePolicy(raw)
	if err != nil {
		return ranking.Policy{}, fmt.Errorf("read policy %s: %w", cfg.Policy, err)
	}
	return policy, nil
}
