package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/config"
)

type createKeyCommand struct {
	Data  string        `help:"${help_data}" placeholder:"DIR"`
	Role  string        `help:"${help_role}" required:"" enum:"ingest,communicator,leader,service,policy,agent"`
	Agent identifier    `help:"${help_agent}" placeholder:"ID"`
	Name  string        `help:"${help_name}"`
	Life  time.Duration `help:"${help_life}" placeholder:"720h"`

	Perimeter *identifier `help:"${help_perimeter}" placeholder:"ID"` // nil: no bound; an empty one is a variable that was not set
	Sample    bool        `help:"${help_sample}"`
	Register  bool        `help:"${help_register_right}"`
}

func (c *createKeyCommand) Run(w *world) error {
	role := fil.Role(c.Role)
	if (role == fil.RoleAgent) != (c.Agent != "") {
		return w.misused(fil.Bilingual{FR: "--agent ID va avec --role agent, et seulement avec lui", EN: "--agent ID goes with --role agent, and only with it"})
	}
	scope := access.Scope{Sample: c.Sample, Register: c.Register}
	if c.Perimeter != nil {
		scope.Perimeter = string(*c.Perimeter)
	}
	switch {
	case c.Perimeter != nil && scope.Perimeter == "":
		return w.misused(fil.Bilingual{FR: "--perimeter : l'identifiant d'une audience est attendu ; sans l'option, la clé n'est pas bornée", EN: "--perimeter: the id of an audience is required; leave the flag out for a key without bound"})
	case scope != (access.Scope{}) && role != fil.RoleCommunicator && role != fil.RoleLeader:
		return w.misused(fil.Bilingual{FR: "--perimeter, --sample et --register vont avec --role communicator ou leader : les autres clés ne voient pas d'audience", EN: "--perimeter, --sample and --register go with --role communicator or leader: other keys see no audience"})
	case c.Life < 0, c.Life > 0 && role != fil.RoleAgent:
		return w.misused(fil.Bilingual{FR: "--life va avec --role agent, et est positive : les autres clés vivent jusqu'à leur révocation", EN: "--life goes with --role agent, and is positive: the other keys live until they are revoked"})
	case c.Life == 0:
		c.Life = agentTokenLife
	}
	cfg, err := w.load(map[string]string{"data": c.Data})
	if err != nil {
		return err
	}
	var text string
	if role == fil.RoleAgent {
		text, err = agentToken(cfg, string(c.Agent), c.Life)
	} else {
		var ring *access.Keyring
		if ring, err = access.OpenKeyring(cfg.KeysFile(), time.Now); err == nil {
			text, err = ring.CreateScoped(role, c.Name, scope)
		}
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.Out, text)
	return err
}

// agentTokenLife is how long an agent's token lives unless it is said otherwise.
const agentTokenLife = 720 * time.Hour

func agentToken(cfg config.Config, agent string, life time.Duration) (string, error) {
	secret, err := access.OpenSecret(cfg.SecretFile())
	if err != nil {
		return "", err
	}
	signer, err := access.NewSigner(secret, time.Now)
	if err != nil {
		return "", err
	}
	return signer.Token(fil.Caller{Role: fil.RoleAgent, Agent: agent}, life)
}

type listKeysCommand struct {
	Data string `help:"${help_data}" placeholder:"DIR"`
}

func (c *listKeysCommand) Run(w *world) error {
	ring, err := c.open(w)
	if err != nil {
		return err
	}
	keys, err := ring.Keys()
	if err != nil {
		return err
	}
	tab := tabwriter.NewWriter(w.Out, 0, 4, 2, ' ', 0)
	for _, k := range keys {
		_, _ = fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\n", k.ID, k.Role, k.Created.Format(time.RFC3339), k.Name, scopeOf(k))
	}
	return tab.Flush()
}

// scopeOf writes the flags that made the key's scope.
func scopeOf(k access.Key) string {
	var flags []string
	if k.Perimeter != "" {
		flags = append(flags, "--perimeter="+k.Perimeter)
	}
	if k.Sample {
		flags = append(flags, "--sample")
	}
	if k.Register {
		flags = append(flags, "--register")
	}
	return strings.Join(flags, " ")
}

func (c *listKeysCommand) open(w *world) (*access.Keyring, error) {
	cfg, err := w.load(map[string]string{"data": c.Data})
	if err != nil {
		return nil, err
	}
	return access.OpenKeyring(cfg.KeysFile(), time.Now)
}

type revokeKeyCommand struct {
	listKeysCommand
	ID string `arg:"" help:"${help_id}"`
}

func (c *revokeKeyCommand) Run(w *world) error {
	ring, err := c.open(w)
	if err != nil {
		return err
	}
	return ring.Revoke(c.ID)
}
