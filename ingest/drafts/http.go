package drafts

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/accessibility"
)

const maxBytes = 80 << 10

// View is a revision with what a console needs to go on from it.
type View struct {
	Revision
	ETag     string                  `json:"etag,omitempty"`     // of the value, for If-Match
	Approval string                  `json:"approval,omitempty"` // who asks for a second person: an audience, or "contents.approval"
	May      []string                `json:"may"`                // what this key may do next: save, submit, refuse, publish, discard, restore
	Findings []accessibility.Finding `json:"findings"`
}

func (d *Drafts) view(ctx context.Context, r Revision) View {
	v := View{Revision: r, May: []string{}, Findings: []accessibility.Finding{}}
	if r.Value == nil {
		return v
	}
	v.ETag, v.Findings = tagOf(r.Value), append(v.Findings, accessibility.Check(*r.Value)...)
	v.Approval, _ = d.approval(*r.Value, r.Writers)
	open, drafted := d.parts.Book.Open(r.Content)
	switch {
	case drafted && open.Number == r.Number:
		v.May = append(v.May, "save", "submit", "discard")
		if r.State == Submitted {
			v.May = append(v.May, "refuse")
		}
		if d.approved(ctx, r) == nil && d.gate(*r.Value) == nil {
			v.May = append(v.May, "publish")
		}
	case !drafted:
		v.May = append(v.May, "restore")
	}
	return v
}

type contentInput struct {
	ID       string `path:"id" doc:"Identifiant du contenu · Id of the content"`
	Language string `header:"Accept-Language"`
}

type draftInput struct {
	ID       string `path:"id" doc:"Identifiant du contenu · Id of the content"`
	Language string `header:"Accept-Language"`
	IfMatch  string `header:"If-Match" doc:"ETag du brouillon lu : s'il a changé depuis, rien n'est fait (412) ; « * » passe outre · ETag of the draft that was read: if it has changed since, nothing is done (412); '*' goes ahead anyway"`
}

type saveInput struct {
	ID       string `path:"id" doc:"Identifiant du contenu · Id of the content"`
	Language string `header:"Accept-Language"`
	IfMatch  string `header:"If-Match" doc:"ETag lu ; « * » passe outre · ETag that was read; '*' goes ahead anyway"`
	RawBody  []byte `contentType:"application/json"`
}

type noteInput struct {
	ID       string `path:"id" doc:"Identifiant du contenu · Id of the content"`
	Language string `header:"Accept-Language"`
	IfMatch  string `header:"If-Match" doc:"ETag du brouillon lu : s'il a changé depuis, rien n'est fait (412) ; « * » passe outre · ETag of the draft that was read: if it has changed since, nothing is done (412); '*' goes ahead anyway"`
	Body     struct {
		Note string `json:"note,omitempty" maxLength:"500" doc:"Ce qu'il faut en savoir · What there is to know of it"`
	} `required:"false"`
}

type reasonInput struct {
	ID       string `path:"id" doc:"Identifiant du contenu · Id of the content"`
	Language string `header:"Accept-Language"`
	IfMatch  string `header:"If-Match" doc:"ETag du brouillon lu : s'il a changé depuis, rien n'est fait (412) ; « * » passe outre · ETag of the draft that was read: if it has changed since, nothing is done (412); '*' goes ahead anyway"`
	Body     reason
}

type withdrawalInput struct {
	ID       string `path:"id" doc:"Identifiant du contenu · Id of the content"`
	Language string `header:"Accept-Language"`
	Body     reason
}

// reason is why something is taken from people.
type reason struct {
	Reason string `json:"reason" maxLength:"500" doc:"Pourquoi, en 3 caractères au moins sans compter les blancs qui l'entourent · Why, in 3 characters at least besides the blanks around it"`
}

// fewestReason is how many characters say why.
const fewestReason = 3

