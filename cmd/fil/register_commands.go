package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics/register"
)

// registerCommands are the commands about the register of acknowledgements.
type registerCommands struct {
	List     registerListCommand     `cmd:"" help:"${help_register_list}"`
	Show     registerShowCommand     `cmd:"" help:"${help_register_show}"`
	Remind   registerRemindCommand   `cmd:"" help:"${help_register_remind}"`
	Attest   registerAttestCommand   `cmd:"" help:"${help_register_attest}"`
	Verify   registerVerifyCommand   `cmd:"" help:"${help_register_verify}"`
	Accesses registerAccessesCommand `cmd:"" help:"${help_register_accesses}"`
}

// registerTexts are their texts.
func registerTexts() map[string]fil.Bilingual {
	return map[string]fil.Bilingual{
		"help_register":              {FR: "Registre des prises de connaissance : qui a reconnu avoir lu un contenu obligatoire ; il y faut une clé --register, et chaque accès est consigné.", EN: "Register of acknowledgements: who has acknowledged a mandatory content; it takes a --register key, and each access is recorded."},
		"help_register_list":         {FR: "Lister les contenus obligatoires, et combien en ont pris connaissance.", EN: "List the mandatory contents, and how many have acknowledged them."},
		"help_register_show":         {FR: "Dire qui a pris connaissance d'un contenu ; avec --missing, qui ne l'a pas fait.", EN: "Say who has acknowledged a content; with --missing, who has not."},
		"help_register_remind":       {FR: "Rappeler un contenu à ceux qui n'en ont pas pris connaissance ; une fois par jour au plus.", EN: "Remind those who have not acknowledged a content; once a day at most."},
		"help_register_attest":       {FR: "Attester ce qu'un agent a reconnu avoir lu ; sans agent, le bilan du contenu.", EN: "Attest what an agent has acknowledged; without agent, the counts of the content."},
		"help_register_verify":       {FR: "Vérifier une attestation, donnée ou dans un fichier.", EN: "Verify an attestation, given or in a file."},
		"help_register_accesses":     {FR: "Dire qui a consulté le registre, le dernier d'abord.", EN: "Say who has looked at the register, the latest first."},
		"help_register_missing":      {FR: "Ceux qui n'ont pas pris connaissance du texte en vigueur.", EN: "Those who have not acknowledged the text in force."},
		"help_register_former":       {FR: "Ceux qui en ont pris connaissance et ne sont plus concernés.", EN: "Those who have acknowledged and are not concerned any more."},
		"help_register_org":          {FR: "Seulement cette organisation et ce qui en dépend.", EN: "Only that organisation and what is under it."},
		"help_register_query":        {FR: "Seulement les identifiants qui contiennent ce texte.", EN: "Only the ids that contain this text."},
		"help_register_csv":          {FR: "Écrire tous les agents en CSV.", EN: "Write all agents as CSV."},
		"help_register_html":         {FR: "Écrire le document à imprimer.", EN: "Write the document to print."},
		"help_register_state":        {FR: "Ceux-là seulement : current (en cours), past (passés), withdrawn (retirés).", EN: "Those alone: current, past, withdrawn."},
		"help_register_one":          {FR: "Un seul contenu.", EN: "One content alone."},
		"help_register_attestation":  {FR: "Fichier de l'attestation (JSON ou texte signé), ou le texte signé lui-même.", EN: "File of the attestation (JSON or signed text), or the signed text itself."},
		"help_register_attest_agent": {FR: "Identifiant de l'agent ; sans lui, le bilan.", EN: "The agent's id; without it, the counts."},
	}
}

type registerCounted struct {
	ID           string    `json:"id"`
	Title        string    `json:"title"`
	State        string    `json:"state"`
	Deadline     time.Time `json:"deadline"`
	Targeted     *int      `json:"targeted"`
	Acknowledged int       `json:"acknowledged"`
	Missing      *int      `json:"missing"`
	Former       int       `json:"former"`
	RemindedAt   time.Time `json:"reminded_at"`
}

type registerListCommand struct {
	serverFlags
	State string `help:"${help_register_state}" enum:"current,past,withdrawn," default:""`
}

