package ingest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// refusal is an answer other than success, in both languages.
type refusal struct {
	status int
	detail fil.Bilingual
	field  string // what it is about, when it is about one field
	faults fil.Faults
	edit   *Edit // that the write would have undone
}

// conflicted is a problem that names, for programs, the edit that stands in the way: a member of its own, as RFC 9457 has it.
type conflicted struct {
	*huma.ErrorModel
	Edit *Edit `json:"edit,omitempty"`
}

func (r *refusal) Error() string { return r.detail.FR }

func refuse(status int, fr, en string) *refusal {
	return &refusal{status: status, detail: fil.Bilingual{FR: fr, EN: en}}
}

// Refusal makes an error that is answered with a status, a detail and the fields at fault, if any.
func Refusal(status int, detail fil.Bilingual, faults fil.Faults) error {
	return &refusal{status: status, detail: detail, faults: faults}
}

// errUnpublished marks an error after which the log may or may not have the records.
var errUnpublished = errors.New("not known to be in the log")

// errLogAway marks an error after which the log has nothing: it was not asked.
var errLogAway = errors.New("the log is away")

// retryAfter is how long a client is asked to wait when the log is away, in seconds.
const retryAfter = 5

// titles are the problems' short names. RFC 9457 lets them be in the reader's language.
func title(status int) fil.Bilingual {
	french := map[int]string{
		http.StatusBadRequest: "Requête illisible", http.StatusForbidden: "Interdit", http.StatusNotFound: "Introuvable",
		http.StatusPreconditionFailed: "Condition non remplie", http.StatusPreconditionRequired: "Condition attendue", http.StatusConflict: "Pas maintenant", http.StatusTooManyRequests: "Trop de demandes",
		http.StatusRequestEntityTooLarge: "Trop volumineux",
		http.StatusUnsupportedMediaType:  "Type de contenu inconnu", http.StatusUnprocessableEntity: "Données refusées",
		http.StatusServiceUnavailable: "Indisponible pour le moment", http.StatusInternalServerError: "Erreur interne",
	}
	return fil.Bilingual{FR: french[status], EN: http.StatusText(status)}
}

// verdict finds the answer that an error deserves. Its faults, if any, go beside it.
func (d *Door) verdict(err error) (*refusal, fil.Faults) {
	var known *refusal
	faults := fil.FaultsOf(err)
	switch {
	case errors.As(err, &known):
		return known, known.faults
	case errors.Is(err, errLogAway):
		return refuse(http.StatusServiceUnavailable,
			"Le journal ne répond pas : rien n'a été écrit. Recommencez plus tard.",
			"The log does not answer: nothing was written. Try again later."), nil
	case errors.Is(err, errUnpublished):
		d.parts.Logger.Error("records not known to be in the log; the client is told to come back", "stage", "ingest", "error", err)
		return refuse(http.StatusServiceUnavailable,
			"Le journal ne confirme pas l'écriture. Recommencez plus tard : un même enregistrement n'a d'effet qu'une fois.",
			"The log does not confirm the write. Try again later: the same record has its effect once."), nil
	case len(faults) > 0:
		return refuse(http.StatusUnprocessableEntity, "Des champs sont à corriger.", "Some fields must be mended."), faults
	case errors.Is(err, errTooDeep):
		return refuse(http.StatusUnprocessableEntity, "Le JSON dépasse 32 niveaux.", "The JSON is over 32 levels deep."), nil
	case errors.Is(err, errTooLarge):
		return refuse(http.StatusRequestEntityTooLarge,
			"Un enregistrement tient en 80 Kio, un corps en 8 Mio et 10 000 événements ; au-delà, envoyez application/x-ndjson.",
			"A record fits in 80 KiB, a body in 8 MiB and 10,000 events; beyond, send application/x-ndjson."), nil
	default:
		return refuse(http.StatusBadRequest, "Le corps n'a pas pu être lu comme du JSON"+where(err)+".", "The body could not be read as JSON"+where(err)+"."), nil
	}
}

// where says at which byte JSON stops being JSON, in digits that need no language.
func where(err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return " (" + strconv.FormatInt(syntax.Offset, 10) + ")"
	}
	return ""
}

// details names the fields at fault.
func details(faults fil.Faults, prefix, language string) []*huma.ErrorDetail {
	var list []*huma.ErrorDetail
	for _, fault := range faults {
		list = append(list, &huma.ErrorDetail{Location: prefix + fault.Field, Message: fault.Problem.In(language)})
	}
	return list
}

// problem turns an error into the answer that huma writes.
func (d *Door) problem(err error, language string) error {
	answer, faults := d.verdict(err)
	model := &huma.ErrorModel{Status: answer.status, Title: title(answer.status).In(language), Detail: answer.detail.In(language)}
	model.Errors = details(faults, "", language)
	if answer.field != "" {
		model.Errors = details(fil.Faults{{Field: answer.field, Problem: answer.detail}}, "", language)
	}
	if answer.edit != nil {
		return &conflicted{model, answer.edit}
	}
	if answer.status == http.StatusServiceUnavailable {
		return huma.ErrorWithHeaders(model, http.Header{"Retry-After": {strconv.Itoa(retryAfter)}})
	}
	return model
}

// Problem turns an error of the door into the answer that huma writes (RFC 9457).
func (d *Door) Problem(err error, language string) error { return d.problem(err, language) }

// fail writes the answer to an error where huma does not do it: in a streamed operation.
func (d *Door) fail(ctx huma.Context, err error) {
	var model huma.StatusError // with the headers taken off, if it has any
	if !errors.As(d.problem(err, ctx.Header("Accept-Language")), &model) {
		return // impossible: every problem holds its model
	}
	if model.GetStatus() == http.StatusServiceUnavailable {
		ctx.SetHeader("Retry-After", strconv.Itoa(retryAfter))
	}
	answer(ctx, model.GetStatus(), "application/problem+json", model)
}

func answer(ctx huma.Context, status int, contentType string, body any) {
	ctx.SetHeader("Content-Type", contentType)
	ctx.SetStatus(status)
	out := json.NewEncoder(ctx.BodyWriter())
	out.SetEscapeHTML(false)
	_ = out.Encode(body) // a client that went away needs no answer
}
