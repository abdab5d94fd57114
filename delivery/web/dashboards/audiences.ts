// The messages of one audience. Without an id, the audiences to choose from.

import { html, nothing, type TemplateResult } from "lit";
import { lexicon } from "../charts/words";
import type { AudiencesPageBody, Audience } from "../shell/api";
import { addressOf } from "../shell/place";
import { One } from "./one";

const fr = {
  title: "Audiences", loading: "Audience", search: "Chercher une audience par son nom ou son identifiant", list: "Audiences", name: "Nom", owner: "Responsable", more: "Afficher la suite", back: "Toutes les audiences",
  none: "Aucune audience ne correspond à « {q} ».", noneYet: "Aucune audience n'est encore déclarée.", about: "Toutes les communications adressées à cette audience. Responsable : {owner}.", aboutNone: "Toutes les communications adressées à cette audience.",
};
const en: typeof fr = {
  title: "Audiences", loading: "Audience", search: "Search an audience by its name or id", list: "Audiences", name: "Name", owner: "Owner", more: "Show more", back: "All audiences",
  none: "No audience fits “{q}”.", noneYet: "No audience is declared yet.", about: "All messages for this audience. Owner: {owner}.", aboutNone: "All messages for this audience.",
};
const tell = lexicon(fr, en);

export class Audiences extends One {
  #audience: Audience | null = null;
  #all: Audience[] = [];
  #next = "";

  override get heading(): string {
    return this.which ? (this.#audience?.id === this.which ? this.#audience.name || this.which : tell("loading")) : tell("title");
  }

  protected override get asks(): boolean {
    return Boolean(this.which);
  }

  protected override path(id: string): string {
    return `audiences/${encodeURIComponent(id)}`;
  }

  protected override async load(signal: AbortSignal): Promise<void> {
    if (!this.which) return this.#list(signal);
    this.#audience = await this.client.json<Audience>(`/v1/audiences/${encodeURIComponent(this.which)}`, { signal });
    await this.figures(this.which, signal, false);
  }

  async #list(signal?: AbortSignal): Promise<void> {
    const page = await this.client.json<AudiencesPageBody>(`/v1/audiences?${new URLSearchParams({ q: this.place.query.get("q") ?? "", limit: "100", after: this.#next })}`, signal ? { signal } : {});
    this.#all = (this.#next ? this.#all : []).concat(page.audiences);
    this.#next = page.next ?? "";
  }

  override async arrive(): Promise<void> {
    this.#next = "";
    await super.arrive();
  }

  override actions(): TemplateResult | typeof nothing {
    return this.which ? html`<a class="button quiet" href="#/audiences">${tell("back")}</a>${super.actions()}` : nothing;
  }

  protected override story(): TemplateResult {
    if (!this.which) return this.#choice();
    const { owner } = this.#audience!;
    return html`<p class="about">${tell(owner ? "about" : "aboutNone", { owner: owner ?? "" })}</p>${this.shown(this.which, { many: true })}`;
  }

  #choice(): TemplateResult {
    const q = this.place.query.get("q") ?? "";
    return html`
      ${this.search(tell("search"), q)}
      ${this.#all.length ? html`
        <div class="scroll card" tabindex="0" role="region" aria-label=${tell("list")}>
          <table>
            <caption>${tell("list")}</caption>
            <thead><tr><th scope="col">${tell("name")}</th><th scope="col">${tell("owner")}</th></tr></thead>
            <tbody>${this.#all.map(({ id, name, owner }) => html`<tr><th scope="row"><a href=${addressOf(["audiences", id])}>${name || id}</a></th><td>${owner ?? ""}</td></tr>`)}</tbody>
          </table>
          ${this.#next ? html`<p><button type="button" class="quiet" @click=${() => this.attempt(() => this.#list())}>${tell("more")}</button></p>` : nothing}
        </div>` : html`<p class="hint">${q ? tell("none", { q }) : tell("noneYet")}</p>`}`;
  }
}
