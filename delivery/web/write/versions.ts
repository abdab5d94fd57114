// The history of a content: each version, who did what to it, how it differs from what is being written.

import { html, nothing, type TemplateResult } from "lit";
import type { View } from "../shell/api";
import { badge } from "./board";
import { itemOf } from "./card";
import { formOf, originalOf, type Form } from "./content";
import { drawDifferences } from "./differ";
import type { Roll } from "./roll";
import { stepWords } from "./steps";
import { say } from "./words";
import type { Client } from "../sdk/client";
import { Part } from "../shell/part";

/** Fires "restore" with a number as detail. */
export class Versions extends Part {
  static override properties = { client: { attribute: false }, versions: { attribute: false }, form: { attribute: false }, roll: { attribute: false }, open: { state: true } };

  declare client: Client;
  declare versions: View[];
  declare form: Form;
  declare roll: Roll;
  declare open: number; // the version that is looked at; 0: none
  #bodies = new Map<number, string>();

  constructor() {
    super();
    this.open = 0;
  }

  protected override createRenderRoot(): this {
    return this;
  }

  async #toggle({ number, value }: View): Promise<void> {
    this.open = this.open === number ? 0 : number;
    if (!this.open || !value || this.#bodies.has(number)) return;
    try {
      const { bodies } = await this.client.json<{ bodies: Record<string, string> }>("/v1/preview/text", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ bodies: { it: value.body ?? "" } }) });
      this.#bodies.set(number, bodies["it"] ?? "");
    } catch {
      return; // the fields are told all the same
    }
    this.requestUpdate();
  }

  override render(): TemplateResult {
    const opened = ["draft", "submitted"].includes(this.versions[0]?.state ?? "");
    return html`<section class="card" aria-labelledby="history-title">
      <h2 id="history-title">${say("history")}</h2>
      ${this.versions.length ? html`<ol class="versions" reversed>${this.versions.map((one) => this.#version(one, opened))}</ol>` : html`<p class="hint">${say("historyNone")}</p>`}
    </section>`;
  }

  #version(one: View, drafted: boolean): TemplateResult {
    const open = this.open === one.number;
    const name = say("version", { n: one.number });
    return html`<li>
      <h3>${name} ${badge(one.state)}</h3>
      <ul class="steps">${one.steps.map((step) => html`<li>${stepWords(step)}.${step.note && step.what !== "restored" ? html` <q>${step.note}</q>` : nothing}</li>`)}</ul>
      ${one.value ? html`<p class="acts">
        <button type="button" class="quiet" aria-expanded=${open} @click=${() => void this.#toggle(one)}>${say(open ? "hide" : "see")}<span class="hidden"> : ${name}</span></button>
        ${drafted ? nothing : html`<button type="button" class="quiet" @click=${() => this.dispatchEvent(new CustomEvent("restore", { detail: one.number }))}>${say("restore")}<span class="hidden"> : ${name}</span></button>`}
      </p>` : nothing}
      ${open && one.value ? html`<div class="seen">
        <fil-card .item=${itemOf(formOf(one.value), originalOf(one.value), this.#bodies.get(one.number) ?? "")}></fil-card>
        <h4>${say("compare")}</h4>
        ${drawDifferences({ before: formOf(one.value), after: this.form, names: [say("there"), say("here")], roll: this.roll, same: say("noDifference"), caption: say("compare") })}
      </div>` : nothing}
    </li>`;
  }
}
