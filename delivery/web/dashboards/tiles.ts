// The big figures: what each is, what it means, and how it stands to the period before.

import { html, nothing, type TemplateResult } from "lit";
import { count, percent, range } from "../charts/words";
import type { Figures, Share } from "../shell/api";
import { compare, compareCounts, type Rate } from "./judge";
import { say, type Word } from "./words";

export interface Tile {
  name: string;
  means: string;
  value: string | null;
  /** Under the value: of how many, between what. */
  beside?: string;
  change?: string;
  /** Why there is no value, and what to do. */
  why?: string;
}

export const points = (share: number): string => {
  const n = Math.abs(Math.round(share * 100));
  return say(n < 2 ? "point" : "points", { n: count(n) });
};

/** What became of a share since the period before, when it can be said. */
export function change(now: Share | undefined, before: Share | undefined): string {
  if (!now || !before) return "";
  const sign = compare(now, before);
  return sign === 0 || Math.abs(now.value - before.value) < 0.005 ? say("same") : say(sign > 0 ? "more" : "less", { points: points(now.value - before.value) });
}

const parts = { reach: ["shown", "targeted"], reading: ["readers", "shown"], acknowledgement: ["acknowledged", "targeted"] } as const;

export function rateTile(rate: Rate, now: Figures, before: Figures | undefined, filtered: boolean): Tile {
  const tile = { name: say(rate), means: say(`${rate}Means` as Word), value: null };
  const [part, whole] = parts[rate], share = now[rate];
  if (share) return { ...tile, value: percent(share.value), beside: `${say("of", { part: count(now[part]), whole: count(now[whole]) })}, ${range(share)}`, change: change(share, before?.[rate]) };
  if (filtered && whole === "targeted") {
    const told = now[part] === null ? {} : { value: count(now[part]), beside: say(part === "shown" ? "shown" : "acknowledged") };
    return { ...tile, ...told, why: say("tileUnknownWhy") };
  }
  return now[part] === null || now[whole] === null ? { ...tile, why: say("tileWithheldWhy") } : { ...tile, value: "–", why: say("nothing") };
}

export function actedTile(now: Figures, before: Figures | undefined): Tile {
  const tile = { name: say("acting"), means: say("actingMeans") };
  if (now.acted === null) return { ...tile, value: null, why: say("tileWithheldWhy") };
  const sign = before && compareCounts(now.acted, before.acted), n = count(Math.abs(now.acted - (before?.acted ?? 0)));
  return { ...tile, value: count(now.acted), beside: say("acted"), change: !before || before.acted === null || now.acted + before.acted === 0 ? "" : say(sign === 0 ? "same" : sign! > 0 ? "moreAgents" : "lessAgents", { n }) };
}

export const tiles = (all: Tile[]): TemplateResult => html`
  <ul class="tiles">${all.map(({ name, means, value, beside, change, why }) => html`
    <li class="card tile">
      <h2>${name}</h2>
      <p class="big ${value === null ? "withheld" : ""}">${value ?? say("tileWithheld")}</p>
      ${beside ? html`<p class="hint">${beside}</p>` : nothing}
      ${change ? html`<p class="change">${change}</p>` : nothing}
      ${why ? html`<p class="hint">${why}</p>` : nothing}
      <details><summary>${say("definition")}<span class="hidden"> : ${name}</span></summary><p>${means}</p></details>
    </li>`)}
  </ul>`;
