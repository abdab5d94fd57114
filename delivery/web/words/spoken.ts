// The language that the user of a page of ours chose, and words in it.

import { localeOf, type Language } from "./words";

/** The page's language, which its user may change: French at first. */
export const spoken: { language: Language } = { language: localStorage.getItem("fil.language") === "en" ? "en" : "fr" };

/** BCP 47 of the page's language, for dates and numbers. */
export const locale = (): string => localeOf(spoken.language);

export function speak(language: Language): void {
  spoken.language = language;
  localStorage.setItem("fil.language", language);
}

/** Says words of two lists in the page's language, with "{name}" put in from values. */
export function lexicon<W extends Record<string, string>>(fr: W, en: { [name in keyof W]: string }): (name: keyof W, values?: Record<string, string | number>) => string {
  return (name, values = {}) =>
    Object.entries(values).reduce((text, [k, v]) => text.replace(`{${k}}`, () => String(v)), (spoken.language === "en" ? en : fr)[name] as string);
}

/** The text of two that is in the page's language. */
export const bilingual = (text: { fr: string; en: string } | undefined): string => (text ? (spoken.language === "en" ? text.en : text.fr) : "");
