package register

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

type contentsInput struct {
	State    string `query:"state" enum:"current,past,withdrawn" doc:"Ceux-là seulement / those alone"`
	After    string `query:"after" maxLength:"512" doc:"« next » de la page d'avant / next of the page before"`
	Limit    int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Contenus par page / contents of a page"`
	Language string `header:"Accept-Language"`
}

// mandatory is a content as the register tells it.
type mandatory struct {
	ID          string    `json:"id"`
	Title       string    `json:"title"`
	Source      string    `json:"source,omitempty" doc:"Service qui communique / the service that communicates"`
	Perimeter   string    `json:"perimeter,omitempty"`
	State       State     `json:"state" enum:"current,past,withdrawn" doc:"current : montré, date limite à venir ; past : date limite passée, expiré ou plus obligatoire ; withdrawn : retiré / current: shown, its deadline to come; past: its deadline has passed, it has expired or is mandatory no more; withdrawn: taken back"`
	PublishedAt time.Time `json:"published_at,omitzero"`
	RevisedAt   time.Time `json:"revised_at,omitzero" doc:"Dernière modification de fond : il faut en reprendre connaissance depuis / last change in substance: it is to be acknowledged again since"`
	Deadline    time.Time `json:"deadline,omitzero" doc:"Date limite / deadline"`
	Revision    string    `json:"revision,omitempty" doc:"SHA-256 du texte en vigueur / SHA-256 of the text in force"`
	Counts
	RemindedAt time.Time `json:"reminded_at,omitzero" doc:"Dernier rappel / last reminder"`
	RemindFrom time.Time `json:"remind_from,omitzero" doc:"D'où un rappel à tous est possible de nouveau ; absent : dès maintenant / from when a reminder to all is possible again; absent: now"`
	MayRemind  bool      `json:"may_remind" doc:"Un rappel à tous est possible maintenant / a reminder to all is possible now"`
}

type contentsOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Contents []mandatory `json:"contents"`
		Next     string      `json:"next,omitempty" doc:"À rendre dans « after » ; absent à la fin / for after; absent at the end"`
	}
}

type remindInput struct {
	ID       string `path:"id" maxLength:"128"`
	Language string `header:"Accept-Language"`
	Body     *struct {
		Org string `json:"org,omitempty" maxLength:"512" doc:"Ceux de cette organisation et de ce qui en dépend ; absent : tous / those of that organisation and of what is under it; absent: all"`
	}
}

type remindOutput struct {
	Body struct {
		Content    string    `json:"content"`
		At         time.Time `json:"at"`
		Org        string    `json:"org,omitempty"`
		Agents     int       `json:"agents" doc:"Agents à qui c'est rappelé / agents who are reminded"`
		RemindFrom time.Time `json:"remind_from" doc:"D'où le rappel suivant est possible / from when the next reminder is possible"`
	}
}

type accessesInput struct {
	Content  string `query:"content" maxLength:"128" doc:"Un seul contenu / one content alone"`
	After    string `query:"after" maxLength:"40" doc:"« next » de la page d'avant / next of the page before"`
	Limit    int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Accès par page / accesses of a page"`
	Language string `header:"Accept-Language"`
}

type accessesOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Accesses []access `json:"accesses"`
		Next     string   `json:"next,omitempty" doc:"À rendre dans « after » ; absent à la fin / for after; absent at the end"`
	}
}

type verifyInput struct {
	Language string `header:"Accept-Language"`
	Body     verified
}

type verifyOutput struct {
	Body struct {
		Valid       bool         `json:"valid"`
		Detail      string       `json:"detail" doc:"Ce qu'il faut en penser, en une phrase / what to think of it, in a sentence"`
		Code        string       `json:"code,omitempty" doc:"Code de vérification, à comparer avec celui du document / verification code, to compare with the document's"`
		Attestation *Attestation `json:"attestation,omitempty" doc:"Ce qui a été signé ; absent si ce n'est pas valable / what was signed; absent when it is not valid"`
	}
}

const noStore = "no-store"

func operation(method, path, id, fr, en, description string, roles ...fil.Role) huma.Operation {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return huma.Operation{
		Method: method, Path: "/v1/register/" + path, OperationID: id, Summary: fr + " / " + en, Description: description,
		Tags: []string{"Registre des prises de connaissance / Register of acknowledgements"}, MaxBodyBytes: 32 << 10,
		Security: []map[string][]string{{"bearer": names}},
		Errors:   []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}
}

