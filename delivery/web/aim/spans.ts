// Spans of time as rules write them ("30 days", "2 mois"), as a number and a unit that a person chooses.

const units = {
  hours: ["hours", "hour", "heures", "heure"],
  days: ["days", "day", "jours", "jour"],
  weeks: ["weeks", "week", "semaines", "semaine"],
  months: ["months", "month", "mois"],
  years: ["years", "year", "ans", "an", "années", "année"],
};
export type Unit = keyof typeof units;

export interface Span {
  count: number;
  unit: Unit;
}

/** Reads a span; null when it is not a number and a unit. */
export function spanOf(text: string | undefined): Span | null {
  const [, count, word] = /^\s*(\d+)\s+(\S+)\s*$/.exec(text ?? "") ?? [];
  const unit = (Object.keys(units) as Unit[]).find((one) => word && units[one].includes(word.toLowerCase()));
  return count && unit ? { count: Number(count), unit } : null;
}

export const spanText = ({ count, unit }: Span): string => `${count} ${unit}`;
