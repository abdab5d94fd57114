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

// A formatter is dear to make and cheap to use, and a feed writes three dates a card.
const made = new Map<string, unknown>();
function kept<F>(name: string, language: Language, make: (locale: string) => F): F {
  const key = `${name} ${language}`;
  if (!made.has(key)) made.set(key, make(localeOf(language)));
  return made.get(key) as F;
}

export const number = (language: Language, n: number, digits = 2): string =>
  n.toLocaleString(localeOf(language), { maximumFractionDigits: digits });

// French counts the first day of a month and no other: "1er décembre".
const first = (language: Language, text: string): string => (language === "fr" ? text.replace(/(?<!\S)1(?=\s\p{L})/u, "1er") : text);

/** "26 novembre", with the year when it is another one. */
export function day(language: Language, iso: string, now = new Date()): string {
  const date = new Date(iso);
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return first(language, kept(`day ${year}`, language, (locale) => new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year })).format(date));
}

/** Date and time in full. */
export const moment = (language: Language, iso: string): string =>
  first(language, kept("moment", language, (locale) => new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" })).format(new Date(iso)));

/** How long ago, up to a week; then the day. */
export function ago(language: Language, iso: string, now = new Date()): string {
  const seconds = (new Date(iso).getTime() - now.getTime()) / 1000;
  const words = kept("ago", language, (locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }));
  for (const [unit, length, limit] of [["minute", 60, 3600], ["hour", 3600, 86400], ["day", 86400, 7 * 86400]] as const) {
    if (Math.abs(seconds) < limit) return words.format(Math.round(seconds / length), unit);
  }
  return day(language, iso, now);
}