func (c *registerListCommand) Run(w *world) error {
	var text strings.Builder // printed when it is whole: what comes from outside may hold control characters
	tab := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	query := url.Values{"limit": {"100"}}
	if c.State != "" {
		query.Set("state", c.State)
	}
	if !c.JSON {
		_, _ = fmt.Fprintln(tab, fil.Bilingual{FR: "CONTENU\tÉTAT\tDATE LIMITE\tVISÉS\tONT LU\tMANQUENT\tTITRE", EN: "CONTENT\tSTATE\tDEADLINE\tTARGETED\tACKNOWLEDGED\tMISSING\tTITLE"}.In(language(w.Environ)))
	}
	for {
		answer, decoded, err := get[struct {
			Contents []registerCounted `json:"contents"`
			Next     string            `json:"next"`
		}](w, c.serverFlags, http.MethodGet, "/v1/register/contents", query, nil)
		if err != nil || !decoded {
			return err
		}
		for _, one := range answer.Contents {
			_, _ = fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", one.ID, one.State, one.Deadline.Format(time.RFC3339), orDash(one.Targeted), one.Acknowledged, orDash(one.Missing), one.Title)
		}
		if answer.Next == "" {
			return errors.Join(tab.Flush(), w.print(text.String()))
		}
		query.Set("after", answer.Next)
	}
}

func orDash(n *int) string {
	if n == nil {
		return "–"
	}
	return strconv.Itoa(*n)
}

type registerShowCommand struct {
	serverFlags
	Content identifier `arg:"" help:"${help_content}"`
	Missing bool       `help:"${help_register_missing}" xor:"state"`
	Former  bool       `help:"${help_register_former}" xor:"state"`
	Org     string     `help:"${help_register_org}" placeholder:"CHEMIN"`
	Query   string     `help:"${help_register_query}" short:"q" placeholder:"TEXTE"`
	CSV     bool       `help:"${help_register_csv}" name:"csv"`
}

func (c *registerShowCommand) Run(w *world) error {
	query := url.Values{"state": {"acknowledged"}, "limit": {"100"}}
	if c.Missing {
		query.Set("state", "missing")
	} else if c.Former {
		query.Set("state", "former")
	}
	for name, value := range map[string]string{"org": c.Org, "q": c.Query} {
		if value != "" {
			query.Set(name, value)
		}
	}
	path := "/v1/register/contents/" + url.PathEscape(string(c.Content))
	if c.CSV {
		query.Set("format", "csv")
		return c.copy(w, path, query)
	}
	var text strings.Builder // printed when it is whole: what comes from outside may hold control characters
	tab := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	for first := true; ; first = false {
		answer, decoded, err := get[struct {
			Content registerCounted `json:"content"`
			Agents  []struct {
				Agent          string    `json:"agent"`
				Org            string    `json:"org"`
				AcknowledgedAt time.Time `json:"acknowledged_at"`
				By             string    `json:"by"`
				Witness        string    `json:"witness"`
				WitnessLabel   string    `json:"witness_label"`
			} `json:"agents"`
			Next string `json:"next"`
		}](w, c.serverFlags, http.MethodGet, path, query, nil)
		if err != nil || !decoded {
			return err
		}
		if first {
			said := fil.Bilingual{FR: "%s : %s visés, %d ont pris connaissance, %s ne l'ont pas fait\n", EN: "%s: %s targeted, %d have acknowledged, %s have not\n"}.In(language(w.Environ))
			_, _ = fmt.Fprintf(&text, said, answer.Content.Title, orDash(answer.Content.Targeted), answer.Content.Acknowledged, orDash(answer.Content.Missing))
		}
		for _, a := range answer.Agents {
			when := ""
			if !a.AcknowledgedAt.IsZero() {
				when = a.AcknowledgedAt.Format(time.RFC3339)
			}
			_, _ = fmt.Fprintf(tab, "%s\t%s\t%s\t%s\n", a.Agent, a.Org, when, strings.TrimSpace(a.By+" "+a.Witness+" "+a.WitnessLabel))
		}
		if answer.Next == "" {
			return errors.Join(tab.Flush(), w.print(text.String()))
		}
		query.Set("after", answer.Next)
	}
}

// copy writes an answer as it comes.
func (f serverFlags) copy(w *world, path string, query url.Values) error {
	answer, err := f.open(w.ctx, w, http.MethodGet, path, query, nil)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Close() }()
	if _, err := io.Copy(w.Out, answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", f.Server, err)
	}
	return nil
}

type registerRemindCommand struct {
	serverFlags
	Content identifier `arg:"" help:"${help_content}"`
	Org     string     `help:"${help_register_org}" placeholder:"CHEMIN"`
}

