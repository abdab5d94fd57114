package register

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/negotiation"

	"github.com/filengine/fil"
)

var errOwnOnly = errors.New("a token gives its own agent's attestation only")

type attestInput struct {
	ID       string `path:"id" maxLength:"128"`
	Agent    string `query:"agent" maxLength:"128" doc:"Identifiant de l'agent ; sans lui, le bilan du contenu / the agent's id; without it, the counts of the content"`
	Format   string `query:"format" enum:"json,html" doc:"Comme Accept / as Accept"`
	Accept   string `header:"Accept" doc:"application/json, text/html"`
	Language string `header:"Accept-Language"`
}

// attested is an attestation as it is given.
type attested struct {
	Attestation Attestation `json:"attestation"`
	Signed      string      `json:"signed" doc:"Le même, signé : JWS compact (RFC 7515), Ed25519 / the same, signed: a compact JWS (RFC 7515), Ed25519"`
	Code        string      `json:"code" doc:"Code de vérification, à comparer à l'œil / verification code, to compare by eye"`
}

func (r *Register) getAttestation(ctx context.Context, in *attestInput) (*huma.StreamResponse, error) {
	a, err := r.attest(ctx, in.ID, in.Agent)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	signed, err := r.sign(a)
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	told := attested{a, signed, fingerprint(signed)}
	if in.Format == "html" || in.Format == "" && in.Accept != "" && negotiation.SelectQValue(in.Accept, []string{mediaJSON, mediaHTML}) == mediaHTML {
		document, err := r.document(told, in.Language)
		if err != nil {
			return nil, r.problem(ctx, err, in.Language)
		}
		return r.respond(ctx, mediaHTML+"; charset=utf-8", func(out huma.Context) error {
			out.SetHeader("Content-Security-Policy", documentPolicy())
			out.SetHeader("X-Content-Type-Options", "nosniff")
			out.SetHeader("Referrer-Policy", "no-referrer")
			_, err := out.BodyWriter().Write(document)
			return err //nolint:wrapcheck // wrapped by respond's log line
		}), nil
	}
	return r.respond(ctx, mediaJSON, func(out huma.Context) error { return json.NewEncoder(out.BodyWriter()).Encode(told) }), nil
}

// attest decides which attestation is asked for, and whether it may be.
func (r *Register) attest(ctx context.Context, id, agent string) (Attestation, error) {
	caller := fil.CallerFrom(ctx)
	if caller.Role == fil.RoleAgent {
		if agent != "" && agent != caller.Agent {
			return Attestation{}, errOwnOnly
		}
		return r.attestOne(ctx, caller, id, caller.Agent)
	}
	if _, err := r.entitled(ctx, id); err != nil {
		return Attestation{}, err
	}
	if agent == "" {
		return r.attestSheet(ctx, caller, id)
	}
	return r.attestOne(ctx, caller, id, agent)
}

// style is the document's whole style, in it: nothing else is loaded. Contrasts are over 7:1 (RGAA 3.2), on paper too.
const style = `:root{color-scheme:light}body{font:1rem/1.6 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:44rem;margin:0 auto;padding:2rem 1rem}` +
	`h1{font-size:1.75rem;line-height:1.25;margin:0 0 .5rem}h2{font-size:1.15rem;margin:2.5rem 0 .5rem}.lead{font-size:1.1rem;margin:0 0 2rem}` +
	`dl{margin:0}dl div{display:grid;grid-template-columns:minmax(9rem,14rem) 1fr;gap:0 1.5rem;padding:.5rem 0;border-top:1px solid #767676}dl div:last-child{border-bottom:1px solid #767676}` +
	`dt{color:#4a4a4a}dd{margin:0;font-weight:600;overflow-wrap:anywhere}.code{font:600 1.25rem/1.4 ui-monospace,monospace;letter-spacing:.03em;overflow-wrap:anywhere}` +
	`pre{font:.75rem/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #767676;padding:.75rem;margin:.5rem 0}dd.digest{font:.85rem/1.6 ui-monospace,monospace}` +
	`@media(max-width:32rem){dl div{grid-template-columns:1fr}}@media print{body{padding:0;max-width:none;font-size:11pt}h2{break-after:avoid}pre,dl div{break-inside:avoid}}`

func documentPolicy() string {
	sum := sha256.Sum256([]byte(style))
	return fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'", base64.StdEncoding.EncodeToString(sum[:]))
}

const layout = `<!DOCTYPE html>
<html lang="{{.Language}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Heading}} · {{.Title}}</title><style>{{.Style}}</style></head>
<body>
<main>
<h1>{{.Heading}}</h1>
<p class="lead">{{.Lead}}</p>
<dl>
{{range .Rows}}<div><dt>{{.Name}}</dt><dd{{if .Digest}} class="digest"{{end}}>{{.Value}}</dd></div>
{{end}}</dl>
<h2>{{.CodeName}}</h2>
<p class="code">{{.Code}}</p>
<p>{{.HowTo}}</p>
<pre>{{.Signed}}</pre>
</main>
</body></html>
`

