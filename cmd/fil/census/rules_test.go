package census_test

// rulesOf are twelve rules of 1, of 5 or of 20 clauses, as communicators would write them: dense and sparse, paths,
// ranges, lists, words that contain a text, and negations.
func rulesOf(clauses int) []*clause {
	switch clauses {
	case 1:
		return []*clause{
			is("category", "A"), is("branch", "fonction publique hospitalière"), is("corps", "Aide-soignant"), is("departement", "Lozère"),
			is("employer", "Commune de Lille"), under("etat/interieur"), under("territorial/communes/finistere"), since("hired", "2025-01-01"),
			atLeast("telework_days", 2), has("skills", "secourisme"), not(yes("opted_out")), matching("grade", "contains", "hors classe"),
		}
	case 5:
		return fives()
	default:
		return twenties()
	}
}

func fives() []*clause {
	out := yes("opted_out")
	return []*clause{
		allOf(is("branch", "fonction publique hospitalière"), is("category", "A"), not(yes("manager")), is("region", "Île-de-France"), before("hired", "2015-01-01")),
		allOf(under("etat/education"), is("job", "Enseignement du second degré"), oneOf("departement", "Nord", "Pas-de-Calais", "Somme"), since("hired", "2020-09-01"), not(out)),
		allOf(oneOf("corps", "Attaché territorial", "Rédacteur territorial", "Adjoint administratif territorial"), atLeast("telework_days", 1), not(yes("manager")), has("skills", "tableur"), not(out)),
		allOf(is("status", "contractuel"), before("contract_end", "2026-07-01"), oneOf("region", "Bretagne", "Normandie", "Pays de la Loire"), not(yes("manager")), not(out)),
		allOf(yes("manager"), is("category", "A"), oneOf("branch", "fonction publique de l'État", "fonction publique territoriale"), atLeast("birth_decade", 1980), not(out)),
		anyOf(allOf(is("employer", "Commune de Lille"), is("category", "B")), allOf(is("employer", "Commune de Paris"), is("category", "B")), yes("manager")),
		allOf(under("hospitalier/chu"), is("job", "Soins infirmiers"), atMost("working_time", 90), anyOf(has("languages", "anglais"), has("languages", "espagnol"))),
		allOf(not(is("branch", "fonction publique de l'État")), not(is("category", "C")), not(is("status", "contractuel")), not(yes("manager")), not(out)),
		allOf(matching("grade", "contains", "principal"), is("category", "C"), under("territorial/departements"), atMost("birth_decade", 1970), not(out)),
		allOf(under("etat/interieur/police"), is("departement", "Bouches-du-Rhône"), has("skills", "secourisme"), since("hired", "2010-01-01"), before("hired", "2020-01-01")),
		allOf(oneOf("job", "Systèmes d'information", "Communication", "Affaires juridiques", "Ressources humaines", "Budget et finances"), atLeast("telework_days", 2), atLeast("working_time", 100), has("languages", "anglais"), not(out)),
		anyOf(is("departement", "Lozère"), is("departement", "Creuse"), is("departement", "Cantal"), allOf(is("region", "Corse"), not(out))),
	}
}

// twenties are built as long rules are: a few populations that are each described in full, what they share, and exceptions.
func twenties() []*clause {
	out := yes("opted_out")
	aimed := func(job, region, status string) *clause {
		return allOf(is("job", job), is("region", region), not(is("status", status)), atMost("telework_days", 2))
	}
	shared := allOf(not(out), not(yes("manager")), atLeast("working_time", 50), since("hired", "1990-01-01"))
	var rules []*clause
	for _, regions := range [][4]string{{"Bretagne", "Normandie", "Occitanie", "Corse"}, {"Île-de-France", "Grand Est", "Hauts-de-France", "Mayotte"}} {
		rules = append(rules,
			allOf(anyOf(aimed("Voirie et réseaux", regions[0], "contractuel"), aimed("Espaces verts", regions[1], "stagiaire"), aimed("Action sociale", regions[2], "apprenti"), aimed("Accueil du public", regions[3], "contractuel")), shared),
			allOf(anyOf(aimed("Soins infirmiers", regions[0], "contractuel"), aimed("Aide aux soins", regions[1], "stagiaire"), aimed("Médecine et pharmacie", regions[2], "titulaire"), aimed("Laboratoire et imagerie", regions[3], "contractuel")), shared),
			anyOf(aimed("Enseignement du premier degré", regions[0], "contractuel"), aimed("Enseignement du second degré", regions[1], "contractuel"), aimed("Vie scolaire", regions[2], "titulaire"), aimed("Police nationale", regions[3], "stagiaire"), shared),
			allOf(not(aimed("Police nationale", regions[0], "stagiaire")), not(aimed("Gendarmerie nationale", regions[1], "contractuel")), not(aimed("Juridictions", regions[2], "stagiaire")), not(aimed("Fiscalité", regions[3], "contractuel")), shared),
		)
	}
	return append(rules,
		anyOf(
			allOf(under("etat/finances"), is("category", "A"), atLeast("telework_days", 1), not(out), has("languages", "anglais")),
			allOf(under("etat/justice"), is("category", "B"), atLeast("birth_decade", 1970), not(out), since("hired", "2012-01-01")),
			allOf(under("territorial/regions"), is("category", "C"), atMost("working_time", 80), not(out), has("skills", "hygiène alimentaire")),
			allOf(under("hospitalier/ch"), is("category", "A"), yes("manager"), not(out), before("hired", "2010-01-01")),
		),
		allOf(
			oneOf("category", "A", "B"), not(out), oneOf("status", "titulaire", "stagiaire", "contractuel"), atLeast("working_time", 60), atLeast("birth_decade", 1960), since("hired", "1995-01-01"),
			not(under("etat/armees")), not(under("etat/interieur/gendarmerie")), not(is("region", "Mayotte")), not(is("region", "Guyane")), not(is("job", "Police nationale")),
			anyOf(has("skills", "tableur"), has("skills", "pédagogie"), has("skills", "hygiène"), has("skills", "secourisme"), has("languages", "anglais")), not(is("employer", "Commune de Paris")),
			not(has("languages", "russe")), not(is("job", "Diplomatie")), not(is("corps", "Préfet")),
		),
		anyOf(
			is("departement", "Nord"), is("departement", "Rhône"), is("departement", "Gironde"), is("departement", "Loire-Atlantique"), is("departement", "Haute-Garonne"), is("departement", "Hérault"),
			is("departement", "Isère"), is("departement", "Bas-Rhin"), is("departement", "Ille-et-Vilaine"), is("departement", "Moselle"), is("departement", "Var"), is("departement", "Oise"),
			is("departement", "Finistère"), is("departement", "Gard"), is("departement", "Loire"), is("departement", "Somme"), is("departement", "Aisne"), is("departement", "Marne"), is("departement", "Landes"), is("departement", "Tarn"),
		),
		allOf(
			matching("email_domain", "endsWith", ".gouv.example"), matching("employer", "startsWith", "Direction"), not(matching("grade", "contains", "principal")), not(out), not(yes("manager")),
			anyOf(is("category", "A"), is("category", "B")), anyOf(is("status", "titulaire"), is("status", "stagiaire")), atLeast("telework_days", 1), atMost("telework_days", 2), since("hired", "2000-01-01"), before("hired", "2024-01-01"),
			anyOf(has("skills", "tableur"), has("skills", "comptabilité publique"), has("skills", "sig"), has("skills", "droit fiscal")), not(has("languages", "chinois")), atLeast("birth_decade", 1970), atMost("birth_decade", 1990),
		),
	)
}
