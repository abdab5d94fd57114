// A made-up reader: who they are, and the feed that they would have with what is being written.

import { html, nothing, type TemplateResult } from "lit";
import type { Client } from "../sdk/client";
import type { Attribute, Feed, Item, Persona, SchemaOutputBody, ValuesOutputBody } from "../shell/api";
import { Part } from "../shell/part";
import { told } from "../shell/told";
import { bilingual, spoken } from "../words/spoken";
import { ago } from "../words/words";
import { languagesOf, named, type Form } from "./content";
import { languageName, when } from "./moments";
import { say, type Word } from "./words";

const first = 6; // attributes that are shown at once

export class MadeUpReader extends Part {
  static override properties = { client: { attribute: false }, form: { attribute: false }, topics: { attribute: false }, feed: { state: true }, problem: { state: true }, busy: { state: true }, traits: { state: true } };

  declare client: Client;
  declare form: Form;
  declare topics: string[]; // in use
  declare feed: Feed | null;
  declare problem: string;
  declare busy: boolean;
  declare traits: Attribute[] | null;
  #persona: Persona = { attributes: {} };
  #values = new Map<string, string[]>();

  constructor() {
    super();
    Object.assign(this, { feed: null, problem: "", busy: false, traits: null });
  }

  protected override createRenderRoot(): this {
    return this;
  }

