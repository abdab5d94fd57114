package rulebook

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// style is the page's whole style, in the page: nothing else is loaded. Contrasts are over 7:1 in both schemes (RGAA 3.2).
const style = `:root{color-scheme:light dark}body{font:1rem/1.6 system-ui,sans-serif;max-width:48rem;margin:0 auto;padding:1rem}` +
	`table{border-collapse:collapse;width:100%}caption{text-align:left;position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}` +
	`th,td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-bottom:1px solid #767676}` +
	`thead th{font-weight:600}td.k{font-size:.85rem;overflow-wrap:anywhere}a{color:inherit}.w{overflow-x:auto}`

const pageTemplate = `<!DOCTYPE html>
<html lang="{{.S.Language}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.S.Title}} · Fil</title><style>{{.Style}}</style></head>
<body>
<header><nav aria-label="{{.Words.Languages}}"><a href="?lang={{.Words.OtherTag}}" lang="{{.Words.OtherTag}}" hreflang="{{.Words.OtherTag}}">{{.Words.Other}}</a></nav></header>
<main>
<h1>{{.S.Title}}</h1>
<p>{{.Words.InForce}} <strong>{{.S.Version}}</strong>{{with .Since}}, {{$.Words.Since}} {{.}}{{end}}.</p>
<p>{{.S.Lead}}</p>
{{with .Experiment}}<h2>{{$.Words.Experiment}}</h2><p>{{.}}</p>{{end}}
{{range $i, $s := .S.Sections}}<section aria-labelledby="s{{$i}}"><h2 id="s{{$i}}">{{$s.Title}}</h2>
<div class="w"><table><caption>{{$s.Title}}</caption><thead><tr><th scope="col">{{$.Words.Rule}}</th><th scope="col">{{$.Words.Key}}</th><th scope="col">{{$.Words.Value}}</th></tr></thead>
<tbody>{{range $s.Rules}}<tr><td>{{.Says}}</td><td class="k"><code>{{.Key}}</code></td><td class="k"><code>{{.Value}}</code></td></tr>
{{end}}</tbody></table></div></section>
{{end}}{{with .Past}}<section aria-labelledby="past"><h2 id="past">{{$.Words.Before}}</h2><ul>{{range .}}<li>{{.}}</li>{{end}}</ul></section>{{end}}
{{with .Tried}}<section aria-labelledby="tried"><h2 id="tried">{{$.Words.Tried}}</h2><ul>{{range .}}<li>{{.}}</li>{{end}}</ul></section>{{end}}
</main>
</body></html>
`

// words are the page's own texts.
type words struct{ Languages, Other, OtherTag, InForce, Since, Rule, Key, Value, Before, Experiment, Tried string }

func wordsIn(language string) words {
	if language == "en" {
		return words{"Languages", "Français", "fr", "Policy in force:", "since", "Rule", "Setting", "Value", "In force before", "An experiment runs", "Past experiments"}
	}
	return words{"Langues", "English", "en", "Politique en vigueur :", "depuis le", "Règle", "Réglage", "Valeur", "En vigueur auparavant", "Une expérience est en cours", "Expériences passées"}
}

// Page serves the rules as they run, for anyone to read, without a key: it tells of no person. French unless ?lang=en.
func Page(policies *ranking.Policies) http.Handler {
	layout := template.Must(template.New("policy").Parse(pageTemplate))
	digest := sha256.Sum256([]byte(style))
	security := fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", base64.StdEncoding.EncodeToString(digest[:]))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		language := "fr"
		if r.URL.Query().Get("lang") == "en" {
			language = "en"
		}
		force, policy := policies.InForce(), policies.Current()
		header := w.Header()
		header.Set("Content-Security-Policy", security)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "public, no-cache")
		var page bytes.Buffer
		err := layout.Execute(&page, map[string]any{
			"S": State(policy, language), "Style": template.CSS(style), "Words": wordsIn(language), //nolint:gosec // a constant
			"Since": day(force.Since, language), "Past": past(force, language), "Experiment": experiment(force, language), "Tried": tried(force, language),
		})
		if err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		sum := sha256.Sum256(page.Bytes())
		etag := fmt.Sprintf(`"%x"`, sum[:12])
		header.Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		header.Set("Content-Type", "text/html; charset=utf-8")
		_, _ = page.WriteTo(w)
	})
}

// day writes a date, in UTC; nothing for the zero time.
func day(at time.Time, language string) string {
	if at.IsZero() {
		return ""
	}
	if language == "en" {
		return at.UTC().Format("2 January 2006, 15:04 UTC")
	}
	months := []string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
	at = at.UTC()
	return fmt.Sprintf("%d %s %d, %s UTC", at.Day(), months[at.Month()-1], at.Year(), at.Format("15:04"))
}

func past(force fil.InForce, language string) []string {
	lines := make([]string, len(force.Past))
	for i, reign := range force.Past {
		lines[i] = reign.Policy
		if since := day(reign.Since, language); since != "" {
			lines[i] += ", " + text("depuis le ", "since ").In(language) + since
		}
	}
	return lines
}

// experiment says which policies are tried, and on how many.
func experiment(force fil.InForce, language string) string {
	if force.Experiment == nil {
		return ""
	}
	return force.Experiment.Name + text(" : ", ": ").In(language) + TrialInWords(*force.Experiment, language)
}

// tried says the same of the experiments that have ended.
func tried(force fil.InForce, language string) []string {
	lines := make([]string, len(force.Tried))
	for i, one := range force.Tried {
		lines[i] = one.Name + text(" : ", ": ").In(language) + TrialInWords(one, language)
	}
	return lines
}
