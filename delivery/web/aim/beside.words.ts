// The words of the figures beside a rule, and of why an agent is in or out.

import { lexicon } from "../words/spoken";

const fr = {
  figures: "Combien d'agents", agents: "agents", agentOne: "agent", ofTotal: "sur {total}, soit {share}", nobody: "Personne", counting: "Calcul…", few: "Moins de {few} agents", fewNote: "Trop peu d'agents pour qu'un effectif soit donné, ou aucun.",
  plus: "Plus {count} agents ajoutés un par un, s'ils n'en sont pas déjà.", plusOne: "Plus un agent ajouté, s'il n'en est pas déjà.", cut: "Comptés parmi les agents de « {perimeter} ».",
  breakdown: "Répartition par", noBreakdown: "Aucune", breakdownOf: "Répartition par {field}", groupName: "Groupe", share: "Part", withheld: "non donné", withheldSome: "Non donné : {names}. Moins de {few} agents, ou de quoi en déduire l'effectif d'un groupe si petit.", withheldMore: "{names} et {count} autres", noGroups: "Aucun de ces agents n'a cette donnée.",
  overlap: "En commun avec", addOverlap: "Comparer à une audience", shared: "{shared} en commun, sur {size}", sharedFew: "Moins de {few} en commun, ou aucun", sharedUnknown: "Effectif non donné",
  presence: "Heures de présence", presenceTable: "Agents d'ordinaire présents, par heure", hour: "Heure", hourOf: "{hour} h", present: "Agents présents", best: "Le plus d'agents : vers {hour} h", noPresence: "Pas assez d'actes conservés pour le dire.", showTable: "Voir les chiffres",
  noFigures: "Les effectifs apparaîtront ici dès la première condition complète.", wrong: "L'expression est à corriger : les effectifs attendent.", asks: "Les effectifs ne peuvent pas être donnés : {problem}",
  why: "Pourquoi cet agent ?", whyHint: "Dites l'identifiant d'un agent : Fil dit s'il en fait partie, et pourquoi.", agent: "Identifiant de l'agent", ask: "Demander", whyNoRight: "Votre clé ne permet pas de regarder un agent en particulier. Demandez à votre administrateur une clé qui peut voir des agents.", whyNew: "Enregistrez d'abord l'audience : la question porte sur l'audience enregistrée.", whyUnsaved: "La réponse porte sur l'audience enregistrée. Enregistrez d'abord pour éprouver vos modifications.",
  isIn: "{agent} fait partie de l'audience", isOut: "{agent} ne fait pas partie de l'audience", holds: "Rempli", fails: "Pas rempli", because: "sa fiche dit", noReason: "Aucune condition ne désigne cet agent.", within: "Dans « {audience} » :",
};

const en: typeof fr = {
  figures: "How many agents", agents: "agents", agentOne: "agent", ofTotal: "of {total}, that is {share}", nobody: "Nobody", counting: "Counting…", few: "Under {few} agents", fewNote: "Too few agents for a figure to be given, or none.",
  plus: "And {count} agents added one by one, unless they are in it already.", plusOne: "And one agent added, unless in it already.", cut: "Counted among the agents of “{perimeter}”.",
  breakdown: "Broken down by", noBreakdown: "None", breakdownOf: "Broken down by {field}", groupName: "Group", share: "Share", withheld: "not given", withheldSome: "Not given: {names}. Under {few} agents, or enough to tell the figure of so small a group.", withheldMore: "{names} and {count} others", noGroups: "None of these agents has this.",
  overlap: "In common with", addOverlap: "Compare with an audience", shared: "{shared} in common, of {size}", sharedFew: "Under {few} in common, or none", sharedUnknown: "Figure not given",
  presence: "Hours of presence", presenceTable: "Agents usually present, by hour", hour: "Hour", hourOf: "{hour}:00", present: "Agents present", best: "Most agents: around {hour}:00", noPresence: "Too few acts are kept to tell.", showTable: "Show the figures",
  noFigures: "Figures will show here as soon as one condition is complete.", wrong: "The expression is to be mended: figures wait.", asks: "Figures cannot be given: {problem}",
  why: "Why this agent?", whyHint: "Give an agent's id: Fil says whether they are in it, and why.", agent: "Id of the agent", ask: "Ask", whyNoRight: "Your key does not allow looking at one agent. Ask your administrator for a key that may see agents.", whyNew: "Save the audience first: the question is about the saved audience.", whyUnsaved: "The answer is about the saved audience. Save first to try your changes.",
  isIn: "{agent} is in the audience", isOut: "{agent} is not in the audience", holds: "Met", fails: "Not met", because: "the record says", noReason: "No condition designates this agent.", within: "In “{audience}”:",
};

export const say = lexicon(fr, en);
