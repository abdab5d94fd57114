// Why an agent is in a saved audience or out of it: the conditions that decided, in words, with what they read.

import { html, nothing, type TemplateResult } from "lit";
import { type Client, Problem } from "../sdk/client";
import type { Clause, ClausesOutputBody, Why, WhyReason } from "../shell/api";
import { Part } from "../shell/part";
import { told } from "../shell/told";
import { bilingual } from "../words/spoken";
import { say } from "./beside.words";
import type { Catalogue } from "./catalogue";
import { phrase, valueWords } from "./phrase";

/** A reason as the page says it. */
interface Told {
  reason: WhyReason;
  /** Its words as clauses, to be said by the labels of the schema; null where they cannot be read as such. */
  clauses: Clause | null;
  reasons: Told[];
}

export class WhyAgent extends Part {
  static override properties = {
    client: { attribute: false }, catalogue: { attribute: false }, audience: { type: String }, may: { type: Boolean }, unsaved: { type: Boolean },
    answer: { state: true }, problem: { state: true }, busy: { state: true },
  };

  declare client: Client;
  declare catalogue: Catalogue;
  /** The id of the saved audience; empty when it was never saved. */
  declare audience: string;
  /** Whether the key may see agents. */
  declare may: boolean;
  declare unsaved: boolean;
  declare answer: { why: Why; reasons: Told[] } | null;
  declare problem: string;
  declare busy: boolean;

  constructor() {
    super();
    Object.assign(this, { audience: "", may: false, unsaved: false, answer: null, problem: "", busy: false });
  }

  protected override createRenderRoot(): this {
    return this;
  }

  readonly #ask = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const agent = this.querySelector<HTMLInputElement>("#why-agent")!.value.trim();
    if (!agent) return;
    this.busy = true;
    try {
      const why = await this.client.json<Why>(`/v1/audiences/${encodeURIComponent(this.audience)}/why?agent=${encodeURIComponent(agent)}`);
      this.answer = { why, reasons: await Promise.all(why.reasons.map((reason) => this.#told(reason))) };
      this.problem = "";
    } catch (error) {
      this.answer = null;
      this.problem = error instanceof Problem && error.status === 403 ? say("whyNoRight") : told(error);
    } finally {
      this.busy = false;
    }
  };

  /** Reads the words of a reason as clauses. */
  async #told(reason: WhyReason): Promise<Told> {
    const reasons = await Promise.all((reason.reasons ?? []).map((one) => this.#told(one)));
    let clauses: Clause | null = null;
    if (reason.text) {
      const read = await this.client.json<ClausesOutputBody>("/v1/audiences/clauses", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ rule: reason.text }) }).catch(() => null);
      if (read?.by_choice) clauses = read.clauses;
    }
    return { reason, clauses, reasons };
  }

  override render(): TemplateResult {
    return html`
      <h2>${say("why")}</h2>
      ${!this.may ? html`<p class="hint">${say("whyNoRight")}</p>` : !this.audience ? html`<p class="hint">${say("whyNew")}</p>` : html`
        <p class="hint" id="why-hint">${say("whyHint")}</p>
        <form @submit=${this.#ask}>
          <label for="why-agent">${say("agent")}</label>
          <span class="row"><input id="why-agent" autocomplete="off" spellcheck="false" autocapitalize="none" required aria-describedby="why-hint">
            <button type="submit" class="quiet" aria-disabled=${this.busy}>${say("ask")}</button></span>
        </form>
        ${this.unsaved ? html`<p class="hint">${say("whyUnsaved")}</p>` : nothing}
        <div role="status">${this.problem ? html`<p class="fault">${this.problem}</p>` : this.answer ? this.#answered() : nothing}</div>`}`;
  }

  #answered(): TemplateResult {
    const { why, reasons } = this.answer!;
    return html`
      <p class="verdict ${why.in ? "in" : "out"}"><span aria-hidden="true">${why.in ? "✓" : "✗"}</span> ${say(why.in ? "isIn" : "isOut", { agent: why.agent })}</p>
      ${reasons.length ? this.#list(reasons) : html`<p class="hint">${say("noReason")}</p>`}`;
  }

  #list(reasons: Told[]): TemplateResult {
    return html`<ul class="reasons" role="list">${reasons.map(({ reason, clauses, reasons: inner }) => html`
      <li class=${reason.holds ? "in" : "out"}>
        <span class="mark" aria-hidden="true">${reason.holds ? "✓" : "✗"}</span>
        <div><strong>${say(reason.holds ? "holds" : "fails")}</strong> : ${clauses ? phrase(clauses, this.catalogue) : bilingual(reason.what)}
          ${Object.entries(reason.values ?? {}).map(([name, value]) => html`<br><span class="hint">${this.catalogue.label(name)}, ${say("because")} : ${valueWords(value, this.catalogue.field(name)?.kind)}</span>`)}
          ${inner.length ? html`<p class="hint">${say("within", { audience: this.catalogue.audience(reason.audience ?? "") })}</p>${this.#list(inner)}` : nothing}
        </div>
      </li>`)}</ul>`;
  }
}
