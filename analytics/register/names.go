package register

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/negotiation"

	"github.com/filengine/fil"
)

const (
	mediaJSON = "application/json"
	mediaCSV  = "text/csv"
	mediaHTML = "text/html"
)

type namesInput struct {
	ID       string `path:"id" maxLength:"128"`
	State    string `query:"state" enum:"missing,acknowledged,former" default:"missing" doc:"missing : concernés qui n'ont pas pris connaissance du texte en vigueur ; acknowledged : concernés qui l'ont fait ; former : l'ont fait et ne sont plus concernés / missing: concerned, and have not acknowledged the text in force; acknowledged: concerned, and have; former: have, and are not concerned any more"`
	Org      string `query:"org" maxLength:"512" doc:"Ceux de cette organisation et de ce qui en dépend / those of that organisation and of what is under it"`
	Query    string `query:"q" maxLength:"128" doc:"Partie de l'identifiant de l'agent / part of the agent's id"`
	After    string `query:"after" maxLength:"512" doc:"« next » de la page d'avant / next of the page before"`
	Limit    int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Agents par page ; sans effet sur un CSV, qui les a tous / agents of a page; a CSV has all of them"`
	Format   string `query:"format" enum:"json,csv" doc:"Comme Accept / as Accept"`
	Lang     string `query:"lang" maxLength:"35" pattern:"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$" doc:"Langue de qui ouvrira le CSV dans un tableur : titres et valeurs en mots, heures de la maison, en français des points-virgules ; sans elle, des noms anglais qui ne changent pas, pour un programme / language of who will open the CSV in a spreadsheet: titles and values in words, times of the house, in French semicolons; without it, English names that do not change, for a program"`
	Accept   string `header:"Accept" doc:"application/json, text/csv"`
	Language string `header:"Accept-Language"`
}

// named is an agent of the register.
type named struct {
	Agent          string    `json:"agent" doc:"Identifiant de l'agent / the agent's id"`
	Known          bool      `json:"known" doc:"L'annuaire connaît encore l'agent / the directory still knows the agent"`
	Org            string    `json:"org,omitempty"`
	Site           string    `json:"site,omitempty"`
	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero" doc:"Absent de qui ne l'a pas fait / absent of who has not"`
	Revision       string    `json:"revision,omitempty" doc:"SHA-256 du texte dont l'agent a pris connaissance / SHA-256 of the text that the agent acknowledged"`
	By             string    `json:"by,omitempty" enum:"agent,service" doc:"L'agent, de son propre jeton, ou un service en son nom / the agent, with their own token, or a service on their behalf"`
	Witness        string    `json:"witness,omitempty" doc:"Clé du service / key of the service"`
	WitnessLabel   string    `json:"witness_label,omitempty" doc:"Nom de cette clé / name of that key"`
	RemindedAt     time.Time `json:"reminded_at,omitzero" doc:"Dernier rappel qui l'a atteint / last reminder that reached them"`
}

// page is one page of names.
type page struct {
	Content   mandatory      `json:"content"`
	State     string         `json:"state" enum:"missing,acknowledged,former"`
	Agents    []named        `json:"agents"`
	Next      string         `json:"next,omitempty" doc:"À rendre dans « after » ; absent à la fin / for after; absent at the end"`
	Reminders []fil.Reminder `json:"reminders" doc:"Rappels envoyés, le dernier d'abord / reminders sent, the last one first"`
}

