// The pictures of charts, by Observable Plot, in the page's own colours. A name stands above each line, so that the picture fits
// a narrow screen, and a figure beside each mark, so that no colour has to be told from another.

import { axisX, barX, dot, plot, ruleX, ruleY, text, barY, gridX, gridY, axisY, type PlotOptions } from "@observablehq/plot";
import { count, percent } from "./words";

// Colours are named in chart.css: forced colours change them there.
const main = "var(--c-main)", second = "var(--c-second)", soft = "var(--c-soft)", line = "var(--c-line)", ink = "var(--c-ink)", paper = "var(--f-paper)";

/** Draws. The style element that Plot makes is left out, since the page's policy allows none: chart.css says the same. */
export function drawn(options: PlotOptions, width: number): Element {
  const made = plot({ ...options, width, className: "plot" });
  made.querySelector("style")?.remove();
  made.setAttribute("aria-hidden", "true"); // what holds it is the image, and has its name
  return made;
}

const row = 48; // pixels of one line with its name

/** A share with the ends of its interval, beside its name. */
export interface Dotted {
  name: string;
  value: number;
  low: number;
  high: number;
  told?: string;
}

/** Shares of groups with their intervals, in the order given, against the share of all. */
export const dots = (rows: Dotted[], all?: { value: number; name: string }) => (width: number): PlotOptions => {
  const least = Math.floor(Math.max(0, Math.min(...rows.map(({ low }) => low), all?.value ?? 1) - 0.05) * 5) / 5;
  const label = (one: Dotted): string => one.told ?? percent(one.value);
  return {
    height: rows.length * row + 44, marginLeft: 6, marginRight: 64, marginTop: all ? 22 : 6, marginBottom: 24,
    x: { domain: [least, 1], label: null }, y: { domain: rows.map((_, i) => i), type: "band", padding: 0, axis: null },
    marks: [
      gridX({ ticks: width < 400 ? 2 : 5, stroke: line, strokeOpacity: 1 }), axisX({ ticks: width < 400 ? 2 : 5, tickSize: 0, tickFormat: percent, fill: soft }),
      ...(all ? [ruleX([all.value], { stroke: ink, strokeDasharray: "3 3" }), text([all], { x: "value", text: "name", frameAnchor: "top", dy: -14, fill: ink, textAnchor: all.value - least > 0.6 * (1 - least) ? "end" : all.value - least < 0.3 * (1 - least) ? "start" : "middle" })] : []),
      text(rows, { y: (_, i) => i, text: "name", frameAnchor: "left", dy: -13, fontWeight: 600, fill: ink, stroke: paper, strokeWidth: 4, lineWidth: (width - 20) / 14, textOverflow: "ellipsis-end" }),
      barX(rows, { y: (_, i) => i, x1: "low", x2: "high", insetTop: 29, insetBottom: 13, fill: second, rx: 3 }),
      dot(rows, { y: (_, i) => i, x: "value", dy: 8, r: 6, fill: main, stroke: paper, strokeWidth: 2 }),
      text(rows, { y: (_, i) => i, text: label, frameAnchor: "right", dx: 58, dy: 8, textAnchor: "end", fontWeight: 600, fill: ink }),
    ],
  };
};

/** A number of agents, or of contents, beside its name. */
export interface Barred {
  name: string;
  value: number;
  told?: string;
}

/** Numbers as bars, in the order given; beside keeps so many pixels for what is said after the longest. */
export const bars = (rows: Barred[], most = Math.max(1, ...rows.map(({ value }) => value)), beside = 110) => (width: number): PlotOptions => ({
  height: rows.length * row + 8, marginLeft: 6, marginRight: 6, marginTop: 4, marginBottom: 4,
  x: { domain: [0, most], axis: null, range: [6, Math.max(60, width - beside)] }, y: { domain: rows.map((_, i) => i), type: "band", padding: 0, axis: null },
  marks: [
    barX(rows, { y: (_, i) => i, x: "value", insetTop: 26, insetBottom: 8, fill: main, rx: 3 }),
    text(rows, { y: (_, i) => i, text: "name", frameAnchor: "left", dy: -13, fontWeight: 600, fill: ink, lineWidth: (width - 20) / 14, textOverflow: "ellipsis-end" }),
    text(rows, { y: (_, i) => i, x: "value", text: (one: Barred) => one.told ?? count(one.value), dx: 6, dy: 9, textAnchor: "start", fill: ink }),
  ],
});

/** What happened in one period: a number and a part of it; null is withheld. */
export interface Moment {
  label: string;
  whole: number | null;
  part?: number | null;
  /** Not over yet, or begun before. */
  partial: boolean;
  told?: string;
}

