// The register of acknowledgements for those entitled: the mandatory contents, and who has looked.

import { html, nothing, type TemplateResult } from "lit";
import type { Problem } from "../sdk/client";
import type { Access, AccessesOutputBody, Mandatory, ContentsOutputBody } from "./api";
import { addressOf, go } from "../shell/place";
import { Screen } from "../shell/screen";
import { spoken } from "../words/spoken";
import { day, moment, number } from "../words/words";
import { drawNames, Names } from "./names";
import "./register.css";
import { verification } from "./verify";
import { say, type Word } from "./words";

const acts: Record<Access["act"], Word> = {
  contents: "contents", list: "list", export: "export", reminder: "reminder", attestation: "attestation", sheet: "sheetAct", accesses: "accessesAct", refused: "refused",
};
const states = ["", "current", "past", "withdrawn"] as const;

export class Register extends Screen {
  #contents: Mandatory[] = [];
  #accesses: Access[] = [];
  #names: Names | null = null;
  #next = "";
  #told = false; // the server has answered for this place

  get #view(): "list" | "accesses" | "content" {
    const [, second] = this.place.path;
    return !second ? "list" : second === "accesses" && this.place.path.length === 2 ? "accesses" : "content";
  }

  override get heading(): string {
    if (this.#view === "accesses") return say("accesses");
    return this.#view === "content" ? (this.#names?.title ?? say("heading")) : say("heading");
  }

  get #denied(): boolean {
    return this.refused?.status === 403;
  }

  override actions(): TemplateResult | typeof nothing {
    if (this.#denied) return nothing;
    if (this.#view !== "list") return html`<a class="button quiet" href="#/register">${say("back")}</a>`;
    return html`<a class="button quiet" href="#/register/accesses">${say("accesses")}</a>`;
  }

  override async arrive(): Promise<void> {
    this.#contents = [];
    this.#accesses = [];
    this.#next = "";
    this.#told = false;
    if (this.#view === "content") {
      const names = new Names(this.client, this.place, (work) => this.attempt(work), (text) => this.tell(text), () => this.requestUpdate());
      if (this.#names?.id !== names.id) this.#names = null;
      await names.load();
      this.#names = names;
      return;
    }
    this.#names = null;
    await this.#load();
    this.#told = true;
  }

  protected override wordsOf(problem: Problem): string {
    if (problem.status === 403) return say("denied");
    if (problem.faults.some(({ location }) => location === "body.org")) return say("nobodyThere", { org: this.place.query.get("org") ?? "" });
    return super.wordsOf(problem);
  }

  async #load(): Promise<void> {
    const query = new URLSearchParams({ after: this.#next });
    if (this.#view === "accesses") {
      const page = await this.client.json<AccessesOutputBody>(`/v1/register/accesses?${query}`);
      this.#accesses.push(...page.accesses);
      this.#next = page.next ?? "";
      return;
    }
    const state = this.place.query.get("state");
    if (state) query.set("state", state);
    const page = await this.client.json<ContentsOutputBody>(`/v1/register/contents?${query}`);
    this.#contents.push(...page.contents);
    this.#next = page.next ?? "";
  }

  override body(): TemplateResult | typeof nothing {
    if (this.#denied) return nothing;
    if (this.#view === "content") return this.#names ? drawNames(this.#names) : nothing;
    return html`
      <p class="hint">${say("law")}</p>
      ${this.#view === "accesses" ? this.#drawAccesses() : this.#drawContents()}
      ${this.#next ? html`<p><button type="button" class="quiet" @click=${() => this.attempt(() => this.#load())}>${say("more")}</button></p>` : nothing}
      ${this.#view === "list" ? verification(this.client, (work) => this.attempt(work)) : nothing}`;
  }

  #drawContents(): TemplateResult {
    const chosen = this.place.query.get("state") ?? "";
    const choose = (event: Event): void => go(addressOf(["register"], { state: (event.target as HTMLSelectElement).value }), true);
    return html`
      <p class="pick"><label for="register-state">${say("stateLabel")}</label>
        <select id="register-state" @change=${choose}>${states.map((state) => html`<option value=${state} ?selected=${state === chosen}>${say(state || "all")}</option>`)}</select></p>
      ${this.#contents.length ? this.#table() : this.#told ? html`<div class="card"><p>${say("none")}</p><p class="hint">${say("noneHint")}</p></div>` : nothing}`;
  }

  #table(): TemplateResult {
    return html`
      <div class="scroll card">
        <table class="stacks">
          <caption class="hidden">${this.heading}</caption>
          <thead><tr><th scope="col">${say("title")}</th><th scope="col">${say("state")}</th><th scope="col">${say("deadline")}</th><th scope="col">${say("done")}</th><th scope="col" class="number">${say("missing")}</th></tr></thead>
          <tbody>${this.#contents.map((one) => html`
            <tr>
              <th scope="row"><a href=${addressOf(["register", one.id])}>${one.title}</a>${one.source ? html`<br><small>${one.source}</small>` : nothing}</th>
              <td data-head=${say("state")}><span class="badge ${one.state === "current" ? "good" : one.state === "past" ? "waiting" : ""}">${say(one.state)}</span></td>
              <td data-head=${say("deadline")}>${one.deadline ? day(spoken.language, one.deadline) : say("unknown")}</td>
              <td data-head=${say("done")}>${progress(one)}</td>
              <td data-head=${say("missing")} class="number">${one.missing === null ? say("unknown") : number(spoken.language, one.missing)}</td>
            </tr>`)}</tbody>
        </table>
      </div>`;
  }

  #drawAccesses(): TemplateResult {
    if (!this.#accesses.length) return this.#told ? html`<p class="card">${say("noAccess")}</p>` : html``;
    return html`
      <div class="scroll card">
        <table class="stacks">
          <caption class="hidden">${say("accesses")}</caption>
          <thead><tr><th scope="col">${say("at")}</th><th scope="col">${say("who")}</th><th scope="col">${say("what")}</th><th scope="col">${say("title")}</th><th scope="col" class="number">${say("lines")}</th></tr></thead>
          <tbody>${this.#accesses.map((one) => html`
            <tr>
              <th scope="row">${moment(spoken.language, one.at)}</th>
              <td data-head=${say("who")}>${one.role === "agent" ? say("themself", { agent: one.by }) : one.label || one.by}</td>
              <td data-head=${say("what")}>${say(acts[one.act])}${one.agent ? ` · ${one.agent}` : ""}${one.org ? ` · ${one.org}` : ""}</td>
              <td data-head=${say("title")}>${one.content ? html`<a href=${addressOf(["register", one.content])}>${one.title ?? one.content}</a>` : ""}</td>
              <td data-head=${say("lines")} class="number">${one.lines === null ? say("notSaid") : number(spoken.language, one.lines)}</td>
            </tr>`)}</tbody>
        </table>
      </div>`;
  }
}

/** How many of those concerned have acknowledged: a bar and its words. */
export function progress({ acknowledged, targeted }: Mandatory): TemplateResult {
  if (targeted === null) return html`${number(spoken.language, acknowledged)}`;
  const words = say("progress", { done: number(spoken.language, acknowledged), of: number(spoken.language, targeted) });
  return html`<progress max=${Math.max(1, targeted)} value=${acknowledged} aria-label=${words}></progress> ${words}`;
}
