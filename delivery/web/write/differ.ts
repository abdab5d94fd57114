// Two contents field by field, side by side, with what is only in one of them marked.

import { html, nothing, type TemplateResult } from "lit";
import { differences, fieldName, fieldText, type Form } from "./content";
import type { Roll } from "./roll";
import { say } from "./words";

/** For each of two lists, whether an item is in the longest list that both have in this order. */
export function common(a: string[], b: string[]): [boolean[], boolean[]] {
  const longest = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) longest[i]![j] = a[i] === b[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!);
  }
  const kept: [boolean[], boolean[]] = [a.map(() => false), b.map(() => false)];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) kept[0][i++] = kept[1][j++] = true;
    else if (longest[i + 1]![j]! >= longest[i]![j + 1]!) i++;
    else j++;
  }
  return kept;
}

const most = 4_000_000; // comparisons of words; past it, lines are compared

const pieces = (text: string, pattern: RegExp): string[] => text.match(pattern) ?? [];

/** Draws two texts, with what is only in one of them marked. */
export function drawBoth(a: string, b: string): [TemplateResult, TemplateResult] {
  const words = /\s*\S+|\s+$/g;
  let [one, two] = [pieces(a, words), pieces(b, words)];
  if (one.length * two.length > most) [one, two] = [pieces(a, /[^\n]*\n?/g), pieces(b, /[^\n]*\n?/g)];
  const [left, right] = common(one, two);
  return [drawMarked(one, left, "del"), drawMarked(two, right, "ins")];
}

function drawMarked(parts: string[], kept: boolean[], mark: "del" | "ins"): TemplateResult {
  const runs: { text: string; kept: boolean }[] = [];
  parts.forEach((text, i) => {
    const last = runs.at(-1);
    if (last && last.kept === kept[i]) last.text += text;
    else runs.push({ text, kept: kept[i]! });
  });
  return html`${runs.map((run) => (run.kept ? run.text : mark === "del" ? html`<del>${run.text}</del>` : html`<ins>${run.text}</ins>`))}`;
}

export const drawText = (text: string | TemplateResult): TemplateResult => html`<div class="said-text">${text || html`<span class="hint">${say("empty")}</span>`}</div>`;

/** A table of the fields that differ; same is said when none does. */
export function drawDifferences({ before, after, names, roll, same, caption }: { before: Form; after: Form; names: [string, string]; roll: Roll; same: string; caption: string }): TemplateResult {
  const paths = differences(before, after);
  if (!paths.length) return html`<p class="hint">${same}</p>`;
  return html`<table class="differences">
    <caption class="hidden">${caption}</caption>
    <thead><tr><th scope="col">${say("field")}</th><th scope="col">${names[0]}</th><th scope="col">${names[1]}</th></tr></thead>
    <tbody>${paths.map((path) => {
      const [left, right] = [fieldText(path, before, roll), fieldText(path, after, roll)];
      const [a, b] = left && right ? drawBoth(left, right) : [left, right];
      const lang = /^(title|summary|body)$/.test(path) ? before.language : path.startsWith("translations.") ? path.split(".")[1] : undefined;
      return html`<tr><th scope="row">${fieldName(path)}</th><td data-name=${names[0]} lang=${left && lang ? lang : nothing}>${drawText(a)}</td><td data-name=${names[1]} lang=${right && lang ? lang : nothing}>${drawText(b)}</td></tr>`;
    })}</tbody>
  </table>`;
}

/** What became of a text while a person read it, before they decide: before is what they had read, and now what there is. */
export function drawSince({ title, before, now, roll }: { title: string; before: Form; now: Form; roll: Roll }): TemplateResult {
  return html`<section class="card clash since" tabindex="-1" aria-label=${title}>
    <p><strong>${title}.</strong> ${say("sinceText")}</p>
    ${drawDifferences({ before, after: now, names: [say("sinceRead"), say("here")], roll, same: say("conflictNone"), caption: `${say("whatChanges")} : ${now.title}` })}
  </section>`;
}
