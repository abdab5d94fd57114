// The words around every screen of the console and of the dashboards.

import { lexicon } from "../words/spoken";

const fr = {
  skip: "Aller au contenu", otherLanguage: "English", leave: "Se déconnecter", navigation: "Rubriques", elsewhere: "Aussi",
  console: "Console", dashboards: "Tableaux de bord", feeds: "Fils des agents",
  keyTitle: "Se connecter", keyLabel: "Clé", open: "Ouvrir",
  keyHint: "La clé que votre administrateur vous a remise. Elle commence par « fil_ ».",
  keyKept: "Elle reste dans cet onglet et n'est envoyée qu'à ce serveur.",
  badKey: "Cette clé est inconnue, révoquée ou expirée.",
  otherRole: "Cette clé n'ouvre pas cette page : il faut une clé de {roles}.",
  communicator: "communicant", leader: "direction", or: " ou de ",
  network: "Le serveur ne répond pas. Vérifiez votre connexion, puis réessayez.", retry: "Réessayer",
  within: "Périmètre : {perimeter}", loading: "Chargement…", nothingHere: "Cette page n'existe pas.", home: "Revenir au début",
  yes: "Oui", cancel: "Annuler", tooLarge: "C'est trop long pour être envoyé : raccourcissez les textes, puis réessayez.", close: "Fermer", leastText: "Écrivez au moins {n} caractères, sans compter les espaces autour.",
};

const en: typeof fr = {
  skip: "Skip to content", otherLanguage: "Français", leave: "Sign out", navigation: "Sections", elsewhere: "Also",
  console: "Console", dashboards: "Dashboards", feeds: "Agents' feeds",
  keyTitle: "Sign in", keyLabel: "Key", open: "Open",
  keyHint: "The key that your administrator gave you. It begins with “fil_”.",
  keyKept: "It stays in this tab and is sent to this server only.",
  badKey: "This key is unknown, revoked or expired.",
  otherRole: "This key does not open this page: a {roles} key does.",
  communicator: "communicator", leader: "leader", or: " or ",
  network: "The server does not answer. Check your connection, then try again.", retry: "Try again",
  within: "Perimeter: {perimeter}", loading: "Loading…", nothingHere: "There is no such page.", home: "Back to the beginning",
  yes: "Yes", cancel: "Cancel", tooLarge: "This is too long to be sent: shorten the texts, then try again.", close: "Close", leastText: "Write at least {n} characters, not counting the spaces around.",
};

export type Word = keyof typeof fr;
export const say = lexicon(fr, en);
