// The audiences that the key may read, with their sizes, who answers for them and who wrote them last.

import { html, nothing, type TemplateResult } from "lit";
import type { Client } from "../sdk/client";
import type { Answer, AudiencesPageBody, Audience, Builder } from "../shell/api";
import { Part } from "../shell/part";
import { addressOf, go } from "../shell/place";
import { spoken } from "../words/spoken";
import { ago, number } from "../words/words";
import { say } from "./words";

const page = 50;
const atOnce = 10; // audiences whose size one question tells

export class List extends Part {
  static override properties = { client: { attribute: false }, query: { type: String }, all: { state: true }, next: { state: true }, sizes: { state: true }, loaded: { state: true } };

  declare client: Client;
  declare query: string;
  declare all: Audience[];
  declare next: string;
  declare sizes: Map<string, number | null>;
  declare loaded: boolean;
  #edits: NonNullable<AudiencesPageBody["edits"]> = {};
  #threshold = 0;
  #asked: AbortController | null = null;
  #timer = 0;

  constructor() {
    super();
    Object.assign(this, { query: "", all: [], next: "", sizes: new Map(), loaded: false });
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#asked?.abort();
  }

  /** Reads the list anew for what is looked for. */
  async load(): Promise<void> {
    this.#asked?.abort();
    this.#asked = new AbortController();
    this.#threshold ||= (await this.client.json<Builder>("/v1/schema/clauses")).threshold;
    await this.#page("", this.#asked.signal);
  }

  async #page(after: string, signal: AbortSignal): Promise<void> {
    const found = await this.client.json<AudiencesPageBody>(`/v1/audiences?limit=${page}&q=${encodeURIComponent(this.query)}&after=${encodeURIComponent(after)}`, { signal });
    Object.assign(this.#edits, found.edits);
    this.all = after ? [...this.all, ...found.audiences] : found.audiences;
    this.next = found.next ?? "";
    this.loaded = true;
    await this.#measure(found.audiences, signal);
  }

  /** Sizes come ten at a time, as what audiences have in common with nobody's rule: nothing else is told, or counted. */
  async #measure(of: Audience[], signal: AbortSignal): Promise<void> {
    const ids = of.map(({ id }) => id).filter((id) => !this.sizes.has(id));
    for (let i = 0; i < ids.length; i += atOnce) {
      const body = JSON.stringify({ rule: "", overlap: ids.slice(i, i + atOnce) });
      const { overlap = [] } = await this.client.json<Answer>("/v1/audiences:preview", { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
      this.sizes = new Map([...this.sizes, ...overlap.map(({ audience, size }) => [audience, size] as const)]);
    }
  }

  readonly #search = (event: Event): void => {
    this.query = (event.target as HTMLInputElement).value;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      go(addressOf(["audiences"], { q: this.query }), true);
    }, 250);
  };

  override render(): TemplateResult {
    return html`
      <div class="search"><label for="audiences-search">${say("search")}</label>
        <input id="audiences-search" type="search" .value=${this.query} placeholder=${say("searchHint")} @input=${this.#search}></div>
      <p class="hint" role="status">${this.loaded ? this.#found() : nothing}</p>
      ${this.all.length ? this.#table() : nothing}`;
  }

  #found(): string {
    if (!this.all.length) return this.query ? say("noneFound", { query: this.query }) : say("none");
    if (this.next) return say("foundMore", { count: this.all.length });
    return this.all.length === 1 ? say("foundOne") : say("found", { count: this.all.length });
  }

  #table(): TemplateResult {
    return html`
      <div class="card scroll list-of" role="region" aria-label=${say("audiences")} tabindex="0">
        <table>
          <caption class="hidden">${say("audiences")}</caption>
          <thead><tr><th scope="col">${say("name")}</th><th scope="col" class="number">${say("size")}</th><th scope="col">${say("owner")}</th><th scope="col">${say("upkeep")}</th></tr></thead>
          <tbody>${this.all.map((one) => html`
            <tr><th scope="row"><a href=${addressOf(["audiences", one.id])}>${one.name || one.id}</a></th><td class="number">${this.#size(one)}</td><td>${one.owner ?? ""}</td><td class="soft">${this.#upkeep(one)}</td></tr>`)}</tbody>
        </table>
        ${this.next ? html`<p><button type="button" class="quiet" @click=${() => this.#page(this.next, this.#asked!.signal)}>${say("more")}</button></p>` : nothing}
      </div>
      ${[...this.sizes.values()].includes(null) ? html`<p class="hint">${say("withheldNote", { few: this.#threshold })}</p>` : nothing}`;
  }

  #size({ id, members }: Audience): TemplateResult | string {
    const size = this.sizes.get(id);
    if (size === undefined) return "…";
    return size === null ? html`<span class="withheld">${members?.length ? say("named") : say("few", { few: this.#threshold })}</span>` : number(spoken.language, size);
  }

  #upkeep({ id }: Audience): string {
    const edit = this.#edits[id];
    if (!edit) return "";
    const when = ago(spoken.language, edit.at);
    const who = edit.label; // the id of a key says nothing to a person
    return who ? say("by", { when, who }) : when;
  }
}
