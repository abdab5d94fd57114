import { languageOf } from "../words/words";

const fr = {
  title: "Mon fil", print: "Imprimer", leave: "Quitter", token: "Jeton", open: "Ouvrir mon fil", pause: "Arrêter le défilement", play: "Reprendre le défilement",
  how: "Ouvrez le lien que donne votre organisation, ou collez ici le jeton qu'elle vous a donné.", expired: "Cet accès a expiré : ouvrez de nouveau le lien que donne votre organisation.",
};
const en: typeof fr = {
  title: "My feed", print: "Print", leave: "Leave", token: "Token", open: "Open my feed", pause: "Stop scrolling", play: "Scroll again",
  how: "Open the link that your organisation gives, or paste here the token that it gave you.", expired: "This access has expired: open the link that your organisation gives again.",
};

export const language = languageOf(navigator.language);
export const words = language === "en" ? en : fr;
