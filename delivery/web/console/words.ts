// The words of the console's sections.

import { lexicon } from "../words/spoken";

const fr = {
  contents: "Communications", audiences: "Audiences",
  noContent: "Aucune communication publiée.", noAudience: "Aucune audience.",
  title: "Titre", source: "Source", published: "Publiée", name: "Nom", owner: "Responsable", more: "Afficher la suite",
};

const en: typeof fr = {
  contents: "Messages", audiences: "Audiences",
  noContent: "No message is published.", noAudience: "No audience.",
  title: "Title", source: "Source", published: "Published", name: "Name", owner: "Owner", more: "Show more",
};

export const say = lexicon(fr, en);