// said gives the reason without what is not seen, or refuses one that says nothing, by the name that people know the field by.
func (r reason) said() (string, error) {
	text := strings.TrimFunc(r.Reason, func(c rune) bool { return !unicode.IsGraphic(c) || unicode.IsSpace(c) })
	if utf8.RuneCountInString(text) < fewestReason {
		return "", fil.NewFault("reason", "« Motif » : dites pourquoi, en quelques mots ; les personnes concernées le liront.", "'Reason': say why, in a few words; those concerned will read it.")
	}
	return text, nil
}

type versionInput struct {
	ID       string `path:"id" doc:"Identifiant du contenu · Id of the content"`
	Language string `header:"Accept-Language"`
	Number   int    `path:"number" minimum:"1"`
}

type viewOutput struct {
	ETag string `header:"ETag"`
	Body View
}

type listOutput struct {
	Body struct {
		Revisions []View `json:"revisions"`
	}
}

// Register adds the operations on drafts, versions, approval and withdrawal, POST /v1/contents/check, the desk, the calendar
// and the reach of a content.
func (d *Drafts) Register(api huma.API) {
	d.registerDraft(api)
	d.registerSteps(api)
	d.registerVersions(api)
	d.registerCheck(api)
	d.registerDesk(api)
	d.registerCalendar(api)
}

func operation(method, path, id, fr, en, description string) huma.Operation {
	return huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: fr + " · " + en, Description: description, Tags: []string{"drafts"}, MaxBodyBytes: maxBytes,
		Security: []map[string][]string{{"bearer": {string(fil.RoleCommunicator)}}},
		Errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge,
			http.StatusUnprocessableEntity, http.StatusPreconditionRequired, http.StatusServiceUnavailable},
	}
}

// answered gives the answer to a step.
func (d *Drafts) answered(ctx context.Context, r Revision, err error, language string) (*viewOutput, error) {
	if err != nil {
		return nil, d.door.Problem(err, language) //nolint:wrapcheck // an answer of the API already
	}
	v := d.view(ctx, r)
	return &viewOutput{ETag: v.ETag, Body: v}, nil
}

func (d *Drafts) registerDraft(api huma.API) {
	const path = "/v1/contents/{id}/draft"
	save := operation(http.MethodPut, path, "save-draft", "Enregistrer un brouillon", "Save a draft",
		"Rien n'en est montré aux agents. Un contenu déjà publié le reste, tel qu'il est, jusqu'à la publication du brouillon. If-Match est demandé quand une autre clé a touché ce brouillon en dernier ; sans brouillon, il peut porter l'ETag de ce qui est publié, et rien n'est commencé si cela a changé.")
	save.SkipValidateBody = true // which the door does
	huma.Register(api, save,
		func(ctx context.Context, in *saveInput) (*viewOutput, error) {
			r, err := d.Save(ctx, in.ID, in.RawBody, in.IfMatch)
			return d.answered(ctx, r, err, in.Language)
		})
	body := api.OpenAPI().Paths[path].Put.RequestBody // described once it is registered
	body.Content = map[string]*huma.MediaType{"application/json": {Schema: contentSchema(api)}}
	huma.Register(api, operation(http.MethodGet, path, "get-draft", "Lire le brouillon", "Read the draft", ""),
		func(ctx context.Context, in *contentInput) (*viewOutput, error) {
			r, ok := d.parts.Book.Open(in.ID)
			if !ok || d.mine(ctx, r) != nil {
				return d.answered(ctx, r, nothing(in.ID), in.Language)
			}
			return d.answered(ctx, r, nil, in.Language)
		})
	huma.Register(api, operation(http.MethodDelete, path, "discard-draft", "Abandonner le brouillon", "Give the draft up", "Il reste dans l'histoire du contenu."),
		func(ctx context.Context, in *draftInput) (*struct{}, error) {
			if err := d.Discard(ctx, in.ID, in.IfMatch); err != nil {
				return nil, d.door.Problem(err, in.Language) //nolint:wrapcheck // an answer of the API already
			}
			return nil, nil //nolint:nilnil // huma's way to answer 204
		})
	huma.Register(api, operation(http.MethodGet, "/v1/drafts", "list-drafts", "Lister les brouillons", "List the drafts", "Ceux du périmètre de la clé, par identifiant de contenu."),
		func(ctx context.Context, _ *struct{}) (*listOutput, error) {
			out := &listOutput{}
			out.Body.Revisions = []View{}
			for _, r := range d.parts.Book.Drafts() {
				if d.mine(ctx, r) == nil {
					out.Body.Revisions = append(out.Body.Revisions, d.view(ctx, r))
				}
			}
			return out, nil
		})
}

