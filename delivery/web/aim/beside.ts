// The figures beside a rule, as they follow it: size, breakdown, overlap, presence. What the server withholds is said in words.

import { html, nothing, type PropertyValues, svg, type TemplateResult } from "lit";
import type { Client } from "../sdk/client";
import type { Answer } from "../shell/api";
import { Part } from "../shell/part";
import { told } from "../shell/told";
import { bilingual, locale, spoken } from "../words/spoken";
import { number } from "../words/words";
import { say } from "./beside.words";
import type { Catalogue } from "./catalogue";
import { warnings } from "./expression";
import { valueWords } from "./phrase";

const pause = 350; // milliseconds without a change before figures are asked
const most = 10; // audiences that one question may compare with
const memory = "fil.aim.by"; // the attribute chosen, in this tab

const n = (value: number): string => number(spoken.language, value);
const share = (part: number, whole: number): string => (part / whole).toLocaleString(locale(), { style: "percent", maximumFractionDigits: 1 });

/** Tells "mend" with a rule, when the person takes up what a warning proposes. */
export class Beside extends Part {
  static override properties = {
    client: { attribute: false }, catalogue: { attribute: false }, rule: { type: String }, wrong: { type: Boolean }, added: { type: Number }, within: { type: String },
    by: { state: true }, overlap: { state: true }, presence: { state: true }, answer: { state: true }, problem: { state: true }, busy: { state: true },
  };

  declare client: Client;
  declare catalogue: Catalogue;
  /** What is counted; empty for nobody. */
  declare rule: string;
  /** The rule is being mended: what is shown is of the one before. */
  declare wrong: boolean;
  /** Agents added one by one. */
  declare added: number;
  /** The audience that this one is cut to, if any. */
  declare within: string;
  declare by: string;
  declare overlap: string[];
  declare presence: boolean;
  declare answer: Answer | null;
  declare problem: string;
  declare busy: boolean;
  #timer = 0;
  #asked: AbortController | null = null;

  constructor() {
    super();
    Object.assign(this, { rule: "", wrong: false, added: 0, within: "", by: sessionStorage.getItem(memory) ?? "?", overlap: [], presence: false, answer: null, problem: "", busy: false });
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#asked?.abort();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (this.by && !this.catalogue.field(this.by)) this.by = this.catalogue.field("category") ? "category" : "org";
    if (!["rule", "within", "by", "overlap", "presence"].some((name) => changed.has(name))) return;
    clearTimeout(this.#timer);
    this.#asked?.abort();
    if (!this.rule) {
      this.answer = null;
      this.busy = false;
      return;
    }
    this.busy = true;
    this.#timer = setTimeout(() => void this.#ask(), changed.has("rule") || changed.has("within") ? pause : 0);
  }

  async #ask(): Promise<void> {
    const asked = (this.#asked = new AbortController());
    const rule = this.within ? `(${this.rule}) and audience(${JSON.stringify(this.within)})` : this.rule;
    try {
      // An attribute that groups nobody asks for no more than the size: without one the server chooses several.
      const body = { rule, by: [this.by || "language"], overlap: this.overlap, presence: this.presence };
      this.answer = await this.client.json<Answer>("/v1/audiences:preview", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: asked.signal });
      this.problem = "";
    } catch (error) {
      if (asked.signal.aborted) return;
      this.problem = told(error);
    }
    this.busy = false;
  }

  override render(): TemplateResult {
    return html`
      <h2>${say("figures")}</h2>
      <div class="size" role="status" aria-busy=${this.busy}>${this.#size()}</div>
      ${this.answer && this.rule ? html`
        ${warnings(this.answer.warnings?.filter((one) => one.nearest) ?? [], this.rule, (rule) => this.dispatchEvent(new CustomEvent("mend", { bubbles: true, detail: rule })))}
        ${this.#breakdown(this.answer)}${this.#overlaps(this.answer)}${this.#hours(this.answer)}` : nothing}`;
  }

  #size(): TemplateResult {
    if (!this.rule) return html`<p class="hint">${say("noFigures")}</p>`;
    if (this.problem) return html`<p class="fault">${say("asks", { problem: this.problem })}</p>`;
    if (!this.answer) return html`<p class="hint">${say("counting")}</p>`;
    const { size, total, warnings: said } = this.answer;
    const named = size === null && said?.find(({ nearest }) => !nearest);
    return html`
      ${size === null
        ? html`<p class="figure words">${named ? bilingual(named.problem) : say("few", { few: this.catalogue.builder.threshold })}</p>${named ? nothing : html`<p class="hint">${say("fewNote")}</p>`}`
        : size === 0 ? html`<p class="figure words">${say("nobody")}</p>`
        : html`<p class="figure"><strong>${n(size)}</strong> ${say(size === 1 ? "agentOne" : "agents")}</p>
          ${total ? html`<p class="hint">${say("ofTotal", { total: n(total), share: share(size, total) })}</p>` : nothing}`}
      ${this.within ? html`<p class="hint">${say("cut", { perimeter: this.catalogue.audience(this.within) })}</p>` : nothing}
      ${this.added ? html`<p class="hint">${this.added === 1 ? say("plusOne") : say("plus", { count: n(this.added) })}</p>` : nothing}
      ${this.wrong ? html`<p class="hint">${say("wrong")}</p>` : nothing}`;
  }

