// The words of the first page, beside those of the feed.

import { lexicon } from "../words/spoken";

const fr = {
  skip: "Aller au contenu", tagline: "Chaque communication, à qui elle sert", leave: "Changer de clé", otherLanguage: "English",
  connectTitle: "Ouvrir un fil", keyLabel: "Clé ou jeton", open: "Ouvrir",
  keyHint: "Le jeton d'un agent ouvre son fil. Une clé de service permet de choisir un agent. « fil up » affiche celles qu'il a faites.",
  keyKept: "La clé reste dans cet onglet et n'est envoyée qu'à ce serveur.",
  asideLabel: "Choix de l'agent", feedOf: "Fil de {agent}",
  pickerTitle: "Agents", searchLabel: "Chercher par identifiant, organisation ou site", search: "Chercher", moreAgents: "Plus d'agents",
  found: "{n} agents affichés", noAgent: "Aucun agent ne correspond.",
  act: "Agir au nom de l'agent : transmettre affichages, réactions et prises de connaissance",
  observing: "Vous regardez sans laisser de trace.", telling: "Ce que vous faites est transmis pour le compte de l'agent.",
  tellingOwn: "Ce que vous lisez est transmis, pour améliorer votre fil et compter les lecteurs.",
  rules: "Les règles du classement",
  network: "Le serveur ne répond pas. Vérifiez qu'il tourne, puis réessayez.", badKey: "Cette clé est inconnue, révoquée ou expirée.",
  otherKey: "Cette clé ne lit pas les fils : une clé de communicant ouvre la console (/console/) et les tableaux de bord (/dashboards/), une clé de direction les tableaux de bord.",
};

const en: typeof fr = {
  skip: "Skip to content", tagline: "Each message, to whom it serves", leave: "Change key", otherLanguage: "Français",
  connectTitle: "Open a feed", keyLabel: "Key or token", open: "Open",
  keyHint: "An agent's token opens their feed. A service key lets you choose an agent. “fil up” prints those it made.",
  keyKept: "The key stays in this tab and is sent to this server only.",
  asideLabel: "Choice of the agent", feedOf: "Feed of {agent}",
  pickerTitle: "Agents", searchLabel: "Search by id, organisation or site", search: "Search", moreAgents: "More agents",
  found: "{n} agents shown", noAgent: "No agent fits.",
  act: "Act on the agent's behalf: send impressions, reactions and acknowledgements",
  observing: "You are looking without leaving a trace.", telling: "What you do is sent on the agent's behalf.",
  tellingOwn: "What you read is sent, to improve your feed and count readers.",
  rules: "The rules of the ranking",
  network: "The server does not answer. Check that it runs, then try again.", badKey: "This key is unknown, revoked or expired.",
  otherKey: "This key reads no feed: a communicator's key opens the console (/console/) and the dashboards (/dashboards/), a leader's the dashboards.",
};

export type Word = keyof typeof fr;

export const say = lexicon(fr, en);
