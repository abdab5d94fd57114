// The figures of one content.

import type { Client } from "../sdk/client";
import { number } from "../words/words";
import { byId, make } from "./dom";
import { spoken } from "../words/spoken";
import { figureNames, say } from "./words";

type Row = Record<string, number | null>;
interface Report {
  content?: string;
  totals: Row;
  rows: (Row & { value?: string })[];
  withheld?: string;
}

export async function figures(client: Client, titleOf: (content: string) => string): Promise<void> {
  const by = byId<HTMLInputElement>("by").value.trim();
  const content = byId<HTMLInputElement>("content").value.trim();
  const report = await client.json<Report>(`/v1/dashboards/contents/${encodeURIComponent(content)}${by ? `?${new URLSearchParams({ by })}` : ""}`);
  const names = Object.keys(figureNames()).filter((name) => name in report.totals);
  const caption = titleOf(report.content ?? content) || say("totals");
  const parts: HTMLElement[] = [
    make("table", {}, make("caption", {}, caption), head(say("figure"), [say("number")]),
      make("tbody", {}, ...names.map((name) => make("tr", {}, make("th", { scope: "row" }, figureNames()[name]!), cell(report.totals[name]))))),
  ];
  if (by) parts.push(rowsOf(report, names, by));
  if ([report.totals, ...report.rows].some((row) => names.some((name) => row[name] === null))) {
    parts.push(make("p", { className: "hint" }, report.withheld || say("whyWithheld")));
  }
  byId("report").replaceChildren(...parts);
}

function rowsOf(report: Report, names: string[], by: string): HTMLElement {
  if (report.rows.length === 0) return make("p", { className: "hint" }, say("noRows"));
  const columns = names.filter((name) => report.rows.some((row) => row[name] !== 0));
  const table = make("table", {}, make("caption", {}, say("rowsBy", { by })), head(by, columns.map((name) => figureNames()[name]!)),
    make("tbody", {}, ...report.rows.map((row) => make("tr", {}, make("th", { scope: "row" }, row.value || say("none")), ...columns.map((name) => cell(row[name]))))));
  // A table wider than a narrow screen is reached by the keyboard.
  const box = make("div", { className: "scroll", tabIndex: 0 }, table);
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", say("rowsBy", { by }));
  return box;
}

const cell = (n: number | null | undefined): HTMLElement =>
  make("td", { className: "number" }, n === null || n === undefined ? make("span", { className: "withheld" }, say("withheld")) : number(spoken.language, n));

const head = (first: string, columns: string[]): HTMLElement =>
  make("thead", {}, make("tr", {}, make("th", { scope: "col" }, first), ...columns.map((c) => make("th", { scope: "col", className: "number" }, c))));
