// The words of the dashboards. Those of a screen alone stand beside it.

import { lexicon } from "../charts/words";

const fr = {
  overview: "Vue d'ensemble", contents: "Communications", audiences: "Audiences", funnel: "Parcours", equity: "Équité", services: "Services", pressure: "Pression", hours: "Heures",
  org: "Organisation", site: "Site",
  // The bar.
  bar: "Période, répartition et filtres", period: "Période", sevenDays: "7 derniers jours", fourWeeks: "4 dernières semaines", threeMonths: "3 derniers mois", oneYear: "12 derniers mois", fiveYears: "Cinq ans, mois par mois", chosenDays: "Dates au choix",
  from: "Du", to: "Au", by: "Répartir par", filter: "Filtrer", unfilter: "Retirer le filtre {filter}", filterTitle: "Ne compter que certains agents", filterBy: "Selon",
  filterValues: "Valeurs", filterNone: "Aucun groupe n'est assez grand pour être distingué sur cette période. Choisissez une période plus longue ou un autre critère.", filterPick: "Cochez au moins une valeur.", apply: "Appliquer",
  share: "Copier l'adresse", shared: "L'adresse est copiée : qui a une clé y voit la même chose.", shareTitle: "Adresse de cette page", shareHint: "Copiez-la : qui a une clé y voit la même chose.", print: "Imprimer ou PDF",
  allAgents: "Tous les agents", printed: "Édité le {day}",
  cutOff: "{days} : répartition arrêtée à hier", filterOff: "chiffres arrêtés à hier", soon: "La répartition d'aujourd'hui sera connue demain.", otherBy: "Cette adresse demande une répartition que cette maison ne compte pas : voici celle par {axis}.",
  in_week: "En sept jours", in_four: "En quatre semaines", in_quarter: "En trois mois", in_year: "En douze mois", in_five: "En cinq ans", sinceDay: "Depuis le {day}", inDays: "En {n} jours", inDay: "En un jour",
  detailedFrom: "Le détail est gardé à partir du {day} : l'ensemble et les répartitions portent sur la période qui commence ce jour-là. Avant, il reste les chiffres de chaque mois entier.", detailedOnly: "Le détail est gardé à partir du {day} : les chiffres portent sur la période qui commence ce jour-là.",
  // The figures.
  reach: "Portée", reading: "Lecture", acknowledgement: "Prise de connaissance", acting: "Action", figure: "Chiffre",
  targeted: "Agents visés", shown: "Agents atteints", opened: "Ont ouvert", read: "Ont lu", acknowledged: "Ont pris connaissance", acted: "Ont agi", interval: "Intervalle",
  reachMeans: "Part des agents à qui au moins une communication a été montrée, parmi ceux à qui une communication s'adressait.",
  readingMeans: "Part des agents qui ont lu au moins une communication, parmi ceux à qui il en a été montré.",
  acknowledgementMeans: "Part des agents qui ont déclaré « J'ai pris connaissance », parmi ceux à qui une communication s'adressait.",
  actingMeans: "Agents qui ont fait plus que lire : suivi un lien, réagi, commenté, partagé, gardé, suivi un sujet ou pris connaissance.",
  definition: "Définition", how: "Comment lire ces chiffres",
  howInterval: "« Entre 39 % et 43 % » : le chiffre exact est dans cet intervalle 19 fois sur 20. Un écart n'est annoncé que s'il dépasse ce que le hasard et les arrondis expliquent.",
  howGroups: "On compte des agents, chacun une fois, jamais ce que fait une personne. {rounded} Les agents visés sont donnés à cinq près. Les prises de connaissance exactes sont dans le registre, pour qui y a droit.",
  rounded: "Chaque compte est arrondi dans chaque petit groupe, pour que personne ne soit reconnu : une somme peut s'écarter de quelques agents, davantage si elle réunit beaucoup de groupes.",
  howWithheld: "« Retenu » : trop peu d'agents sont concernés pour donner le chiffre sans risquer d'en faire reconnaître un. Choisissez une période plus longue, ou un groupe plus large.",
  howMixed: "« Groupes trop petits pour être distingués » : ces agents comptent dans l'ensemble, mais dans aucune ligne.",
  withheld: "retenu", withheldWhy: "Certains chiffres sont retenus : ils portent sur trop peu d'agents. Pour en voir plus, choisissez une période plus longue ou un groupe plus large.",
  tileWithheld: "Retenu", tileWithheldWhy: "Trop peu d'agents. Choisissez une période plus longue ou moins de filtres.", tileUnknownWhy: "Le nombre d'agents visés n'est connu que pour l'ensemble. Retirez les filtres pour le voir.",
  of: "{part} agents sur {whole}", agents: "{n} agents", more: "{points} de plus qu'à la période précédente", less: "{points} de moins qu'à la période précédente", same: "Pas d'écart sûr avec la période précédente", point: "{n} point", points: "{n} points",
  moreAgents: "{n} agents de plus qu'à la période précédente", lessAgents: "{n} agents de moins qu'à la période précédente",
  young: "La période précédente n'est pas connue en entier : pas de comparaison.", small: "Ce groupe est trop petit pour que ses chiffres soient donnés sur cette période. Choisissez une période plus longue ou retirez des filtres.", smallOrNone: "Rien à dire de ce groupe sur cette période : il est trop petit pour donner des chiffres, ou rien ne lui a été montré. Choisissez une période plus longue ou retirez des filtres.",
  nothing: "Rien n'a été montré sur cette période.", toCome: "Cette période est à venir : rien n'est encore arrivé. Choisissez-en une autre dans la barre.", badDates: "Les dates de cette adresse ne vont pas : la première doit venir avant la dernière. Choisissez-les dans la barre.", tooLong: "La période dépasse huit cents jours : choisissez-en une plus courte.", tooFar: "La période dépasse dix ans : choisissez-en une plus courte.", unasked: "Cette adresse demande un filtre ou une répartition que cette maison ne compte pas. Retirez le filtre, ou revenez à la vue d'ensemble.", nothingHint: "Choisissez une période plus longue.",
  loading: "Les chiffres arrivent…", retry: "Réessayer", search: "Chercher",
};

