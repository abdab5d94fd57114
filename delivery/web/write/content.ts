// A content while it is written: its fields by their paths, what differs between two, and each in words.

import type { Content } from "../shell/api";
import { slug } from "../shell/slug";
import type { Roll } from "./roll";
import { languageName, when } from "./moments";
import { say, type Word } from "./words";

/** A content whose moment of publication may be left to its publication. */
export type Form = Omit<Content, "id" | "published_at"> & { id?: string; published_at?: string };

/** A content that the server gives, to be changed: a draft that names no moment of publication has none. */
export function formOf({ published_at, ...rest }: Content): Form {
  return published_at.startsWith("0001-") ? rest : { ...rest, published_at };
}

export const kinds = ["news", "alert", "event", "survey", "recognition", "document"] as const;

export const blank = (): Form => ({ kind: "news", title: "", language: "fr" });

/** The language that a content is written in at first. */
export const originalOf = (form: Form): string => form.language || "fr";

/** The languages of a content, the original first. */
export const languagesOf = (form: Form): string[] => [originalOf(form), ...Object.keys(form.translations ?? {}).sort()];

/** The prefix of the paths of a language's texts. */
export const prefixOf = (form: Form, language: string): string => (language === originalOf(form) ? "" : `translations.${language}.`);

export function get(form: Form, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], form);
}

/** Gives the form with a field set; what is empty is left out. */
export function put(form: Form, path: string, value: unknown): Form {
  const [name, ...rest] = path.split(".") as [keyof Form, ...string[]];
  const kept = { ...form } as Record<string, unknown>;
  const inner = rest.length ? put((kept[name] ?? {}) as Form, rest.join("."), value) : value;
  const none = inner === undefined || inner === "" || inner === 0 || (typeof inner === "object" && inner !== null && !Object.keys(inner).length);
  if (none && name === "title" && inner !== undefined) kept[name] = ""; // a content and a translation have one, even while it is empty
  else if (none) delete kept[name];
  else kept[name] = inner;
  return kept as Form;
}

/** The text of a form, equal for equal contents: what is sent. */
export function sent(form: Form): string {
  const { id: _, ...rest } = form;
  return JSON.stringify({ ...rest, title: rest.title ?? "" }, (__, value: unknown) =>
    value && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value);
}

/** What is sent, with the id that it has: for questions about it that no address names. */
export const named = (form: Form): string => JSON.stringify({ ...(JSON.parse(sent(form)) as object), ...(form.id ? { id: form.id } : {}) });

const simple = ["title", "summary", "body", "language", "kind", "audiences", "topics", "source", "author", "community", "published_at", "expires_at", "pinned_until", "mandatory_until", "priority", "revised_at", "perimeter"];

/** The paths of the fields in which two contents differ, in the order in which they are read. */
export function differences(a: Form, b: Form): string[] {
  const languages = new Set([...Object.keys(a.translations ?? {}), ...Object.keys(b.translations ?? {})]);
  const paths = [...simple.slice(0, 3), ...[...languages].sort().flatMap((tag) => ["title", "summary", "body"].map((name) => `translations.${tag}.${name}`)), ...simple.slice(3)];
  return paths.filter((path) => JSON.stringify(get(a, path) ?? null) !== JSON.stringify(get(b, path) ?? null));
}

/** The name of a field, for people. */
export function fieldName(path: string): string {
  const [first, tag, name] = path.split(".");
  if (first === "translations" && name) return say("inLanguage", { field: say(`f_${name}` as Word), language: languageName(tag!) });
  return say(`f_${first}` as Word);
}

/** What a field says, for people. */
export function fieldText(path: string, form: Form, roll: Roll): string {
  const value = get(form, path);
  if (value === undefined || value === null || value === "") return path === "audiences" ? say("everyone") : path === "published_at" ? say("now") : "";
  const name = path.split(".").pop()!;
  if (name === "audiences") return (value as string[]).map((id) => roll.name(id)).join("\n");
  if (name === "perimeter") return roll.name(value as string);
  if (Array.isArray(value)) return value.join(", ");
  if (name.endsWith("_at") || name.endsWith("_until")) return when(value as string);
  if (name === "kind") return say(value as Word);
  if (name === "language") return languageName(value as string);
  if (name === "priority") return priorityWords()[Number(value) + 3] ?? "";
  return String(value);
}

/** The seven words of importance, from -3 to 3. */
export const priorityWords = (): string[] => say("priorities").split("|");

/** An id for a new content: the words of its title, and four letters so that it is nobody else's. */
export function idFor(title: string): string {
  const words = slug(title, 48);
  const letters = [...crypto.getRandomValues(new Uint8Array(4))].map((n) => "abcdefghjkmnpqrstuvwxyz23456789"[n % 31]).join("");
  return words ? `${words}-${letters}` : letters;
}
