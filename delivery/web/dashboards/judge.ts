// What may be said of figures: a difference only where it is more than chance and rounding explain.

import type { Figures, Share } from "../shell/api";
import { mixed } from "./axes";

/**
 * Whether two shares differ, at 95 %: Newcombe's interval of their difference from that of each (R. G. Newcombe, Statistics in
 * Medicine 17, 1998, method 10) does not hold 0. Gives the sign of a - b, or 0.
 */
export function compare(a: Share | undefined, b: Share | undefined): -1 | 0 | 1 {
  if (!a || !b) return 0;
  const d = a.value - b.value;
  if (d - Math.hypot(a.value - a.low, b.high - b.value) > 0) return 1;
  return d + Math.hypot(a.high - a.value, b.value - b.low) < 0 ? -1 : 0;
}

/** Whether two counts of agents differ by more than counts do by chance, at 95 %. Gives the sign of a - b, or 0. */
export function compareCounts(a: number | null, b: number | null): -1 | 0 | 1 {
  if (a === null || b === null || Math.abs(a - b) <= 1.96 * Math.sqrt(a + b)) return 0;
  return a > b ? 1 : -1;
}

export type Rate = "reach" | "reading" | "acknowledgement";

/** How far a group's share may be from what is told, when agents of groups that are not told apart may belong to it. */
export interface Standing {
  value: string;
  /** The least that it is, with what it may be at most; undefined when it is withheld or cannot be told. */
  share?: Share;
  part: number | null;
  of: number | null;
}

const parts = { reach: "shown", reading: "readers", acknowledgement: "acknowledged" } as const;
const wholes = { reach: "targeted", reading: "shown", acknowledgement: "targeted" } as const;

/** Agents of groups that are not told apart, who did what a figure counts. */
export const loose = (rows: Figures[], rate: Rate): number => rows.find(({ value }) => value === mixed)?.[parts[rate]] ?? 0;

/**
 * Where the groups of an axis stand, the highest first, those of which nothing can be told last. The agents aimed at are known
 * for every group, but some of those who acted are counted with groups that are not told apart: of shares of those aimed at, the
 * value is then a minimum, and the interval reaches as far as all of the others might take it.
 */
export function standings(rows: Figures[], rate: Rate): Standing[] {
  const others = rate === "reading" ? 0 : loose(rows, rate);
  const all = rows.filter(({ value }) => value !== mixed).map((row): Standing => {
    const part = row[parts[rate]], of = row[wholes[rate]], share = row[rate];
    const one: Standing = { value: row.value ?? "", part, of };
    if (!share || part === null || !of || (part === 0 && others > 0)) return one;
    return { ...one, share: { ...share, high: Math.min(1, Math.max(share.high, (part + others) / of)) } };
  });
  return all.sort((a, b) => (b.share?.value ?? -1) - (a.share?.value ?? -1));
}

/** Whether one group stands below another, whatever the truth within both intervals. */
export const below = (low: Standing, high: Standing): boolean => low.share !== undefined && high.share !== undefined && low.share.high < high.share.low;

/** The lowest group that surely stands below another, with the highest of those, among groups that are sorted; undefined when no two surely differ. */
export function gapOf<T extends Standing>(all: T[]): [low: T, high: T] | undefined {
  for (const low of all.toReversed()) {
    const high = all.find((one) => below(low, one));
    if (high) return [low, high];
  }
  return undefined;
}

/** The groups of some that surely stand below all, and below another one as well: the chart of groups then tells of a gap too. */
export const behind = (all: Standing[], whole: Standing): Standing[] => all.filter((one) => below(one, whole) && all.some((other) => below(one, other)));
export const ahead = (all: Standing[], whole: Standing): Standing[] => all.filter((one) => below(whole, one) && all.some((other) => below(other, one)));

/** How unequally a share is spread over groups, by their agents: half the mean difference between two agents, by the mean; 0 to 1. */
export function gini(groups: [share: number, agents: number][]): number {
  const total = groups.reduce((sum, [, n]) => sum + n, 0), mean = groups.reduce((sum, [share, n]) => sum + share * n, 0) / total;
  if (!(mean > 0)) return 0;
  let differences = 0;
  for (const [a, n] of groups) for (const [b, m] of groups) differences += Math.abs(a - b) * n * m;
  return differences / (2 * total * total * mean);
}
