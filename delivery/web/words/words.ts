// Which words, and how dates and numbers are written in them.

import { en } from "./en";
import { fr, type Words } from "./fr";

export type { Words };
export type Language = "fr" | "en";

/** The language that fits the first tag that is set: French, unless it is English. */
export function languageOf(...tags: (string | null | undefined)[]): Language {
  return tags.find(Boolean)?.toLowerCase().startsWith("en") ? "en" : "fr";
}

export const wordsIn = (language: Language): Words => (language === "en" ? en : fr);

/** BCP 47, with the country whose habits dates and numbers follow. */
export const localeOf = (language: Language): string => (language === "en" ? "en-GB" : "fr-FR");

export const number = (language: Language, n: number, digits = 2): string =>
  n.toLocaleString(localeOf(language), { maximumFractionDigits: digits });

/** "26 novembre", with the year when it is another one. */
export function day(language: Language, iso: string, now = new Date()): string {
  const date = new Date(iso);
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return date.toLocaleDateString(localeOf(language), { day: "numeric", month: "long", ...year });
}

/** Date and time in full. */
export const moment = (language: Language, iso: string): string =>
  new Date(iso).toLocaleString(localeOf(language), { dateStyle: "full", timeStyle: "short" });

/** How long ago, up to a week; then the day. */
export function ago(language: Language, iso: string, now = new Date()): string {
  const seconds = (new Date(iso).getTime() - now.getTime()) / 1000;
  const words = new Intl.RelativeTimeFormat(localeOf(language), { numeric: "auto" });
  for (const [unit, length, limit] of [["minute", 60, 3600], ["hour", 3600, 86400], ["day", 86400, 7 * 86400]] as const) {
    if (Math.abs(seconds) < limit) return words.format(Math.round(seconds / length), unit);
  }
  return day(language, iso, now);
}
