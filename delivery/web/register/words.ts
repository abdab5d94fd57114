// The words of the register of acknowledgements.

import { lexicon } from "../words/spoken";

const fr = {
  register: "Registre", heading: "Registre des prises de connaissance", accesses: "Qui a consulté le registre", back: "Retour au registre",
  law: "Par nom, pour les seules personnes habilitées. Chaque consultation est consignée.",
  stateLabel: "Afficher", all: "Toutes", current: "En cours", past: "Échues", withdrawn: "Retirées",
  denied: "Cette clé ne voit pas le registre des prises de connaissance. Demandez à votre administrateur une clé qui en ait le droit, puis déconnectez-vous et connectez-vous avec elle.",
  none: "Aucune communication obligatoire.", noneHint: "Une communication devient obligatoire quand on lui donne une date « à lire avant le… ».",
  title: "Communication", deadline: "À lire avant le", done: "En ont pris connaissance", missing: "Restent", progress: "{done} sur {of}", unknown: "sans objet",
  more: "Afficher la suite", state: "État",
  missingTab: "N'ont pas pris connaissance", acknowledgedTab: "Ont pris connaissance", formerTab: "Ne sont plus concernés",
  facts: "Publiée le {published}. À lire avant le {deadline}.", factsNoDeadline: "Publiée le {published}.", revised: "Modifiée sur le fond le {revised} : il faut en reprendre connaissance depuis.",
  org: "Organisation", agentId: "Identifiant de l'agent", search: "Chercher", agent: "Agent", site: "Site", when: "Pris connaissance le", how: "Comment", reminded: "Dernier rappel", acts: "Attestation",
  byAgent: "Par l'agent", byService: "Attesté par {who}", gone: "n'est plus dans l'annuaire", allOrgs: "Toutes les organisations",
  noneMissing: "Tout le monde en a pris connaissance.", noneAcknowledged: "Personne n'en a encore pris connaissance.", noneFormer: "Personne.", noneFound: "Aucun agent ne correspond.",
  remind: "Relancer", remindAll: "Relancer tous ceux qui restent ?", remindOrg: "Relancer ceux de {org} qui restent ?",
  remindText: "La communication leur revient en tête de fil, marquée « Rappel », avec la date limite. Un rappel par jour au plus.",
  nobodyThere: "Cette communication ne concerne personne dans « {org} ». Recopiez l'organisation telle que la liste l'écrit, ou videz ce champ pour relancer tous ceux qui restent.",
  remindedNow: "Rappel envoyé à {n} agents.", remindedOne: "Rappel envoyé à 1 agent.", remindLater: "Rappel suivant possible : {at}.",
  reminders: "Rappels envoyés", reminderLine: "{at}, par {who}", reminderOrg: "{at}, à {org}, par {who}", noReminder: "Aucun rappel.",
  csv: "Télécharger la liste (CSV)", sheet: "Télécharger le bilan signé", attest: "Télécharger", attestOf: "Télécharger l'attestation de {agent}",
  verify: "Vérifier une attestation", verifyLabel: "Texte signé", verifyHint: "Copiez ici tout le texte signé qui est au bas de l'attestation, ou tout le contenu du fichier de l'attestation.", verifyDo: "Vérifier",
  verifyCode: "Code de vérification : {code}", verifyOf: "« {title} », {agent}, le {at}", verifySheet: "Bilan de « {title} », le {at}",
  at: "Quand", who: "Qui", what: "Quoi", lines: "Lignes", notSaid: "non dit", noAccess: "Aucune consultation.",
  contents: "liste des communications", list: "liste de noms", export: "liste téléchargée", reminder: "rappel", attestation: "attestation", sheetAct: "bilan signé",
  accessesAct: "lecture de cette page", refused: "demande refusée : clé sans le droit", themself: "L'agent {agent}",
};

const en: typeof fr = {
  register: "Register", heading: "Register of acknowledgements", accesses: "Who has looked at the register", back: "Back to the register",
  law: "By name, for those who are entitled only. Each look at it is written down.",
  stateLabel: "Show", all: "All", current: "Under way", past: "Past their deadline", withdrawn: "Withdrawn",
  denied: "This key does not see the register of acknowledgements. Ask your administrator for a key that may, then sign out and sign in with it.",
  none: "No mandatory message.", noneHint: "A message becomes mandatory when it is given a date “to be read by…”.",
  title: "Message", deadline: "To be read by", done: "Have acknowledged", missing: "Remain", progress: "{done} of {of}", unknown: "not applicable",
  more: "Show more", state: "State",
  missingTab: "Have not acknowledged", acknowledgedTab: "Have acknowledged", formerTab: "No longer concerned",
  facts: "Published on {published}. To be read by {deadline}.", factsNoDeadline: "Published on {published}.", revised: "Changed in substance on {revised}: to be acknowledged again since.",
  org: "Organisation", agentId: "Agent's id", search: "Search", agent: "Agent", site: "Site", when: "Acknowledged on", how: "How", reminded: "Last reminder", acts: "Attestation",
  byAgent: "By the agent", byService: "Attested by {who}", gone: "no longer in the directory", allOrgs: "All organisations",
  noneMissing: "Everyone has acknowledged it.", noneAcknowledged: "Nobody has acknowledged it yet.", noneFormer: "Nobody.", noneFound: "No agent fits.",
  remind: "Remind", remindAll: "Remind all those who remain?", remindOrg: "Remind those of {org} who remain?",
  remindText: "The message comes back at the top of their feed, marked “Reminder”, with the deadline. One reminder a day at most.",
  nobodyThere: "This message concerns nobody in “{org}”. Copy the organisation as the list writes it, or empty that field to remind all who remain.",
  remindedNow: "Reminder sent to {n} agents.", remindedOne: "Reminder sent to 1 agent.", remindLater: "Next reminder possible: {at}.",
  reminders: "Reminders sent", reminderLine: "{at}, by {who}", reminderOrg: "{at}, to {org}, by {who}", noReminder: "No reminder.",
  csv: "Download the list (CSV)", sheet: "Download the signed sheet", attest: "Download", attestOf: "Download the attestation of {agent}",
  verify: "Verify an attestation", verifyLabel: "Signed text", verifyHint: "Copy here the whole signed text at the foot of the attestation, or all that is in the attestation's file.", verifyDo: "Verify",
  verifyCode: "Verification code: {code}", verifyOf: "“{title}”, {agent}, on {at}", verifySheet: "Sheet of “{title}”, on {at}",
  at: "When", who: "Who", what: "What", lines: "Lines", notSaid: "not said", noAccess: "Nobody has looked.",
  contents: "list of messages", list: "list of names", export: "list downloaded", reminder: "reminder", attestation: "attestation", sheetAct: "signed sheet",
  accessesAct: "this page read", refused: "refused: key without the right", themself: "The agent {agent}",
};

export type Word = keyof typeof fr;
export const say = lexicon(fr, en);