func (r *Register) registerNames(api huma.API, reads []fil.Role) {
	names := operation(http.MethodGet, "contents/{id}", "register-content", "Lire qui a pris connaissance d'un contenu, et qui ne l'a pas fait", "Read who has acknowledged a content, and who has not",
		"Par identifiant d'agent, page par page, ou tout en CSV. Il y faut une clé --register ; chaque accès est consigné avant d'être répondu.", reads...)
	names.Responses = map[string]*huma.Response{"200": {Description: "Les agents / the agents", Content: map[string]*huma.MediaType{
		mediaJSON: {Schema: schemaOf[page](api, "RegisterPage")}, mediaCSV: {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	huma.Register(api, names, r.getNames)
	attest := operation(http.MethodGet, "contents/{id}/attestation", "register-attest", "Attester une prise de connaissance, ou le bilan d'un contenu", "Attest an acknowledgement, or the counts of a content",
		"Avec agent : de cet agent ; avec le jeton d'un agent : la sienne ; sans agent, avec une clé --register : le bilan. Signée (JWS, Ed25519) ; en JSON, ou en HTML à imprimer.",
		append([]fil.Role{fil.RoleAgent}, reads...)...)
	attest.Responses = map[string]*huma.Response{"200": {Description: "L'attestation / the attestation", Content: map[string]*huma.MediaType{
		mediaJSON: {Schema: schemaOf[attested](api, "RegisterAttestation")}, mediaHTML: {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	huma.Register(api, attest, r.getAttestation)
}

func (r *Register) getNames(ctx context.Context, in *namesInput) (*huma.StreamResponse, error) {
	caller, err := r.entitled(ctx, in.ID)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	e, err := r.find(ctx, caller, in.ID)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	s := sought{state: in.State, org: in.Org, part: in.Query}
	if in.After != "" {
		if s.after, err = textOf(in.After); err != nil {
			return nil, r.problem(ctx, err, in.Language)
		}
	}
	if in.Format == "csv" || in.Format == "" && in.Accept != "" && negotiation.SelectQValue(in.Accept, []string{mediaJSON, mediaCSV}) == mediaCSV {
		answer, err := r.export(ctx, caller, e, s, in.Lang)
		if err != nil {
			return nil, r.problem(ctx, err, in.Language)
		}
		return answer, nil
	}
	told, err := r.page(ctx, caller, e, s, in.Limit)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	return r.respond(ctx, mediaJSON, func(out huma.Context) error { return json.NewEncoder(out.BodyWriter()).Encode(told) }), nil
}

// respond writes an answer that nobody keeps.
func (r *Register) respond(ctx context.Context, media string, write func(huma.Context) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", media)
		out.SetHeader("Cache-Control", noStore)
		out.SetHeader("Vary", "Accept, Accept-Language, Authorization")
		if err := write(out); err != nil {
			r.Logger.WarnContext(ctx, "an answer from the register was cut short", "stage", Stage, "error", err)
		}
	}}
}

func (r *Register) page(ctx context.Context, caller fil.Caller, e entry, s sought, limit int) (page, error) {
	told := page{State: s.state, Agents: []named{}, Reminders: []fil.Reminder{}}
	var err error
	if told.Content, err = r.tell(ctx, caller, e); err != nil {
		return told, err
	}
	sent := r.Reminders.Of(e.ID)
	for i := len(sent.Sent) - 1; i >= 0; i-- {
		told.Reminders = append(told.Reminders, sent.Sent[i])
	}
	err = r.walk(ctx, caller, e, s, func(one found) (bool, error) {
		if len(told.Agents) == limit {
			told.Next = cursorOf(told.Agents[limit-1].Agent)
			return false, nil
		}
		told.Agents = append(told.Agents, nameOf(one, sent))
		return true, nil
	})
	if err != nil {
		return told, err
	}
	return told, r.audit(ctx, caller, e, Access{Act: AccessList, State: s.state, Org: s.org, Query: s.part, Lines: len(told.Agents)})
}

func nameOf(one found, sent fil.Reminders) named {
	n := named{Agent: one.ID, Known: one.known, Org: one.Org, Site: one.Site}
	if one.line == nil {
		n.RemindedAt = sent.For(one.Org)
		return n
	}
	n.AcknowledgedAt, n.Revision = one.line.Time, one.line.Digest
	n.By, n.Witness, n.WitnessLabel = byOf(one.line.Witness), one.line.Witness, one.line.Label
	return n
}
