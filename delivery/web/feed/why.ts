// Says why a content stands where it does: the four parts of article R.311-3-1-2 of the code of relations between the public
// and the administration.

import { html, nothing, type TemplateResult } from "lit";
import type { FeedItem, ItemExplanation, Parameter } from "../sdk/api";
import { number } from "../words/words";
import type { CardState, Hands } from "./card";

export function drawWhy(item: FeedItem, state: CardState, hands: Hands, id: string): TemplateResult {
  const { why } = state;
  const { words } = hands;
  return html`<div class="panel why" id="${id}-why" role="region" aria-label="${words.why}${words.about(item.content.title)}" ?hidden=${why === "closed"}>
    ${why === "closed" ? nothing : html`
      <ul class="reasons">${item.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>
      ${why === "loading" ? html`<p class="hint">${words.whyLoading}</p>` : why instanceof Error ? html`<p class="fault">${why.message}</p>` : drawParts(why, hands)}`}
  </div>`;
}

function drawParts({ explanation, policy, score }: ItemExplanation, hands: Hands): TemplateResult {
  const { words, rules } = hands;
  const said = words.explanation;
  return html`
    ${part(hands, said.degree)}<p>${explanation.degree}</p>
    ${part(hands, said.data)}
    <dl>${explanation.data.map((d) => html`<div><dt>${d.name}</dt><dd>${d.value} <small>${said.from(d.source)}</small></dd></div>`)}</dl>
    ${part(hands, said.parameters)}
    ${explanation.parameters.length ? drawCriteria(explanation.parameters, score, hands) : html`<p>${said.unweighed}</p>`}
    ${part(hands, said.operations)}
    <ol>${explanation.operations.map((text) => html`<li>${text}</li>`)}</ol>
    <p class="hint">${said.policy(policy)} <a href=${rules} target="_blank" rel="noopener">${said.rules}</a></p>`;
}

// Plain words first, then the exact definition and the arithmetic, those that moved the content most first.
function drawCriteria(parameters: Parameter[], score: number, { words, language }: Hands): TemplateResult {
  const said = words.explanation;
  const felt = parameters.filter((p) => Math.abs(p.contribution) >= 0.005).sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const rest = parameters.filter((p) => !felt.includes(p));
  const most = Math.max(...felt.map((p) => Math.abs(p.contribution)), 0.01);
  return html`
    <p class="hint">${said.scale}</p>
    <div class="scroll" tabindex="0" role="region" aria-label=${said.parameters}><table>
      <thead><tr><th scope="col">${said.criterion}</th><th scope="col" class="number">${said.value}</th><th scope="col" class="number">${said.weight}</th><th scope="col" class="number">${said.effect}</th></tr></thead>
      <tbody>${felt.map((p) => html`<tr><th scope="row">${p.label || p.name}${p.measure ? html`<small>${p.measure}</small>` : nothing}</th><td class="number">${number(language, p.value)}</td><td class="number">${number(language, p.weight)}</td>
        <td class="number"><meter min="0" max=${most} .value=${Math.abs(p.contribution)} class=${p.contribution < 0 ? "minus" : ""} aria-hidden="true"></meter> ${number(language, p.contribution)}</td></tr>`)}</tbody>
      <tfoot><tr><th scope="row" colspan="3">${said.total}</th><td class="number">${number(language, score)}</td></tr></tfoot>
    </table></div>
    ${rest.length ? html`<details><summary>${said.without(rest.length)}</summary><ul class="hint">${rest.map((p) => html`<li>${p.label || p.name}</li>`)}</ul></details>` : nothing}`;
}

const part = (hands: Hands, text: string): TemplateResult => html`<p class="part" role="heading" aria-level=${hands.level + 1}>${text}</p>`;
