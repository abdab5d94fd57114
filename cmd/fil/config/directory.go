package config

import "github.com/filengine/fil/ingest/scim"

// Directory says how the directory of agents comes in, beside imports and the API.
type Directory struct {
	SCIM SCIM `koanf:"scim"`
}

// SCIM sets the server that identity managers push to. The paths are those of SCIM (RFC 7644, section 3.10), of a user or of
// the enterprise extension, whose URN may be left out.
type SCIM struct {
	Enabled    bool              `koanf:"enabled"`
	ID         string            `koanf:"id"`         // what becomes an agent's id: externalId, userName or employeeNumber
	Org        []string          `koanf:"org"`        // paths of the levels of the organisation, from the top
	Attributes map[string]string `koanf:"attributes"` // path of each declared attribute, of site and of language
}

func defaultDirectory() Directory {
	d := scim.DefaultConfig()
	return Directory{SCIM: SCIM{Enabled: d.Enabled, ID: d.ID, Org: d.Org, Attributes: d.Attributes}}
}
