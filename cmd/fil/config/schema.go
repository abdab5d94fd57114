package config

import "github.com/filengine/fil"

// defaultSchema declares what French public directories commonly hold and what targeting commonly needs. Union, health,
// opinion, origin and the like are never among them.
func defaultSchema() fil.Schema {
	text := func(name, fr, en string) fil.Attribute {
		return fil.Attribute{Name: name, Kind: fil.KindText, Label: fil.Bilingual{FR: fr, EN: en}}
	}
	of := func(kind fil.AttributeKind, name, fr, en string) fil.Attribute {
		return fil.Attribute{Name: name, Kind: kind, Label: fil.Bilingual{FR: fr, EN: en}}
	}
	return fil.Schema{
		text("branch", "Versant", "Branch of the civil service"),
		text("ministry", "Ministère", "Ministry"),
		text("service", "Service", "Service"),
		text("category", "Catégorie", "Category"),
		text("corps", "Corps ou cadre d'emplois", "Corps"),
		text("grade", "Grade", "Grade"),
		text("job", "Métier", "Job"),
		text("contract", "Statut", "Status"),
		text("region", "Région", "Region"),
		text("country", "Pays", "Country"),
		of(fil.KindBoolean, "manager", "Encadrant", "Manager"),
		of(fil.KindNumber, "telework_days", "Jours de télétravail par semaine", "Days of telework a week"),
		of(fil.KindDate, "hired", "Date d'entrée", "Date of entry"),
		of(fil.KindDate, "contract_end", "Fin de contrat", "End of contract"),
		of(fil.KindList, "skills", "Compétences", "Skills"),
		of(fil.KindAgent, "supervisor", "Responsable", "Supervisor"),
	}
}
