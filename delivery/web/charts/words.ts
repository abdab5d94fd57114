// The words around every chart, and how shares, periods and counts are said.

import { lexicon as plain, locale, spoken } from "../words/spoken";
import { number } from "../words/words";

const fr = {
  data: "Voir les données", sideways: "Faites glisser le tableau vers le côté pour en voir toutes les colonnes.", dataOf: "Données", csv: "Données en CSV", parquet: "Données en Parquet", withheld: "retenu", nothing: "–", downloaded: "« {name} » est téléchargé.",
  between: "entre {low} et {high}", fromTo: "du {from} au {to}", onDay: "le {from}", none: "Sans valeur", mixed: "Groupes trop petits pour être distingués", yes: "Oui", no: "Non", partial: "{label} (incomplète)",
};

const en: typeof fr = {
  data: "Show the data", sideways: "Slide the table sideways to see all its columns.", dataOf: "Data", csv: "Data as CSV", parquet: "Data as Parquet", withheld: "withheld", nothing: "–", downloaded: "“{name}” is downloaded.",
  between: "between {low} and {high}", fromTo: "{from} to {to}", onDay: "{from}", none: "No value", mixed: "Groups too small to be told apart", yes: "Yes", no: "No", partial: "{label} (not whole)",
};

/** Words as lexicon says them, with the spaces that French keeps from breaking a line. */
export const lexicon: typeof plain = (fr, en) => {
  const said = plain(fr, en);
  return (name, values) => said(name, values).replace(/ (?=[:;?!»])/g, "\u00a0").replace(/« /g, "«\u00a0");
};

export const say = lexicon(fr, en);

/** A count, with spaces between thousands; what is withheld is said. */
export const count = (n: number | null | undefined): string => (n === null || n === undefined ? say("withheld") : number(spoken.language, n, 0));

/** A share of 0 to 1 in percent: whole, but below 10 % to a tenth. */
export function percent(share: number): string {
  const digits = share > 0 && share < 0.095 ? 1 : 0;
  return share.toLocaleString(locale(), { style: "percent", maximumFractionDigits: digits });
}

/** "entre 12 % et 31 %". */
export const range = ({ low, high }: { low: number; high: number }): string => say("between", { low: percent(low), high: percent(high) });

/** A day as the server writes it, "2026-01-31", at noon here. */
export function dateOf(day: string): Date {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year!, month! - 1, date, 12);
}

/** A date as the server writes days. */
export const dayOf = (date: Date): string => [date.getFullYear(), String(date.getMonth() + 1).padStart(2, "0"), String(date.getDate()).padStart(2, "0")].join("-");

/** "du 30 octobre au 26 novembre 2026". */
export function days(from: string, to: string): string {
  const full = written(to);
  if (from === to) return say("onDay", { from: full });
  const year = from.slice(0, 4) === to.slice(0, 4) ? {} : { year: "numeric" as const };
  return say("fromTo", { from: written(from, year), to: full });
}

/** "30 octobre 2026", without the year when {} is given. */
export const written = (day: string, year: Intl.DateTimeFormatOptions = { year: "numeric" }): string =>
  dateOf(day).toLocaleDateString(locale(), { day: "numeric", month: "long", ...year }).replace(/^1 (?=\p{L})/u, spoken.language === "fr" ? "1er " : "1 ");
