package analytics

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// retryAfter is how long a reader is asked to wait for what cannot be had now, in seconds.
const retryAfter = 60

// ComeBack adds to a problem that the same may be asked again in a minute.
func ComeBack(problem error) error {
	return huma.ErrorWithHeaders(problem, http.Header{"Retry-After": {strconv.Itoa(retryAfter)}})
}

// Refusals is how a part that answers readers tells them that a question has no answer (RFC 9457), without a word of the inside,
// which goes to the log.
type Refusals struct {
	Logger  *slog.Logger
	Stage   string // of the log
	Doing   string // what failed, in the log
	Passing []Passing
	Failed  fil.Bilingual // what is said of any other error
}

// Passing is an error that goes by itself, and what is said of it.
type Passing struct {
	Err   error
	Words fil.Bilingual
}

// FigureRefusals are those of a part that tells figures.
func FigureRefusals(logger *slog.Logger, doing string, failed fil.Bilingual) Refusals {
	return Refusals{Logger: logger, Stage: "analytics", Doing: doing, Failed: failed, Passing: []Passing{
		{fil.ErrForgotten, fil.Bilingual{FR: "Les faits sont en cours de reconstruction : réessayez plus tard", EN: "Facts are being made again: try later"}},
		{ErrAway, fil.Bilingual{
			FR: "Les chiffres ne peuvent pas être lus pour l'instant : réessayez dans une minute. Rien n'est perdu, ils se compléteront d'eux-mêmes.",
			EN: "Figures cannot be read for now: try again in a minute. Nothing is lost, they will complete themselves.",
		}},
	}}
}

// Problem turns an error into an answer: 422 with the parameters at fault, 503 for what passes, 500 for anything else.
func (r Refusals) Problem(ctx context.Context, err error, language string) error {
	if faults := fil.FaultsOf(err); faults != nil {
		details := make([]error, len(faults))
		for i, f := range faults {
			details[i] = &huma.ErrorDetail{Location: f.Field, Message: strings.TrimPrefix(f.Field, "query.") + " " + f.Problem.In(language)}
		}
		return huma.Error422UnprocessableEntity(fil.Bilingual{FR: "La demande n'est pas valide", EN: "The request is not valid"}.In(language), details...)
	}
	r.Logger.ErrorContext(ctx, r.Doing, "stage", r.Stage, "error", err)
	for _, p := range r.Passing {
		if errors.Is(err, p.Err) {
			return ComeBack(huma.Error503ServiceUnavailable(p.Words.In(language)))
		}
	}
	return huma.Error500InternalServerError(r.Failed.In(language))
}