func contentSchema(api huma.API) *huma.Schema {
	return huma.SchemaFromType(api.OpenAPI().Components.Schemas, reflect.TypeFor[fil.Content]())
}

func (d *Drafts) registerSteps(api huma.API) {
	const path = "/v1/contents/{id}/draft/"
	huma.Register(api, operation(http.MethodPost, path+"submission", "submit-draft", "Soumettre le brouillon", "Submit the draft", "Une erreur d'accessibilité l'arrête (422)."),
		func(ctx context.Context, in *noteInput) (*viewOutput, error) {
			r, err := d.Submit(ctx, in.ID, in.Body.Note, in.IfMatch)
			return d.answered(ctx, r, err, in.Language)
		})
	huma.Register(api, operation(http.MethodPost, path+"publication", "publish-draft", "Publier le brouillon, ou l'approuver", "Publish the draft, or approve it",
		"Quand le périmètre, une audience visée ou la configuration demande une approbation : un brouillon soumis, par une autre clé que celles qui l'ont écrit. If-Match est demandé (428) quand une autre clé a écrit ce texte : l'ETag du brouillon lu, et rien n'est publié s'il a changé depuis (412, avec qui l'a changé et en quoi). Si ce qui est publié a changé depuis que le brouillon a été commencé (412), y joindre l'ETag de ce qui est publié : « If-Match: \"brouillon\", \"publié\" ». Une erreur d'accessibilité l'arrête (422)."),
		func(ctx context.Context, in *noteInput) (*viewOutput, error) {
			r, err := d.Publish(ctx, in.ID, in.Body.Note, in.IfMatch)
			return d.answered(ctx, r, err, in.Language)
		})
	huma.Register(api, operation(http.MethodPost, path+"refusal", "refuse-draft", "Rendre le brouillon à qui l'a écrit", "Give the draft back to those who wrote it", ""),
		func(ctx context.Context, in *reasonInput) (*viewOutput, error) {
			why, err := in.Body.said()
			if err != nil {
				return nil, d.door.Problem(err, in.Language) //nolint:wrapcheck // an answer of the API already
			}
			r, err := d.Refuse(ctx, in.ID, why, in.IfMatch)
			return d.answered(ctx, r, err, in.Language)
		})
	huma.Register(api, operation(http.MethodPost, "/v1/contents/{id}/withdrawal", "withdraw-content", "Retirer un contenu aux agents, en disant pourquoi", "Take a content from agents, and say why",
		"Au prochain chargement, plus personne ne le voit. Il n'y faut pas d'approbation."),
		func(ctx context.Context, in *withdrawalInput) (*viewOutput, error) {
			why, err := in.Body.said()
			if err != nil {
				return nil, d.door.Problem(err, in.Language) //nolint:wrapcheck // an answer of the API already
			}
			r, err := d.Withdraw(ctx, in.ID, why)
			return d.answered(ctx, r, err, in.Language)
		})
}

