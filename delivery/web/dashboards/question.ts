// What is asked of the figures: the period, what cuts them and whom they are about. All of it is in the address.

import { dateOf, dayOf, written } from "../charts/words";
import { addressOf, type Place } from "../shell/place";
import { say, type Word } from "./words";

export interface Question {
  /** Days, the last one included; "2026-01-31". */
  from: string;
  to: string;
  /** The axis that cuts the figures; empty: the screen's own. */
  by: string;
  /** The figure that is compared; empty: the screen's own. */
  figure: string;
  /** Conditions, "category:A,B", as whereOf writes them. */
  where: string[];
}

/** Days, the last one included. */
export interface Span {
  from: string;
  to: string;
}

/** Whether nothing of a period is left: the days of a breakdown or of a filter end yesterday. */
export const gone = ({ from, to }: Span): boolean => from > to;

/** A period that ends today. */
export interface Preset {
  name: string;
  word: Word & string;
  from: (today: Date) => Date;
}

const daysBefore = (n: number) => (today: Date): Date => new Date(today.getFullYear(), today.getMonth(), today.getDate() - n, 12);
const monthsBefore = (n: number) => (today: Date): Date => {
  const first = new Date(today.getFullYear(), today.getMonth() - n, 1, 12);
  const last = new Date(first.getFullYear(), first.getMonth() + 1, 0).getDate();
  return new Date(first.getFullYear(), first.getMonth(), Math.min(today.getDate(), last) + 1, 12);
};

export const presets: Preset[] = [
  { name: "week", word: "sevenDays", from: daysBefore(6) },
  { name: "four", word: "fourWeeks", from: daysBefore(27) },
  { name: "quarter", word: "threeMonths", from: monthsBefore(3) },
  { name: "year", word: "oneYear", from: monthsBefore(12) },
];

/** What is asked of all or of one message alone: before its details are known, it is told by month. */
export const farPresets: Preset[] = [...presets, { name: "five", word: "fiveYears", from: (today) => new Date(today.getFullYear(), today.getMonth() - 59, 1, 12) }];

/** Days that the server counts at once. */
export const longest = 800;

export function presetOf({ from, to }: Question, now = new Date()): Preset | undefined {
  return to === dayOf(now) ? farPresets.find((one) => dayOf(one.from(now)) === from) : undefined;
}

/** What an address asks: four weeks up to today when it says nothing. */
export function questionOf({ query }: Place, now = new Date()): Question {
  const to = query.get("to") || dayOf(now);
  return { from: query.get("from") || dayOf(daysBefore(27)(dateOf(to))), to, by: query.get("by") ?? "", figure: query.get("figure") ?? "", where: query.getAll("where") };
}

/** The address that asks it, the same for who follows it another day. */
export function addressFor(path: string[], { from, to, by, figure, where }: Question): string {
  const query = new URLSearchParams({ from, to, by, figure });
  for (const one of where) query.append("where", one);
  return addressOf(path, query);
}

/** The query for the server. */
export function paramsOf({ from, to, where }: Question, more: Record<string, string> = {}): URLSearchParams {
  const query = new URLSearchParams({ from, to, ...more });
  for (const one of where) query.append("where", one);
  return query;
}

export const spanOf = ({ from, to }: Span): number => Math.round((dateOf(to).getTime() - dateOf(from).getTime()) / 86_400_000) + 1;

export type Every = "day" | "week" | "month";

/** The periods that a span of days is told in. */
export const everyOf = (question: Question): Every => (spanOf(question) <= 16 ? "day" : spanOf(question) <= 190 ? "week" : "month");

/** Whether a period that begins on a day is whole within what was asked. */
export function whole(every: Every, start: string, { from, to }: Span, today = dayOf(new Date())): boolean {
  const end = dateOf(start);
  if (every === "week") end.setDate(end.getDate() + 6);
  if (every === "month") end.setMonth(end.getMonth() + 1, 0);
  return start >= from && dayOf(end) <= to && dayOf(end) < today;
}

/** A condition in its two parts. A comma or a backslash of a value stands after a backslash. */
export function conditionOf(where: string): { axis: string; values: string[] } {
  const at = where.indexOf(":"), values = [""];
  for (const [part] of where.slice(at + 1).matchAll(/\\[\\,]|[^]/g)) {
    if (part === ",") values.push("");
    else values[values.length - 1] += part.slice(-1);
  }
  return { axis: where.slice(0, at), values };
}

/** The condition that agents have one of some values of an axis, as conditionOf reads it. */
export const whereOf = (axis: string, values: string[]): string => `${axis}:${values.map((value) => value.replace(/[\\,]/g, "\\$&")).join(",")}`;

/** The part of a question that is known in detail. */
export const detailedOf = (question: Question, since: string | undefined): Question => (since && since > question.from ? { ...question, from: since < question.to ? since : question.to } : question);

export const lengthOf = (question: Question, since?: string): string => {
  if (since && since > question.from) return say("sinceDay", { day: written(since) });
  const preset = presetOf(question);
  return preset ? say(`in_${preset.name}` as Word) : say(spanOf(question) > 1 ? "inDays" : "inDay", { n: spanOf(question) });
};
