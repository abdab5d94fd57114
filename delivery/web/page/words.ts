// The words of the first page, beside those of the feed.

import { lexicon, spoken } from "../words/spoken";

const fr = {
  skip: "Aller au contenu", tagline: "Chaque communication, à qui elle sert", leave: "Changer de clé", otherLanguage: "English",
  connectTitle: "Ouvrir un fil", keyLabel: "Clé ou jeton", open: "Ouvrir",
  keyHint: "Le jeton d'un agent ouvre son fil. Une clé de service permet de choisir un agent. « fil up » affiche celles qu'il a faites.",
  keyKept: "La clé reste dans cet onglet et n'est envoyée qu'à ce serveur.",
  asideLabel: "Agent et chiffres", feedOf: "Fil de {agent}",
  pickerTitle: "Agents", searchLabel: "Chercher par identifiant, organisation ou site", search: "Chercher", moreAgents: "Plus d'agents",
  found: "{n} agents affichés", noAgent: "Aucun agent ne correspond.",
  act: "Agir au nom de l'agent : transmettre affichages, réactions et prises de connaissance",
  observing: "Vous regardez sans laisser de trace.", telling: "Ce que vous faites est transmis pour le compte de l'agent.",
  tellingOwn: "Ce que vous lisez est transmis, pour améliorer votre fil et compter les lecteurs.",
  rules: "Les règles du classement",
  figuresTitle: "Chiffres d'une communication", contentLabel: "Identifiant de la communication", byLabel: "Répartir par (facultatif)",
  figuresKeyLabel: "Clé de communicant ou de direction", show: "Afficher les chiffres",
  figure: "Chiffre", number: "Nombre", withheld: "retenu", totals: "Ensemble", rowsBy: "Par {by}", none: "(sans)", noRows: "Aucune ligne.",
  whyWithheld: "Retenu : le chiffre porte sur moins de 10 agents, ou en ferait connaître un par soustraction.",
  network: "Le serveur ne répond pas. Vérifiez qu'il tourne, puis réessayez.", badKey: "Cette clé est inconnue, révoquée ou expirée.",
  figuresOnly: "Cette clé ne lit pas les fils : elle ouvre les chiffres.",
};

const en: typeof fr = {
  skip: "Skip to content", tagline: "Each message, to whom it serves", leave: "Change key", otherLanguage: "Français",
  connectTitle: "Open a feed", keyLabel: "Key or token", open: "Open",
  keyHint: "An agent's token opens their feed. A service key lets you choose an agent. “fil up” prints those it made.",
  keyKept: "The key stays in this tab and is sent to this server only.",
  asideLabel: "Agent and figures", feedOf: "Feed of {agent}",
  pickerTitle: "Agents", searchLabel: "Search by id, organisation or site", search: "Search", moreAgents: "More agents",
  found: "{n} agents shown", noAgent: "No agent fits.",
  act: "Act on the agent's behalf: send impressions, reactions and acknowledgements",
  observing: "You are looking without leaving a trace.", telling: "What you do is sent on the agent's behalf.",
  tellingOwn: "What you read is sent, to improve your feed and count readers.",
  rules: "The rules of the ranking",
  figuresTitle: "Figures of a message", contentLabel: "Id of the message", byLabel: "Cut by (optional)",
  figuresKeyLabel: "Communicator's or leader's key", show: "Show figures",
  figure: "Figure", number: "Number", withheld: "withheld", totals: "In all", rowsBy: "By {by}", none: "(none)", noRows: "No row.",
  whyWithheld: "Withheld: the figure is about fewer than 10 agents, or would give one away by subtraction.",
  network: "The server does not answer. Check that it runs, then try again.", badKey: "This key is unknown, revoked or expired.",
  figuresOnly: "This key reads no feed: it opens figures.",
};

const figures = {
  fr: {
    targeted: "Agents visés", shown: "Agents à qui elle a été affichée", opened: "Agents qui l'ont ouverte", readers: "Agents qui l'ont lue", acknowledged: "Agents qui en ont pris connaissance",
    impressions: "Affichages", opens: "Ouvertures", reads: "Lectures", dwell_median_seconds: "Temps médian passé (s)", clicks: "Clics", reactions: "Réactions",
    comments: "Commentaires", shares: "Partages", saves: "Mises de côté", follows: "Abonnements", dismissals: "Mises à l'écart", dwells: "Mesures de temps passé", acknowledgements: "Prises de connaissance",
  },
  en: {
    targeted: "Agents aimed at", shown: "Agents shown it", opened: "Agents who opened it", readers: "Agents who read it", acknowledged: "Agents who acknowledged it",
    impressions: "Impressions", opens: "Opens", reads: "Reads", dwell_median_seconds: "Median time spent (s)", clicks: "Clicks", reactions: "Reactions",
    comments: "Comments", shares: "Shares", saves: "Saves", follows: "Follows", dismissals: "Dismissals", dwells: "Measures of time spent", acknowledgements: "Acknowledgements",
  },
};

export type Word = keyof typeof fr;

export const say = lexicon(fr, en);

export const figureNames = (): Record<string, string> => figures[spoken.language];
