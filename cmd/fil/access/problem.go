package access

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// Localise is a transformer of the API: it gives problems (RFC 9457) a title in the reader's language, French unless
// they ask for English, where a stage has left the protocol's own words.
func Localise(ctx huma.Context, _ string, answer any) (any, error) {
	failure, ok := answer.(error)
	var model *huma.ErrorModel
	if !ok || !errors.As(failure, &model) || model.Title != http.StatusText(model.Status) {
		return answer, nil
	}
	language := ctx.Header("Accept-Language")
	model.Title = title(model.Status).In(language)
	model.Detail = detail(model.Detail).In(language)
	for _, one := range model.Errors {
		one.Message = fil.Bilingual{FR: inFrench(one.Message), EN: one.Message}.In(language)
	}
	return answer, nil
}

// WriteProblem answers a problem where the API does not do it.
func WriteProblem(w http.ResponseWriter, r *http.Request, status int, detail fil.Bilingual) {
	language := r.Header.Get("Accept-Language")
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(huma.ErrorModel{Status: status, Title: title(status).In(language), Detail: detail.In(language)})
}

func title(status int) fil.Bilingual {
	french, ok := map[int]string{
		http.StatusBadRequest: "Requête illisible", http.StatusUnauthorized: "Clé refusée", http.StatusForbidden: "Interdit",
		http.StatusNotFound: "Introuvable", http.StatusMethodNotAllowed: "Méthode non permise", http.StatusNotAcceptable: "Format non proposé",
		http.StatusConflict: "Conflit", http.StatusPreconditionFailed: "Condition non remplie", http.StatusRequestEntityTooLarge: "Trop volumineux",
		http.StatusUnsupportedMediaType: "Type de contenu inconnu", http.StatusUnprocessableEntity: "Données refusées",
		http.StatusTooManyRequests: "Trop de demandes", http.StatusInternalServerError: "Erreur interne",
		http.StatusServiceUnavailable: "Indisponible pour le moment",
	}[status]
	if !ok {
		french = http.StatusText(status)
	}
	return fil.Bilingual{FR: french, EN: http.StatusText(status)}
}
