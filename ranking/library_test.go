package ranking_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/filengine/fil"
)

// library is a few contents on each of six subjects, made up, by subject; three are in English and one in both languages.
func library() map[string][]fil.Content {
	texts := map[string][][2]string{
		"santé": {
			{"Votre mutuelle change au 1er janvier", "La nouvelle complémentaire santé couvre mieux l'optique et le dentaire. Les cotisations des agents sont prises à moitié en charge."},
			{"Complémentaire santé : adhérer à la mutuelle", "Chaque agent choisit sa mutuelle avant le 31 décembre. Les garanties optiques, dentaires et l'hospitalisation sont détaillées."},
			{"Prévoyance et mutuelles : les cotisations 2027", "Les cotisations de la prévoyance baissent, les garanties de la complémentaire demeurent. Un conseiller santé répond."},
			{"Réunion sur les garanties de santé", "La mutuelle présente ses remboursements : dentaire, optique, hospitalisation, soins courants."},
			{"Remboursements dentaires améliorés", "La complémentaire rembourse désormais les couronnes. Les assurés de la mutuelle n'ont rien à faire."},
		},
		"télétravail": {
			{"Télétravail : trois jours par semaine", "L'accord sur le télétravail est signé. L'indemnité forfaitaire passe à 3 euros par journée télétravaillée."},
			{"Demander à télétravailler", "La demande de télétravail se fait en ligne. Le supérieur répond sous un mois ; les jours flottants sont possibles."},
			{"Matériel du télétravailleur", "Ordinateur portable, écran et siège sont prêtés aux agents en télétravail, à leur domicile."},
			{"Le télétravail, un an après", "Bilan de l'accord : les agents télétravaillent deux jours par semaine, à domicile ou en espace partagé."},
			{"Indemnité de télétravail : versement en mai", "Le forfait télétravail est versé chaque trimestre, selon les jours à domicile déclarés."},
		},
		"concours": {
			{"Concours interne d'attaché : inscriptions ouvertes", "Les épreuves d'admissibilité ont lieu en novembre. Le jury publie les annales et le calendrier du concours."},
			{"Préparer l'oral d'un concours", "Des formateurs vous entraînent à l'épreuve orale devant un jury. Inscription aux préparations jusqu'au 12."},
			{"Résultats du concours de rédacteur", "La liste des admissibles est publiée. Les candidats passent l'oral devant le jury en mars."},
			{"Examens professionnels et concours 2027", "Le calendrier des épreuves, les postes ouverts et les annales pour les candidats."},
			{"Candidats admissibles : vos épreuves orales", "Le jury convoque les candidats à l'oral. Les préparations au concours reprennent lundi."},
		},
		"cantine": {
			{"Menus de la cantine", "Le restaurant administratif propose un menu végétarien chaque jour, des légumes de saison et du pain bio."},
			{"Le restaurant change de prestataire", "Les repas du restaurant administratif seront cuisinés sur place, avec des produits locaux. Tarif du menu inchangé."},
			{"Semaine du goût à la cantine", "Dégustation de légumes anciens, menus sans viande et desserts de saison au restaurant."},
			{"Badge de cantine", "Rechargez votre badge pour payer vos repas. Les tarifs du restaurant dépendent de l'indice."},
			{"Menu végétarien : votre avis", "Que pensez-vous des repas sans viande du restaurant administratif ? Légumes et plats de saison."},
		},
		"vélo": {
			{"Forfait mobilités durables", "Venez à vélo ou en covoiturage : jusqu'à 300 euros par an. Déclarez vos trajets avant décembre."},
			{"Un garage à vélos sécurisé", "Les cyclistes disposent d'arceaux et de casiers. Le stationnement des vélos est gratuit au sous-sol."},
			{"Vélos électriques en location", "Louez un vélo électrique pour vos trajets entre domicile et bureau. Cyclistes débutants bienvenus."},
			{"Atelier de réparation de vélos", "Freins, pneus, éclairage : un mécanicien aide les cyclistes à entretenir leur vélo."},
			{"Covoiturage et trajets à vélo : le point", "Les mobilités durables progressent : un cycliste sur dix agents, et deux cents covoitureurs."},
		},
	}
	contents := map[string][]fil.Content{}
	for subject, pairs := range texts {
		for i, pair := range pairs {
			c := news(fmt.Sprint(subject, i), noon.Add(-time.Hour))
			c.Title, c.Body = pair[0], pair[1]
			contents[subject] = append(contents[subject], c)
		}
	}
	for i, pair := range [][2]string{
		{"Phishing: beware of fake invoices", "Attackers send e-mails with malicious attachments. Never give your password; report suspicious messages to the security team."},
		{"Choosing a strong password", "A password manager remembers your passwords. Two-factor authentication protects accounts from attackers."},
		{"Reporting suspicious e-mails", "Use the button to report phishing. The security team analyses attachments and blocks the attackers."},
		{"Hameçonnage : attention aux pièces jointes", "Ne donnez jamais votre mot de passe. Signalez les courriels suspects à la sécurité informatique."},
		{"Security awareness: passwords and phishing", "Short courses on authentication, malicious attachments and what attackers want from your accounts."},
	} {
		c := news(fmt.Sprint("security", i), noon.Add(-time.Hour))
		c.Title, c.Body, c.Language = pair[0], pair[1], "en"
		if i == 3 {
			c.Language = ""
			c.Translations = map[string]fil.Variant{"en-GB": {Title: "Phishing: mind the attachments", Body: "Never give your password. Report suspicious e-mails to the security team."}}
		}
		contents["security"] = append(contents["security"], c)
	}
	return contents
}

// shelves lists the contents of all subjects, always in one order.
func shelves() (contents []fil.Content) {
	subjects := library()
	for _, subject := range slices.Sorted(maps.Keys(subjects)) {
		contents = append(contents, subjects[subject]...)
	}
	return contents
}