func (c *registerRemindCommand) Run(w *world) error {
	body := map[string]string{}
	if c.Org != "" {
		body["org"] = c.Org
	}
	answer, decoded, err := get[struct {
		Agents     int       `json:"agents"`
		RemindFrom time.Time `json:"remind_from"`
	}](w, c.serverFlags, http.MethodPost, "/v1/register/contents/"+url.PathEscape(string(c.Content))+"/reminders", nil, body)
	if err != nil || !decoded {
		return err
	}
	return w.print(fmt.Sprintf(fil.Bilingual{FR: "Rappelé à %d agents ; rappel suivant possible à partir de %s\n", EN: "%d agents are reminded; the next reminder is possible from %s\n"}.In(language(w.Environ)),
		answer.Agents, answer.RemindFrom.Format(time.RFC3339)))
}

type registerAttestCommand struct {
	serverFlags
	Content identifier `arg:"" help:"${help_content}"`
	Agent   identifier `arg:"" optional:"" help:"${help_register_attest_agent}"`
	HTML    bool       `help:"${help_register_html}" name:"html"`
}

// Run writes the attestation as JSON, which is what is kept and verified, or as the document.
func (c *registerAttestCommand) Run(w *world) error {
	query := url.Values{"format": {"json"}}
	if c.HTML {
		query.Set("format", "html")
	}
	if c.Agent != "" {
		query.Set("agent", string(c.Agent))
	}
	return c.copy(w, "/v1/register/contents/"+url.PathEscape(string(c.Content))+"/attestation", query)
}

type registerVerifyCommand struct {
	serverFlags
	Attestation string `arg:"" help:"${help_register_attestation}"`
}

func (c *registerVerifyCommand) Run(w *world) error {
	text := c.Attestation
	if raw, err := os.ReadFile(c.Attestation); err == nil {
		text = string(raw)
	} else if text = strings.TrimSpace(text); !strings.HasPrefix(text, "ey") && !strings.HasPrefix(text, "{") { // as a JWS or JSON begins
		return fmt.Errorf("read %s: %w", c.Attestation, err)
	}
	answer, decoded, err := get[struct {
		Valid       bool   `json:"valid"`
		Detail      string `json:"detail"`
		Code        string `json:"code"`
		Attestation struct {
			Content        string    `json:"content"`
			Title          string    `json:"title"`
			Agent          string    `json:"agent"`
			AcknowledgedAt time.Time `json:"acknowledged_at"`
			Revision       string    `json:"revision"`
		} `json:"attestation"`
	}](w, c.serverFlags, http.MethodPost, "/v1/register/verify", nil, map[string]string{"attestation": text})
	if err != nil || !decoded {
		return err
	}
	if !answer.Valid {
		return errors.New(answer.Detail)
	}
	a := answer.Attestation
	lines := []string{answer.Detail, answer.Code, a.Content + " · " + a.Title}
	if a.Agent != "" {
		lines = append(lines, a.Agent+" · "+a.AcknowledgedAt.Format(time.RFC3339), a.Revision)
	}
	return w.print(strings.Join(lines, "\n") + "\n")
}

type registerAccessesCommand struct {
	serverFlags
	Content identifier `help:"${help_register_one}" placeholder:"ID"`
	Limit   int        `help:"${help_limit}" default:"50"`
}

func (c *registerAccessesCommand) Run(w *world) error {
	query := url.Values{"limit": {strconv.Itoa(min(c.Limit, 100))}}
	if c.Content != "" {
		query.Set("content", string(c.Content))
	}
	var text strings.Builder // printed when it is whole: what comes from outside may hold control characters
	tab := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	for told := 0; ; {
		answer, decoded, err := get[struct {
			Accesses []struct {
				register.Access

				Lines *int `json:"lines"` // null: not said to this key
			} `json:"accesses"`
			Next string `json:"next"`
		}](w, c.serverFlags, http.MethodGet, "/v1/register/accesses", query, nil)
		if err != nil || !decoded {
			return err
		}
		for _, a := range answer.Accesses {
			_, _ = fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\n", a.At.Format(time.RFC3339), strings.TrimSpace(a.By+" "+a.Label), a.Act,
				strings.TrimSpace(a.Content+" "+a.State), strings.TrimSpace(a.Agent+" "+a.Org+" "+a.Query), orDash(a.Lines))
		}
		if told += len(answer.Accesses); answer.Next == "" || told >= c.Limit {
			return errors.Join(tab.Flush(), w.print(text.String()))
		}
		query.Set("after", answer.Next)
	}
}
