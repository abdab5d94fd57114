// Moments in the words that people use, and as the fields of a form have them.

import { locale, spoken } from "../words/spoken";
import { say } from "./words";

/** "14 h 05", or "14 h". */
export function hour(date: Date): string {
  const minutes = String(date.getMinutes()).padStart(2, "0");
  return spoken.language === "en" ? `${date.getHours()}:${minutes}` : `${date.getHours()} h${minutes === "00" ? "" : ` ${minutes}`}`;
}

const midnight = (date: Date): Date => new Date(date.getFullYear(), date.getMonth(), date.getDate());

/** Days from now to a moment, by the calendar. */
export const daysTo = (date: Date, now = new Date()): number => Math.round((midnight(date).getTime() - midnight(now).getTime()) / 86_400_000);

/** "hier à 14 h", "demain à 9 h 30", "le 12 novembre à 8 h". */
export function when(iso: string, now = new Date()): string {
  const date = new Date(iso);
  const at = spoken.language === "en" ? "at" : "à";
  const away = daysTo(date, now);
  if (Math.abs(away) <= 1) return `${new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(away, "day")} ${at} ${hour(date)}`;
  return `${dayWords(date, now)} ${at} ${hour(date)}`;
}

/** The first of a month is said so in French: "1er décembre". */
const first = (text: string): string => (spoken.language === "fr" ? text.replace(/\b1(?= \p{L})/u, "1er") : text);

/** "le 12 novembre", with the year when it is another one. */
export function dayWords(date: Date, now = new Date()): string {
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  const text = first(date.toLocaleDateString(locale(), { day: "numeric", month: "long", ...year }));
  return spoken.language === "en" ? `on ${text}` : `le ${text}`;
}

/** The number of a day, as the words of the day begin with it: "26", "1er". */
export const dayNumber = (date: Date): string => first(`${date.getDate()} x`).slice(0, -2);

/** "jeudi 26 novembre 2026". */
export const fullDay = (date: Date): string => first(date.toLocaleDateString(locale(), { weekday: "long", day: "numeric", month: "long", year: "numeric" }));

export const monthWords = (date: Date): string => date.toLocaleDateString(locale(), { month: "long", year: "numeric" });

export const weekdays = (): string[] => Array.from({ length: 7 }, (_, i) => new Date(2024, 0, i + 1).toLocaleDateString(locale(), { weekday: "long" })); // 1 January 2024 was a Monday

const two = (n: number): string => String(n).padStart(2, "0");

/** "2026-11-26", by the clock of this place. */
export const dateOf = (date: Date): string => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** A day named as "2026-11-26"; today when it is not one. */
export function dayOf(text: string | null): Date {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text ?? "") ?? [];
  return year ? new Date(Number(year), Number(month) - 1, Number(day)) : midnight(new Date());
}

/** What a field datetime-local shows of a moment; empty when there is none. */
export function fieldOf(iso: string | undefined): string {
  if (!iso) return "";
  const date = new Date(iso);
  return `${dateOf(date)}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The moment that a field datetime-local tells; undefined when it tells none. */
export const momentOf = (field: string): string | undefined => (field ? new Date(field).toISOString() : undefined);

/** The place whose clock the page follows. */
export function zoneWords(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return /^(UTC|GMT|Etc\/.*)$/.test(timeZone) ? say("universalTime") : timeZone.replaceAll("_", " ").split("/").pop()!;
}

// Languages of France that browsers do not name.
const unnamed: Record<string, { fr: string; en: string }> = {
  gcf: { fr: "créole antillais", en: "Antillean Creole" }, gcr: { fr: "créole guyanais", en: "Guianese Creole" }, rcf: { fr: "créole réunionnais", en: "Réunion Creole" },
  swb: { fr: "mahorais", en: "Maore" }, fsl: { fr: "langue des signes française", en: "French Sign Language" },
};

/** The name of a language in the page's. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(locale(), { type: "language", fallback: "none" }).of(tag) ?? unnamed[tag]?.[spoken.language] ?? tag;
  } catch {
    return tag;
  }
}