  async #prepare(open: boolean): Promise<void> {
    if (!open || this.traits) return;
    await this.#attempt(async () => {
      this.traits = (await this.client.json<SchemaOutputBody>("/v1/schema")).attributes.filter(({ kind, sensitive }) => !sensitive && kind !== "agent")
        .sort((a, b) => Number(b.kind === "boolean") - Number(a.kind === "boolean")); // a yes or a no tells much of a person
    });
  }

  /** Proposes the values that agents have, once a field is entered. */
  async #propose(name: string): Promise<void> {
    if (this.#values.has(name)) return;
    this.#values.set(name, []);
    try {
      this.#values.set(name, (await this.client.json<ValuesOutputBody>(`/v1/schema/values/${encodeURIComponent(name)}`)).values);
      this.requestUpdate();
    } catch {
      this.#values.delete(name); // it may be filled in without
    }
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.problem = "";
    this.busy = true;
    try {
      await work();
    } catch (error) {
      this.problem = told(error);
    } finally {
      this.busy = false;
    }
  }

  /** The server says why in one language. */
  protected override translated(): void {
    super.translated();
    if (this.feed) this.#show();
  }

  #show(event?: SubmitEvent): void {
    event?.preventDefault();
    void this.#attempt(async () => {
      this.feed = await this.client.json<Feed>("/v1/preview/feed", { method: "POST", headers: { "Content-Type": "application/json" }, body: `{"persona":${JSON.stringify(this.#persona)},"content":${named(this.form)},"limit":12}` });
    });
  }

  #trait(name: string, value: unknown): void {
    const { [name]: _, ...rest } = this.#persona.attributes ?? {};
    this.#persona.attributes = value === "" || value === undefined ? rest : { ...rest, [name]: value };
  }

  override render(): TemplateResult {
    return html`<section class="card reader" aria-labelledby="reader-title">
      <h2 id="reader-title">${say("reader")}</h2>
      <p class="hint">${say("readerHint")}</p>
      <div class="fiction"><details @toggle=${(e: Event) => void this.#prepare((e.target as HTMLDetailsElement).open)}>
        <summary>${say("describe")}</summary>
        ${this.traits ? this.#profile(this.traits) : nothing}
      </details>
      <div>${this.problem ? html`<p class="notice problem" role="alert">${this.problem}</p>` : nothing}
      <div role="status">${this.feed ? this.#outcome(this.feed) : nothing}</div>
      ${this.feed?.explanation ? html`<details><summary>${say("whyThere")}</summary>
        <p>${this.feed.explanation.degree}</p>
        <dl class="data">${this.feed.explanation.data.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
        <ol>${this.feed.explanation.operations.map((text) => html`<li>${text}</li>`)}</ol>
      </details>` : nothing}
      ${this.feed ? html`<h3>${say("feedAt", { when: when(this.feed.at) })}</h3><ol class="fictive">${this.feed.items.map((one) => this.#item(one))}</ol>` : nothing}</div></div>
    </section>`;
  }

  #profile(attributes: Attribute[]): TemplateResult {
    const persona = this.#persona;
    const languages = [...new Set(["fr", "en", ...languagesOf(this.form)])];
    return html`<form @submit=${(e: SubmitEvent) => this.#show(e)}>
      <div class="pair">
        ${this.#text("org", say("org"), (value) => void (persona.org = value))}
        ${this.#text("site", say("site"), (value) => void (persona.site = value))}
        <div><label for="reader-language">${say("readerLanguage")}</label><select id="reader-language" @change=${(e: Event) => void (persona.language = (e.target as HTMLSelectElement).value)}>
          <option value="">${say("anything")}</option>${languages.map((tag) => html`<option value=${tag}>${languageName(tag)}</option>`)}</select></div>
        ${this.#topic("read", "reads")}${this.#topic("follow", "follows")}
        ${attributes.slice(0, first).map((one) => this.#attribute(one))}
      </div>
      ${attributes.length > first ? html`<details><summary>${say("moreProfile")}</summary><div class="pair">${attributes.slice(first).map((one) => this.#attribute(one))}</div></details>` : nothing}
      <p><button type="submit" aria-disabled=${this.busy}>${say("see_feed")}</button></p>
    </form>`;
  }

  #topic(path: "read" | "follow", word: Word): TemplateResult {
    return html`<div><label for="reader-${path}">${say(word)}</label><select id="reader-${path}" @change=${(e: Event) => {
      const topic = (e.target as HTMLSelectElement).value;
      this.#persona[path] = topic ? [topic] : [];
    }}><option value="">${say("anything")}</option>${this.topics.map((one) => html`<option value=${one}>${one}</option>`)}</select></div>`;
  }

  #attribute({ name, kind, label, values }: Attribute): TemplateResult {
    const text = bilingual(label) || name;
    const id = `reader-${name}`;
    const choose = (options: [string, string][], take: (value: string) => unknown): TemplateResult => html`<div><label for=${id}>${text}</label><select id=${id} @change=${(e: Event) => {
      const { value } = e.target as HTMLSelectElement;
      this.#trait(name, value === "" ? "" : take(value));
    }}><option value="">${say("anything")}</option>${options.map(([value, word]) => html`<option value=${value}>${word}</option>`)}</select></div>`;
    if (kind === "boolean") return choose([["true", say("yes")], ["false", say("no")]], (value) => value === "true");
    if (values?.length) return choose(values.map((value) => [value, value]), (value) => (kind === "list" ? [value] : value));
    if (kind === "number" || kind === "date") {
      return html`<div><label for=${id}>${text}</label><input id=${id} type=${kind} step="any" @change=${(e: Event) => {
        const { value } = e.target as HTMLInputElement;
        this.#trait(name, value === "" ? "" : kind === "number" ? Number(value) : value);
      }}></div>`;
    }
    return this.#text(name, kind === "list" ? `${text} (${say("several")})` : text, (value) =>
      this.#trait(name, kind === "list" && value ? value.split(",").map((one) => one.trim()).filter(Boolean) : value));
  }

  #text(name: string, label: string, take: (value: string) => void): TemplateResult {
    const id = `reader-${name}`;
    return html`<div><label for=${id}>${label}</label>
      <input id=${id} list="${id}-list" autocomplete="off" @focus=${() => void this.#propose(name)} @change=${(e: Event) => take((e.target as HTMLInputElement).value.trim())}>
      <datalist id="${id}-list">${(this.#values.get(name) ?? []).map((one) => html`<option value=${one}></option>`)}</datalist></div>`;
  }

  #outcome({ place, audience }: Feed): TemplateResult {
    const text = place ? (place === 1 ? say("placeFirst") : say("placeAt", { n: place })) : say(audience ? "placeAway" : "placeNot");
    return html`<p class="notice ${place ? "" : "problem"}">${text}</p>`;
  }

  #item(one: Item): TemplateResult {
    const { language } = spoken;
    return html`<li class=${one.draft ? "yours" : ""}>
      <p>${one.draft ? html`<span class="badge good">${say("yours")}</span> ` : nothing}<strong>${one.title}</strong></p>
      <p class="hint">${say(one.kind as Word)} · ${ago(language, one.published_at, new Date(this.feed!.at))}</p>
      ${one.reasons.length ? html`<p class="hint">${one.reasons.join(" · ")}</p>` : nothing}
    </li>`;
  }
}
