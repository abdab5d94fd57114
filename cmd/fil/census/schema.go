package census

import (
	"fmt"
	"io"
	"strconv"

	"github.com/filengine/fil"
)

// Schema declares the twenty attributes of agents, which a server must declare before they are imported.
func Schema() fil.Schema {
	return fil.Schema{
		{Name: "branch", Kind: fil.KindText, Label: fil.Bilingual{FR: "Versant", EN: "Branch of the civil service"},
			Values: []string{"fonction publique de l'État", "fonction publique territoriale", "fonction publique hospitalière"}},
		{Name: "category", Kind: fil.KindText, Label: fil.Bilingual{FR: "Catégorie", EN: "Category"}, Values: []string{"A", "B", "C"}},
		{Name: "corps", Kind: fil.KindText, Label: fil.Bilingual{FR: "Corps ou cadre d'emplois", EN: "Corps"}},
		{Name: "grade", Kind: fil.KindText, Label: fil.Bilingual{FR: "Grade", EN: "Grade"}},
		{Name: "status", Kind: fil.KindText, Label: fil.Bilingual{FR: "Statut", EN: "Status"},
			Values: []string{"titulaire", "stagiaire", "contractuel", "apprenti", "militaire", "praticien", "ouvrier de l'État"}},
		{Name: "region", Kind: fil.KindText, Label: fil.Bilingual{FR: "Région", EN: "Region"}},
		{Name: "departement", Kind: fil.KindText, Label: fil.Bilingual{FR: "Département", EN: "Département"}},
		{Name: "employer", Kind: fil.KindText, Label: fil.Bilingual{FR: "Employeur", EN: "Employer"}},
		{Name: "email_domain", Kind: fil.KindText, Label: fil.Bilingual{FR: "Domaine du courriel", EN: "E-mail domain"}},
		{Name: "job", Kind: fil.KindText, Label: fil.Bilingual{FR: "Famille de métiers", EN: "Family of jobs"}},
		{Name: "hired", Kind: fil.KindDate, Label: fil.Bilingual{FR: "Date d'entrée", EN: "Date of entry"}},
		{Name: "contract_end", Kind: fil.KindDate, Label: fil.Bilingual{FR: "Fin de contrat", EN: "End of contract"}},
		{Name: "birth_decade", Kind: fil.KindNumber, Label: fil.Bilingual{FR: "Décennie de naissance", EN: "Decade of birth"}},
		{Name: "manager", Kind: fil.KindBoolean, Label: fil.Bilingual{FR: "Encadrant", EN: "Manager"}},
		{Name: "supervisor", Kind: fil.KindAgent, Label: fil.Bilingual{FR: "Responsable", EN: "Supervisor"}},
		{Name: "telework_days", Kind: fil.KindNumber, Label: fil.Bilingual{FR: "Jours de télétravail par semaine", EN: "Days of telework a week"}},
		{Name: "working_time", Kind: fil.KindNumber, Label: fil.Bilingual{FR: "Quotité de travail, en pour cent", EN: "Working time, per cent"}},
		{Name: "skills", Kind: fil.KindList, Label: fil.Bilingual{FR: "Compétences", EN: "Skills"}},
		{Name: "languages", Kind: fil.KindList, Label: fil.Bilingual{FR: "Langues", EN: "Languages"}},
		{Name: "opted_out", Kind: fil.KindBoolean, Label: fil.Bilingual{FR: "Ne veut pas être sollicité", EN: "Does not want to be solicited"}},
	}
}

// WriteSchema writes the attributes as fil.yaml declares them.
func WriteSchema(w io.Writer) error {
	if _, err := fmt.Fprintln(w, "attributes:"); err != nil {
		return fmt.Errorf("write the attributes: %w", err)
	}
	for _, a := range Schema() {
		values := ""
		for i, value := range a.Values {
			values += []string{", values: [", ", "}[min(i, 1)] + strconv.Quote(value)
		}
		if values != "" {
			values += "]"
		}
		if _, err := fmt.Fprintf(w, "  - {name: %s, kind: %s, label: {fr: %q, en: %q}%s}\n", a.Name, a.Kind, a.Label.FR, a.Label.EN, values); err != nil {
			return fmt.Errorf("write the attributes: %w", err)
		}
	}
	return nil
}