  #breakdown(answer: Answer): TemplateResult {
    const fields = this.catalogue.builder.fields.filter((field) => this.catalogue.groups(field));
    const choose = (event: Event): void => {
      this.by = (event.target as HTMLSelectElement).value;
      sessionStorage.setItem(memory, this.by);
    };
    return html`
      <section class="figures">
        <label for="by">${say("breakdown")}</label>
        <select id="by" @change=${choose} .value=${this.by}>
          <option value="" ?selected=${!this.by}>${say("noBreakdown")}</option>
          ${fields.map((field) => html`<option value=${field.name} ?selected=${field.name === this.by}>${bilingual(field.label)}</option>`)}
        </select>
        ${this.by && answer.size ? this.#groups(Object.entries(answer.breakdown[this.by] ?? {}), answer.size) : nothing}
      </section>`;
  }

  #groups(groups: [string, number | null][], size: number): TemplateResult {
    const field = this.catalogue.field(this.by);
    const told = groups.filter((one): one is [string, number] => one[1] !== null);
    const hidden = groups.filter(([, count]) => count === null).map(([group]) => group).sort((a, b) => a.localeCompare(b));
    if (field?.kind === "date" || field?.kind === "number") told.sort(([a], [b]) => Number(a) - Number(b));
    else told.sort(([, a], [, b]) => b - a);
    const widest = Math.max(1, ...told.map(([, count]) => count));
    const name = (text: string): string => (field?.kind === "boolean" ? valueWords(text === "true") : text);
    return html`
      ${told.length ? html`
        <table class="bars">
          <caption class="hidden">${say("breakdownOf", { field: this.catalogue.label(this.by) })}</caption>
          <thead class="hidden"><tr><th scope="col">${say("groupName")}</th><th scope="col">${say("agents")}</th><th scope="col">${say("share")}</th></tr></thead>
          <tbody>${told.map(([group, count]) => html`
            <tr><th scope="row">${name(group)}${bar(count / widest)}</th><td class="number">${n(count)}</td><td class="number">${share(count, size)}</td></tr>`)}</tbody>
        </table>` : nothing}
      ${groups.length ? nothing : html`<p class="hint">${say("noGroups")}</p>`}
      ${hidden.length ? html`<p class="hint">${say("withheldSome", { names: some(hidden.map(name)), few: this.catalogue.builder.threshold })}</p>` : nothing}`;
  }

  #overlaps(answer: Answer): TemplateResult {
    const left = this.catalogue.audiences.map(({ id }) => id);
    return html`
      <section class="figures">
        <span class="label">${say("overlap")}</span>
        <fil-values many label=${say("addOverlap")} .values=${this.overlap} .choices=${this.overlap.length < most ? left : []} .named=${(id: string) => this.catalogue.audience(id)}
          @given=${(event: CustomEvent<string[]>) => (this.overlap = event.detail)}></fil-values>
        ${answer.overlap?.length ? html`<ul class="overlaps" role="list">${answer.overlap.map(({ audience, shared, size }) => html`
          <li><strong>${this.catalogue.audience(audience)}</strong> : ${size === null ? say("sharedUnknown") : shared === null ? say("sharedFew", { few: this.catalogue.builder.threshold }) : say("shared", { shared: n(shared), size: n(size) })}
            ${size && shared ? bar(shared / size) : nothing}</li>`)}</ul>` : nothing}
      </section>`;
  }

  #hours(answer: Answer): TemplateResult {
    const hours = answer.presence ?? [];
    const highest = Math.max(1, ...hours.map((count) => count ?? 0));
    return html`
      <section class="figures">
        <label class="check"><input type="checkbox" .checked=${this.presence} @change=${(event: Event) => (this.presence = (event.target as HTMLInputElement).checked)}>${say("presence")}</label>
        ${!this.presence || this.busy && !hours.length ? nothing : hours.some((count) => count) ? html`
          <svg class="hours" viewBox="0 0 240 60" aria-hidden="true">${hours.map((count, hour) => svg`<rect x=${hour * 10 + 1} width="8" y=${60 - ((count ?? 0) / highest) * 58} height=${((count ?? 0) / highest) * 58}></rect>`)}<path d="M0 59.5H240"></path></svg>
          <p class="axis" aria-hidden="true"><span>0 h</span><span>6 h</span><span>12 h</span><span>18 h</span><span>24 h</span></p>
          <p class="hint">${say("best", { hour: hours.findIndex((count) => count === highest) })}</p>
          <details><summary>${say("showTable")}</summary>
            <table><caption class="hidden">${say("presenceTable")}</caption><thead><tr><th scope="col">${say("hour")}</th><th scope="col" class="number">${say("present")}</th></tr></thead>
              <tbody>${hours.map((count, hour) => html`<tr><th scope="row">${say("hourOf", { hour })}</th><td class="number ${count === null ? "withheld" : ""}">${count === null ? say("withheld") : n(count)}</td></tr>`)}</tbody></table>
          </details>` : html`<p class="hint">${say("noPresence")}</p>`}
      </section>`;
  }
}

/** The first few of many names. */
const some = (names: string[], most = 5): string =>
  names.length > most + 1 ? say("withheldMore", { names: names.slice(0, most).join(", "), count: names.length - most }) : names.join(", ");

/** A bar of a part of its place: the figure is beside it. */
const bar = (part: number): TemplateResult => html`<svg class="part-bar" aria-hidden="true"><rect width="${Math.max(0.5, Math.min(100, part * 100))}%" height="100%"></rect></svg>`;
