// What a person makes of an audience before it is saved, and how it compares with what is saved.

import type { Audience } from "../shell/api";
import { say, type Word } from "./words";

/** The parts of an audience that the screen lets one change. */
export const parts = ["name", "owner", "rule", "members", "perimeter", "approval", "announce"] as const satisfies readonly (keyof Audience)[];
export type Part = (typeof parts)[number];

export const blank = (): Audience => ({ id: "", name: "" });

/** The parts in which two differ; what is absent, empty or false is the same. */
export const differing = (a: Audience, b: Audience): Part[] => parts.filter((part) => text(a, part) !== text(b, part));

const text = (audience: Audience, part: Part): string => {
  const value = audience[part];
  return Array.isArray(value) ? value.join("\n") : value ? String(value) : "";
};

/** A part as a person reads it. */
export function partWords(audience: Audience, part: Part, named: (id: string) => string): string {
  const value = audience[part];
  if (part === "approval" || part === "announce") return say(value ? "yes" : "no");
  if (part === "members") return value ? say("membersCount", { count: (value as string[]).length }) : say("nothing");
  return (part === "perimeter" && value ? named(String(value)) : String(value ?? "")) || say("nothing");
}

export const partLabel = (part: Part): string => say(part as Word);

/** Ids out of a text that was typed or pasted, each once. */
export const idsOf = (pasted: string): string[] => [...new Set(pasted.split(/[\s,;]+/).filter(Boolean))];

/** What is sent: nothing that is empty, and what the screen does not show as it was. */
export function sent(draft: Audience): Audience {
  const out: Record<string, unknown> = { ...draft };
  for (const part of parts) if (part !== "name" && !text(draft, part)) delete out[part];
  delete out["$schema"];
  return out as unknown as Audience;
}
