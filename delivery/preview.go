package delivery

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

type textInput struct {
	Body struct {
		Bodies map[string]string `json:"bodies" doc:"Textes en Markdown, par langue · Texts in Markdown, by language"`
	}
}

type textOutput struct {
	Body struct {
		Bodies map[string]string `json:"bodies"`
	}
}

// RegisterPreview adds POST /v1/preview/text: what a feed would show of a text that is not published.
func RegisterPreview(api huma.API) {
	markdown := newMarkdown()
	huma.Register(api, huma.Operation{
		OperationID: "preview-text", Method: http.MethodPost, Path: "/v1/preview/text", Tags: []string{"drafts"}, MaxBodyBytes: 256 << 10,
		Summary:     "Voir un texte comme le fil le montrera · See a text as feeds will show it",
		Description: "Sans rien écrire : le HTML assaini que les fils reçoivent, par langue. Une image y laisse son texte de remplacement.",
		Security:    roles(fil.RoleCommunicator), Errors: []int{http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity},
	}, func(_ context.Context, in *textInput) (*textOutput, error) {
		out := &textOutput{}
		out.Body.Bodies = make(map[string]string, len(in.Body.Bodies))
		for language, source := range in.Body.Bodies {
			html, err := markdown.html(source)
			if err != nil {
				return nil, err
			}
			out.Body.Bodies[language] = html
		}
		return out, nil
	})
}