// Register adds the operations under /v1/register, for keys with the right to the register (fil.Caller.Register).
func (r *Register) Register(api huma.API) {
	reads := []fil.Role{fil.RoleCommunicator, fil.RoleLeader}
	huma.Register(api, operation(http.MethodGet, "contents", "register-contents", "Lister les contenus obligatoires", "List the mandatory contents",
		"Ceux du périmètre de la clé, la date limite la plus lointaine d'abord, avec combien en ont pris connaissance. Il y faut une clé --register ; chaque accès est consigné avant d'être répondu.", reads...), r.getContents)
	r.registerNames(api, reads)
	huma.Register(api, operation(http.MethodPost, "contents/{id}/reminders", "register-remind", "Rappeler un contenu à ceux qui n'en ont pas pris connaissance", "Remind those who have not acknowledged a content",
		"Il leur revient en tête de fil, comme non vu, avec la date limite. Un rappel par jour au plus pour les mêmes agents (409 et Retry-After).", reads...), r.postReminder)
	huma.Register(api, operation(http.MethodGet, "accesses", "register-accesses", "Lire qui a consulté le registre", "Read who has looked at the register",
		"Les accès aux contenus du périmètre de la clé, le dernier d'abord. Les lire est consigné aussi.", reads...), r.getAccesses)
	huma.Register(api, operation(http.MethodPost, "verify", "register-verify", "Vérifier une attestation", "Verify an attestation",
		"Dit si le texte signé l'a été ici et n'a pas été changé, et si ce qu'on lit à côté est bien ce qui a été signé. Rien n'est lu du registre.", fil.Roles()...), r.postVerify)
	huma.Register(api, operation(http.MethodGet, "key", "register-key", "Lire la clé publique des attestations", "Read the public key of attestations",
		"Une clé JWK (Ed25519), pour vérifier sans ce serveur. / A JWK (Ed25519), to verify without this server.", fil.Roles()...),
		func(context.Context, *struct{}) (*struct{ Body jwk }, error) {
			return &struct{ Body jwk }{r.publicKey()}, nil
		})
}

func (r *Register) getContents(ctx context.Context, in *contentsInput) (*contentsOutput, error) {
	caller, err := r.entitled(ctx, "")
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	all, err := r.list(ctx, caller, State(in.State))
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	page, next, err := pageOf(all, in.After, in.Limit)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	out := &contentsOutput{CacheControl: noStore}
	out.Body.Contents, out.Body.Next = make([]mandatory, len(page)), next
	for i, e := range page {
		if out.Body.Contents[i], err = r.tell(ctx, caller, e); err != nil {
			return nil, r.problem(ctx, err, in.Language)
		}
	}
	if err := r.audit(ctx, caller, entry{}, Access{Act: AccessContents, Lines: len(page)}); err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	return out, nil
}

func (r *Register) postReminder(ctx context.Context, in *remindInput) (*remindOutput, error) {
	caller, err := r.entitled(ctx, in.ID)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	e, err := r.find(ctx, caller, in.ID)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	org := ""
	if in.Body != nil {
		org = in.Body.Org
	}
	done, err := r.remind(ctx, caller, e, org)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	out := &remindOutput{}
	out.Body.Content, out.Body.At, out.Body.Org, out.Body.Agents, out.Body.RemindFrom = in.ID, done.At, done.Org, done.agents, done.next
	return out, nil
}

func (r *Register) getAccesses(ctx context.Context, in *accessesInput) (*accessesOutput, error) {
	caller, err := r.entitled(ctx, in.Content)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	before, err := offsetOf(in.After)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	all, err := r.accesses(ctx, caller, in.Content, before, in.Limit+1)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	out := &accessesOutput{CacheControl: noStore}
	out.Body.Accesses = []access{}
	for i, one := range all {
		if i == in.Limit {
			out.Body.Next = cursorOf(strconv.FormatInt(all[i-1].offset, 10))
			break
		}
		out.Body.Accesses = append(out.Body.Accesses, r.tellAccess(one, caller))
	}
	if err := r.audit(ctx, caller, r.named(caller, in.Content), Access{Act: AccessAudit, Lines: len(out.Body.Accesses)}); err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	return out, nil
}