const en: typeof fr = {
  overview: "Overview", contents: "Messages", audiences: "Audiences", funnel: "Path", equity: "Equity", services: "Services", pressure: "Pressure", hours: "Hours",
  org: "Organisation", site: "Site",
  bar: "Period, breakdown and filters", period: "Period", sevenDays: "Last 7 days", fourWeeks: "Last 4 weeks", threeMonths: "Last 3 months", oneYear: "Last 12 months", fiveYears: "Five years, month by month", chosenDays: "Chosen dates",
  from: "From", to: "To", by: "Break down by", filter: "Filter", unfilter: "Remove the filter {filter}", filterTitle: "Count some agents only", filterBy: "By",
  filterValues: "Values", filterNone: "No group is large enough to be told apart in this period. Choose a longer period or something else.", filterPick: "Tick one value at least.", apply: "Apply",
  share: "Copy the address", shared: "The address is copied: whoever has a key sees the same there.", shareTitle: "Address of this page", shareHint: "Copy it: whoever has a key sees the same there.", print: "Print or PDF",
  allAgents: "All agents", printed: "Made on {day}",
  cutOff: "{days}: broken down up to yesterday", filterOff: "figures up to yesterday", soon: "Today's breakdown will be known tomorrow.", otherBy: "This address asks for a breakdown that this house does not count: this is the one by {axis}.",
  in_week: "In seven days", in_four: "In four weeks", in_quarter: "In three months", in_year: "In twelve months", in_five: "In five years", sinceDay: "Since {day}", inDays: "In {n} days", inDay: "In one day",
  detailedFrom: "Details are kept from {day} on: the whole and the breakdowns are about the time that begins on that day. Before, there are the figures of each whole month.", detailedOnly: "Details are kept from {day} on: the figures are about the time that begins on that day.",
  reach: "Reach", reading: "Reading", acknowledgement: "Acknowledgement", acting: "Action", figure: "Figure",
  targeted: "Agents aimed at", shown: "Agents reached", opened: "Opened", read: "Read", acknowledged: "Acknowledged", acted: "Acted", interval: "Interval",
  reachMeans: "Share of agents who were shown at least one message, of those whom a message was for.",
  readingMeans: "Share of agents who read at least one message, of those who were shown one.",
  acknowledgementMeans: "Share of agents who declared “I have taken note”, of those whom a message was for.",
  actingMeans: "Agents who did more than read: followed a link, reacted, commented, shared, saved, followed a topic or acknowledged.",
  definition: "Definition", how: "How to read these figures",
  howInterval: "“Between 39% and 43%”: the exact figure is within that interval 19 times in 20. A difference is told only when it is more than chance and rounding explain.",
  howGroups: "Agents are counted, each once, never what a person does. {rounded} Agents aimed at are told to the nearest five. Exact acknowledgements are in the register, for those entitled.",
  rounded: "Counts are rounded in each small group, so that nobody can be singled out: a sum may be some agents off, more when it brings many groups together.",
  howWithheld: "“Withheld”: too few agents for the figure to be told without someone being recognised. Choose a longer period, or a wider group.",
  howMixed: "“Groups too small to be told apart”: these agents count in the whole, but in no line.",
  withheld: "withheld", withheldWhy: "Some figures are withheld: they are about too few agents. To see more, choose a longer period or a wider group.",
  tileWithheld: "Withheld", tileWithheldWhy: "Too few agents. Choose a longer period or fewer filters.", tileUnknownWhy: "How many agents are aimed at is known for all only. Remove the filters to see it.",
  of: "{part} agents of {whole}", agents: "{n} agents", more: "{points} more than in the period before", less: "{points} less than in the period before", same: "No sure difference from the period before", point: "{n} point", points: "{n} points",
  moreAgents: "{n} agents more than in the period before", lessAgents: "{n} agents fewer than in the period before",
  young: "The period before is not known as a whole: it is not compared.", small: "This group is too small for its figures to be told in this period. Choose a longer period or remove filters.", smallOrNone: "Nothing can be told of this group in this period: it is too small for figures, or nothing was shown to it. Choose a longer period or remove filters.",
  nothing: "Nothing was shown in this period.", toCome: "This period is still to come: nothing has happened yet. Choose another in the bar.", badDates: "The dates of this address do not go together: the first one must come before the last. Choose them in the bar.", tooLong: "The period is longer than eight hundred days: choose a shorter one.", tooFar: "The period is longer than ten years: choose a shorter one.", unasked: "This address asks for a filter or a breakdown that this house does not count. Remove the filter, or go back to the overview.", nothingHint: "Choose a longer period.",
  loading: "Figures are coming…", retry: "Try again", search: "Search",
};

export type Word = keyof typeof fr;
export const say = lexicon(fr, en);