/** Numbers over time, as bars, each with a part of it within. Bars of periods that are not whole have an outline only. */
export const moments = (rows: Moment[], say: (n: number) => string = count) => (width: number): PlotOptions => {
  const step = Math.max(1, Math.ceil((rows.length * Math.max(62, 8 * Math.max(...rows.map(({ label }) => label.length)))) / width));
  const known = rows.map((one, i) => ({ ...one, i })).filter(({ whole }) => whole !== null);
  const parts = known.filter(({ part }) => part !== null && part !== undefined);
  const figures = width / rows.length >= 40, inset = Math.min(5, width / rows.length / 6), ground = parts.length ? second : main;
  return {
    height: 260, marginLeft: figures ? 6 : 44, marginRight: figures ? 6 : 24, marginTop: 24, marginBottom: 30,
    x: { domain: rows.map((_, i) => i), type: "band", padding: 0.25, label: null }, y: { axis: null, domain: [0, Math.max(1, ...known.map(({ whole }) => whole!)) * 1.02] },
    marks: [
      barY(known, { x: "i", y: "whole", fill: ground, fillOpacity: ({ partial }: Moment) => (partial ? 0 : 1), stroke: ground, strokeWidth: 2, strokeDasharray: "4 3", strokeOpacity: ({ partial }: Moment) => (partial ? 1 : 0), inset: 1, ry2: 3 }),
      barY(parts, { x: "i", y: "part", fill: main, fillOpacity: ({ partial }: Moment) => (partial ? 0.55 : 1), insetLeft: inset, insetRight: inset, ry2: 3 }),
      dot(rows.map((one, i) => ({ ...one, i })).filter(({ whole }) => whole === null), { x: "i", y: 0, dy: -8, r: 3.5, fill: "none", stroke: soft }),
      ruleY([0], { stroke: soft }),
      axisX({ tickSize: 0, tickFormat: (i: number) => rows[i]!.label, ticks: rows.map((_, i) => i).filter((i) => (rows.length - 1 - i) % step === 0), fill: soft }),
      ...(figures ? [text(known, { x: "i", y: "whole", text: (one: Moment) => one.told ?? say(one.whole!), dy: -9, fill: ink, fontWeight: 600 })] : [gridY({ stroke: line }), axisY({ tickSize: 0, anchor: "left", fill: soft, tickFormat: say, ticks: 3 })]),
    ],
  };
};





/** How many did something at an hour of the week; null is withheld. */
export interface Hour {
  weekday: number;
  hour: number;
  n: number | null;
  best: boolean;
}

/** A week by its hours: the larger a square, the more agents; the best have an outline. */
export const week = (all: Hour[], dayName: (weekday: number) => string, hourName: (hour: number) => string) => (width: number): PlotOptions => {
  const hours = all.filter(({ n }) => n).map(({ hour }) => hour), first = Math.min(7, ...hours), last = Math.max(18, ...hours);
  const seen = all.filter(({ hour }) => hour >= first && hour <= last), most = Math.max(1, ...seen.map(({ n }) => n ?? 0));
  const marginLeft = width < 480 ? 34 : 84, side = Math.min(34, (width - marginLeft - 8) / (last - first + 1));
  return {
    height: 7 * Math.max(side, 20) + 34, marginLeft, marginRight: 8, marginTop: 4, marginBottom: 30,
    x: { domain: [first - 0.5, last + 0.5], label: null }, y: { domain: [1, 2, 3, 4, 5, 6, 7], type: "band", padding: 0, label: null },
    marks: [
      axisY({ tickSize: 0, tickFormat: (day: number) => (width < 480 ? dayName(day).slice(0, 3) : dayName(day)), fill: ink, anchor: "left", dx: -2 }),
      axisX({ tickSize: 0, ticks: Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((hour) => hour % (side < 26 ? 3 : 2) === 0), tickFormat: hourName, fill: soft }),
      dot(seen.filter(({ n }) => n === 0), { x: "hour", y: "weekday", r: 1.5, fill: line }), dot(seen.filter(({ n }) => n === null), { x: "hour", y: "weekday", r: 3.5, fill: "none", stroke: soft }),
      dot(seen.filter(({ n }) => n), { x: "hour", y: "weekday", symbol: "square", r: ({ n }: Hour) => (side / 2.2) * Math.sqrt((n ?? 0) / most), fill: ({ best }: Hour) => (best ? main : second), stroke: ({ best }: Hour) => (best ? ink : "none"), strokeWidth: 1.5 }),
    ],
    r: { type: "identity" }, color: { type: "identity" }, symbol: { type: "identity" } as never,
  };
};
