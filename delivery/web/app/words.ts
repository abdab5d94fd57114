import { languageOf } from "../words/words";

const fr = {
  title: "Mon fil", feed: "Mon fil", saved: "Gardés", elsewhere: "Lire ailleurs", views: "Rubriques",
  print: "Imprimer", leave: "Quitter", token: "Jeton", open: "Ouvrir mon fil", pause: "Arrêter le défilement", play: "Reprendre le défilement",
  how: "Ouvrez le lien que donne votre organisation, ou collez ici le jeton qu'elle vous a donné.", expired: "Cet accès a expiré : ouvrez de nouveau le lien que donne votre organisation.",
  refused: "Ce jeton n'est pas accepté : ouvrez de nouveau le lien que donne votre organisation, ou signalez-le à votre assistance.",
  elsewhereTitle: "Lire mon fil ailleurs",
  elsewhereWhy: "Recevez votre fil dans le programme que vous avez déjà : un lecteur de flux, Thunderbird, Outlook. Faites une adresse, puis collez-la dans ce programme.",
  elsewhereCare: "Cette adresse ouvre votre fil sans mot de passe : ne la donnez à personne. Ce que vous lisez là-bas n'est pas compté.",
  where: "Où lirez-vous ?", whereHint: "Un nom pour la reconnaître, comme « Thunderbird au bureau ».", whereMissing: "Dites où vous lirez, par exemple « Thunderbird au bureau ».",
  make: "Faire une adresse", making: "Un instant…",
  made: (label: string) => `Votre adresse pour « ${label} »`, madeHow: "Copiez-la maintenant dans votre programme : elle ne sera plus montrée.",
  address: (format: string) => `Adresse ${format}`, others: "Votre programme demande Atom ou JSON Feed ?",
  copy: "Copier", copied: "Copiée", copiedSaid: (format: string) => `Adresse ${format} copiée.`, notCopied: "Votre navigateur n'a pas pu copier : l'adresse est sélectionnée, appuyez sur Ctrl+C.", done: "J'ai terminé",
  yours: "Vos adresses", none: "Aucune adresse pour l'instant.", since: (day: string) => `Faite le ${day}`,
  usedToday: "lue aujourd'hui", usedYesterday: "lue hier", usedOn: (day: string) => `lue le ${day}`, unused: "pas encore lue", idle: "pas lue depuis plus d'un mois",
  shut: "Fermer", shutAll: "Fermer toutes les adresses", of: (label: string) => ` « ${label} »`,
  shutTitle: (label: string) => `Fermer l'adresse « ${label} » ?`, shutAllTitle: "Fermer toutes vos adresses ?", shutText: "Le programme qui s'en sert ne recevra plus rien. On ne peut pas la rouvrir.",
  shutAllText: "Les programmes qui s'en servent ne recevront plus rien. On ne peut pas les rouvrir.",
  shutYes: "Fermer l'adresse", shutAllYes: "Fermer les adresses", cancel: "Annuler", shutSaid: (label: string) => `L'adresse « ${label} » est fermée.`, shutAllSaid: "Toutes vos adresses sont fermées.",
  full: (n: number) => `Vous avez ${n} adresses, c'est le plus possible : fermez-en une pour en faire une autre.`,
  notOpen: "Votre organisation n'a pas ouvert la lecture dans d'autres programmes.",
  loading: "Chargement…", network: "Le serveur ne répond pas. Vérifiez votre connexion, puis réessayez.", retry: "Réessayer",
};
const en: typeof fr = {
  title: "My feed", feed: "My feed", saved: "Kept", elsewhere: "Read elsewhere", views: "Sections",
  print: "Print", leave: "Leave", token: "Token", open: "Open my feed", pause: "Stop scrolling", play: "Scroll again",
  how: "Open the link that your organisation gives, or paste here the token that it gave you.", expired: "This access has expired: open the link that your organisation gives again.",
  refused: "This token is not accepted: open again the link that your organisation gives, or tell your help desk.",
  elsewhereTitle: "Read my feed elsewhere",
  elsewhereWhy: "Get your feed in the program that you already have: a feed reader, Thunderbird, Outlook. Make an address, then paste it into that program.",
  elsewhereCare: "This address opens your feed without a password: give it to nobody. What you read there is not counted.",
  where: "Where will you read?", whereHint: "A name to know it by, such as “Thunderbird at the office”.", whereMissing: "Say where you will read, for example “Thunderbird at the office”.",
  make: "Make an address", making: "One moment…",
  made: (label) => `Your address for “${label}”`, madeHow: "Copy it into your program now: it will not be shown again.",
  address: (format) => `${format} address`, others: "Does your program ask for Atom or JSON Feed?",
  copy: "Copy", copied: "Copied", copiedSaid: (format) => `${format} address copied.`, notCopied: "Your browser could not copy: the address is selected, press Ctrl+C.", done: "I am done",
  yours: "Your addresses", none: "No address for now.", since: (day) => `Made on ${day}`,
  usedToday: "read today", usedYesterday: "read yesterday", usedOn: (day) => `read on ${day}`, unused: "not read yet", idle: "not read for over a month",
  shut: "Close", shutAll: "Close all addresses", of: (label) => ` “${label}”`,
  shutTitle: (label) => `Close the address “${label}”?`, shutAllTitle: "Close all your addresses?", shutText: "The program that uses it will get nothing more. It cannot be opened again.",
  shutAllText: "The programs that use them will get nothing more. They cannot be opened again.",
  shutYes: "Close the address", shutAllYes: "Close the addresses", cancel: "Cancel", shutSaid: (label) => `The address “${label}” is closed.`, shutAllSaid: "All your addresses are closed.",
  full: (n) => `You have ${n} addresses, the most there may be: close one to make another.`,
  notOpen: "Your organisation has not opened reading in other programs.",
  loading: "Loading…", network: "The server does not answer. Check your connection, then try again.", retry: "Try again",
};

export const language = languageOf(navigator.language);
export const words = language === "en" ? en : fr;

/** The words that a page names by data-text. */
export function wordOf(name: string | undefined): string {
  const word = words[name as keyof typeof words];
  return typeof word === "string" ? word : "";
}