type row struct {
	Name, Value string
	Digest      bool
}

// document writes an attestation for people to keep: French unless they ask for English.
func (r *Register) document(a attested, language string) ([]byte, error) {
	page, err := template.New("attestation").Parse(layout)
	if err != nil {
		return nil, fmt.Errorf("read the layout of an attestation: %w", err)
	}
	english := strings.HasPrefix(strings.ToLower(language), "en")
	say := func(fr, en string) string {
		if english {
			return en
		}
		return fr
	}
	lead, rows := r.rows(a.Attestation, say)
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{
		"Language": say("fr", "en"), "Style": template.CSS(style), "Title": a.Attestation.Title, //nolint:gosec // a constant
		"Heading": heading(a.Attestation, say), "Lead": lead, "Rows": rows, "Code": a.Code, "Signed": a.Signed,
		"CodeName": say("Code de vérification", "Verification code"),
		"HowTo": say("Pour vérifier ce document, copiez le texte ci-dessous dans la vérification des attestations de votre administration : elle redonne ce qui est écrit ici, et ce même code.",
			"To verify this document, copy the text below into your administration's verification of attestations: it gives back what is written here, and this same code."),
	})
	if err != nil {
		return nil, fmt.Errorf("write an attestation: %w", err)
	}
	return out.Bytes(), nil
}

func heading(a Attestation, say func(fr, en string) string) string {
	if a.Kind == AttestsSheet {
		return say("Bilan de prise de connaissance", "Record of acknowledgements")
	}
	return say("Attestation de prise de connaissance", "Attestation of acknowledgement")
}

func (r *Register) rows(a Attestation, say func(fr, en string) string) (lead string, rows []row) {
	add := func(fr, en, value string) {
		if value != "" {
			rows = append(rows, row{Name: say(fr, en), Value: value})
		}
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		said := moment(t, r.Zone)
		return say(said.FR, said.EN)
	}
	add("Contenu", "Content", a.Title)
	add("Référence", "Reference", a.Content)
	on := func(t time.Time) string { return strings.TrimPrefix(at(t), say("le ", "on ")) } // beside a name, not in a sentence
	add("Version du", "Version of", on(a.RevisedAt))
	add("Date limite", "Deadline", on(a.Deadline))
	switch {
	case a.Kind == AttestsSheet:
		lead = say("Ce que le registre dit de ce contenu "+at(a.IssuedAt)+".", "What the register says of this content "+at(a.IssuedAt)+".")
		if n := a.Counts; n != nil {
			if n.Targeted != nil {
				add("Agents concernés", "Agents concerned", spaced(*n.Targeted))
			}
			add("Ont pris connaissance", "Have acknowledged", spaced(n.Acknowledged))
			if n.Missing != nil {
				add("N'ont pas pris connaissance", "Have not acknowledged", spaced(*n.Missing))
			}
			add("Ont pris connaissance, plus concernés", "Have acknowledged, concerned no more", spaced(n.Former))
		}
	default:
		lead = say("L'agent désigné ci-dessous a déclaré avoir pris connaissance de ce contenu.", "The agent named below has declared that they have read this content.")
		add("Agent", "Agent", a.Agent)
		add("Déclaré le", "Declared on", on(a.AcknowledgedAt))
		who := say("Par l'agent", "By the agent")
		if a.By == "service" {
			name := a.WitnessLabel
			if name == "" {
				name = a.Witness
			}
			who = say("Par un service, au nom de l'agent : ", "By a service, on the agent's behalf: ") + name
		}
		add("Comment", "How", who)
		if !a.InForce {
			add("Texte", "Text", say("a changé depuis, ou a été retiré", "has changed since, or was taken back"))
		}
	}
	if a.Revision != "" {
		rows = append(rows, row{say("Empreinte du texte (SHA\u2011256)", "Digest of the text (SHA\u2011256)"), a.Revision, true})
	}
	add("Attestation établie le", "Attested on", on(a.IssuedAt))
	return lead, rows
}

var months = []string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

// moment writes a moment in words, on the clock of a zone.
func moment(at time.Time, zone *time.Location) fil.Bilingual {
	at = at.In(zone)
	day := strconv.Itoa(at.Day())
	if at.Day() == 1 {
		day = "1er"
	}
	return fil.Bilingual{
		FR: fmt.Sprintf("le %s %s %d à %d h %02d", day, months[at.Month()-1], at.Year(), at.Hour(), at.Minute()),
		EN: at.Format("on 2 January 2006 at 15:04"),
	}
}

// spaced writes a number with narrow no-break spaces between thousands.
func spaced(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}