func (d *Drafts) registerVersions(api huma.API) {
	const path = "/v1/contents/{id}/versions"
	huma.Register(api, operation(http.MethodGet, path, "list-versions", "Lire l'histoire d'un contenu", "Read the history of a content",
		"La dernière version d'abord : qui l'a écrite, soumise, publiée, retirée, et quand. Ce qu'un import a remplacé n'y est pas."),
		func(ctx context.Context, in *contentInput) (*listOutput, error) {
			out := &listOutput{}
			out.Body.Revisions = []View{}
			for _, r := range d.parts.Book.History(in.ID) {
				if d.mine(ctx, r) == nil {
					out.Body.Revisions = append(out.Body.Revisions, d.view(ctx, r))
				}
			}
			if _, seen := d.door.Seen(ctx, in.ID); !seen && len(out.Body.Revisions) == 0 {
				return nil, d.door.Problem(nothing(in.ID), in.Language) //nolint:wrapcheck // an answer of the API already
			}
			return out, nil
		})
	huma.Register(api, operation(http.MethodGet, path+"/{number}", "get-version", "Lire une version", "Read a version", ""),
		func(ctx context.Context, in *versionInput) (*viewOutput, error) {
			r, ok := d.parts.Book.Revision(in.ID, in.Number)
			if !ok || d.mine(ctx, r) != nil {
				return d.answered(ctx, r, nothing(in.ID+"/"+strconv.Itoa(in.Number)), in.Language)
			}
			return d.answered(ctx, r, nil, in.Language)
		})
	huma.Register(api, operation(http.MethodPost, path+"/{number}/restoration", "restore-version", "Reprendre une version dans un brouillon", "Take a version up in a draft", ""),
		func(ctx context.Context, in *versionInput) (*viewOutput, error) {
			r, err := d.Restore(ctx, in.ID, in.Number)
			return d.answered(ctx, r, err, in.Language)
		})
}

type checkInput struct {
	Language string `header:"Accept-Language"`
	RawBody  []byte `contentType:"application/json"`
}

type checkOutput struct {
	Body struct {
		Publishable bool                    `json:"publishable"`        // no error among the findings
		Approval    string                  `json:"approval,omitempty"` // who asks for a second person before it is published: an audience, or "contents.approval"
		Findings    []accessibility.Finding `json:"findings"`
	}
}

func (d *Drafts) registerCheck(api huma.API) {
	const path = "/v1/contents/check"
	op := operation(http.MethodPost, path, "check-content", "Vérifier l'accessibilité d'un contenu", "Check the accessibility of a content",
		"Sans rien écrire : images, titres, liens, langue, tableaux, capitales, dans chaque langue, avec la place, le critère du RGAA et la manière d'y remédier. Les erreurs empêchent la publication ; les avertissements renseignent. approval dit qui demande l'accord d'une seconde personne avant sa publication.")
	op.SkipValidateBody = true
	op.Security = []map[string][]string{{"bearer": {string(fil.RoleCommunicator), string(fil.RoleIngest)}}}
	huma.Register(api, op, func(ctx context.Context, in *checkInput) (*checkOutput, error) {
		value, err := d.door.Content(ctx, in.RawBody, idOf(in.RawBody))
		if err != nil {
			return nil, d.door.Problem(err, in.Language) //nolint:wrapcheck // an answer of the API already
		}
		var declared struct{ Language string }
		_ = json.Unmarshal(in.RawBody, &declared) // it was decoded by the door
		value.Language = declared.Language        // which has put French in its place
		if idOf(in.RawBody) != "" {
			value.ID = "" // it names none: what is published under another is not it
		}
		out := &checkOutput{}
		out.Body.Findings = append([]accessibility.Finding{}, accessibility.Check(value)...)
		out.Body.Approval, _ = d.approval(value, writing(fil.CallerFrom(ctx)))
		out.Body.Publishable = accessibility.Faults(value) == nil
		return out, nil
	})
	api.OpenAPI().Paths[path].Post.RequestBody.Content = map[string]*huma.MediaType{"application/json": {Schema: contentSchema(api)}}
}