func (r *Register) postVerify(_ context.Context, in *verifyInput) (*verifyOutput, error) {
	out := &verifyOutput{}
	a, signed, err := r.Verify(string(in.Body))
	said := fil.Bilingual{
		FR: "Cette attestation est valable : elle a été signée ici et n'a pas été changée.",
		EN: "This attestation is valid: it was signed here and was not changed.",
	}
	switch {
	case err == nil:
		out.Body.Valid, out.Body.Attestation, out.Body.Code = true, &a, fingerprint(signed)
	case errors.Is(err, errNoAttestation):
		said = fil.Bilingual{
			FR: "Ce n'est pas une attestation : donnez tout le texte signé qui est au bas du document, ou tout le contenu du fichier JSON.",
			EN: "This is not an attestation: give the whole signed text at the foot of the document, or all that is in the JSON file.",
		}
	case errors.Is(err, errReadable):
		said = fil.Bilingual{
			FR: "Cette attestation n'est pas valable : ce qu'on y lit n'est pas ce qui a été signé. Vérifiez le texte signé seul (« signed ») pour lire ce qui l'a été.",
			EN: "This attestation is not valid: what it reads is not what was signed. Verify the signed text alone (“signed”) to read what was.",
		}
	default:
		said = fil.Bilingual{
			FR: "Cette attestation n'est pas valable : elle n'a pas été signée ici, ou elle a été changée.",
			EN: "This attestation is not valid: it was not signed here, or it was changed.",
		}
	}
	out.Body.Detail = said.In(in.Language)
	return out, nil
}

// problem turns an error into an answer that says nothing of the inside.
func (r *Register) problem(ctx context.Context, err error, language string) error {
	say := func(fr, en string) string { return fil.Bilingual{FR: fr, EN: en}.In(language) }
	var soon *tooSoon
	switch {
	case errors.Is(err, errNotEntitled):
		return huma.Error403Forbidden(say("Cette clé ne voit pas le registre des prises de connaissance : demandez-en une qui en ait le droit (fil keys create --role communicator --register).",
			"This key does not see the register of acknowledgements: ask for one that may (fil keys create --role communicator --register)."))
	case errors.Is(err, errOwnOnly):
		return huma.Error403Forbidden(say("Ce jeton ne donne que l'attestation de son agent.", "This token gives its own agent's attestation only."))
	case errors.Is(err, errUnknown):
		return huma.Error404NotFound(say("Aucun contenu obligatoire de ce nom dans le périmètre de cette clé.", "There is no mandatory content of this name in this key's perimeter."))
	case errors.Is(err, errNoLine):
		return huma.Error404NotFound(say("Cet agent n'a pas pris connaissance de ce contenu.", "This agent has not acknowledged this content."))
	case errors.As(err, &soon):
		wait := max(1, int(soon.next.Sub(r.Now())/time.Second))
		at := moment(soon.next, r.Zone)
		return huma.ErrorWithHeaders(huma.Error409Conflict(say("Un rappel a déjà été envoyé il y a moins d'un jour : le suivant est possible "+at.FR+".", "A reminder was sent less than a day ago: the next is possible "+at.EN+"."),
			&huma.ErrorDetail{Location: "remind_from", Message: say("possible à partir de là", "possible from then on"), Value: soon.next}), http.Header{"Retry-After": {strconv.Itoa(wait)}})
	case errors.Is(err, errNotShown):
		return huma.Error409Conflict(say("Ce contenu n'est plus montré aux agents : publiez-le de nouveau avant de le rappeler.", "This content is not shown to agents any more: publish it again before you remind them of it."))
	case errors.Is(err, errNobody):
		return huma.Error409Conflict(say("Personne n'est à relancer : tous ceux que cela concerne en ont pris connaissance.", "Nobody is to be reminded: all those concerned have acknowledged it."))
	}
	return analytics.Refusals{
		Logger: r.Logger, Stage: Stage, Doing: "answer from the register", Failed: fil.Bilingual{FR: "Le registre n'a pas pu répondre.", EN: "The register could not answer."},
		Passing: []analytics.Passing{
			{Err: errUnaudited, Words: fil.Bilingual{FR: "Cet accès n'a pas pu être consigné, et rien n'est dit sans l'être : réessayez dans une minute.",
				EN: "This access could not be written down, and nothing is told without: try again in a minute."}},
			{Err: fil.ErrForgotten, Words: fil.Bilingual{FR: "Le registre est refait depuis le journal : réessayez plus tard.", EN: "The register is being made again from the log: try later."}},
			{Err: analytics.ErrAway, Words: fil.Bilingual{FR: "Le registre ne peut pas être lu pour l'instant : réessayez dans une minute.", EN: "The register cannot be read for now: try again in a minute."}},
		},
	}.Problem(ctx, err, language)
}

func schemaOf[T any](api huma.API, name string) *huma.Schema {
	return api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, name)
}
