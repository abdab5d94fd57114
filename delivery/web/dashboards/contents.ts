// One message: how far it came, over time and by group, and live. Without an id, the list to choose from.

import { html, nothing, type TemplateResult } from "lit";
import { dateOf, dayOf, lexicon } from "../charts/words";
import type { Calendar, Content, ContentsPageBody } from "../shell/api";
import { addressOf } from "../shell/place";
import { day } from "../words/words";
import { locale, spoken } from "../words/spoken";
import { One } from "./one";
import { farPresets } from "./question";

const fr = {
  title: "Communications", loading: "Communication", search: "Chercher une communication par son titre ou son identifiant", recent: "Les plus récentes", found: "{n} communications trouvées", foundOne: "Une communication trouvée", none: "Aucune communication ne correspond à « {q} ». Essayez un mot du titre.", noneRecent: "Aucune communication n'a été publiée dans les deux derniers mois. Cherchez-en une par son titre.",
  name: "Titre", source: "Service", published: "Publiée", more: "Afficher la suite", back: "Toutes les communications", console: "Ouvrir dans la console", by: "{source}, publiée le {day}", byNone: "Publiée le {day}", until: "À lire avant le {day}", alert: "Alerte",
};
const en: typeof fr = {
  title: "Messages", loading: "Message", search: "Search a message by its title or id", recent: "The latest", found: "{n} messages found", foundOne: "One message found", none: "No message fits “{q}”. Try a word of the title.", noneRecent: "No message was published in the last two months. Search one by its title.",
  name: "Title", source: "Service", published: "Published", more: "Show more", back: "All messages", console: "Open in the console", by: "{source}, published on {day}", byNone: "Published on {day}", until: "To be read before {day}", alert: "Alert",
};
const tell = lexicon(fr, en);

interface Listed {
  id: string;
  title: string;
  source?: string;
  published_at?: string;
}

const listedDays = 60, listedFirst = 30;

export class Contents extends One {
  #content: Content | null = null;
  #all: Listed[] = [];
  #next = "";
  #whole = false; // all that was loaded is listed

  override readonly offers = { by: true, filters: true, presets: farPresets };

  override get heading(): string {
    return this.which ? (this.#content?.id === this.which ? this.#content.title : tell("loading")) : tell("title");
  }

  protected override get asks(): boolean {
    return Boolean(this.which);
  }

  protected override path(id: string): string {
    return `contents/${encodeURIComponent(id)}`;
  }

  protected override async load(signal: AbortSignal): Promise<void> {
    if (!this.which) return this.#list(signal);
    this.#content = await this.client.json<Content>(`/v1/contents/${encodeURIComponent(this.which)}`, { signal });
    const oldest = dateOf(this.question.to);
    oldest.setFullYear(oldest.getFullYear() - 2);
    const first = dayOf(new Date(this.#content.published_at));
    this.question = this.since(first > dayOf(oldest) ? first : dayOf(oldest));
    await this.figures(this.which, signal, true);
  }

  async #list(signal?: AbortSignal): Promise<void> {
    const q = this.place.query.get("q") ?? "";
    if (q) {
      const page = await this.client.json<ContentsPageBody>(`/v1/contents?${new URLSearchParams({ q, limit: "100", after: this.#next })}`, signal ? { signal } : {});
      this.#all = (this.#next ? this.#all : []).concat(page.contents);
      this.#next = page.next ?? "";
      return;
    }
    const to = new Date(), from = new Date(to.getFullYear(), to.getMonth(), to.getDate() - listedDays, 12);
    const { entries } = await this.client.json<Calendar>(`/v1/calendar?${new URLSearchParams({ from: dayOf(from), to: dayOf(to) })}`, signal ? { signal } : {});
    this.#all = entries.filter(({ state }) => state === "published").sort((a, b) => (b.published_at ?? "").localeCompare(a.published_at ?? ""));
    this.#next = "";
  }

  protected override story(): TemplateResult {
    return this.which ? this.#one(this.#content!) : this.#choice();
  }

  #one(content: Content): TemplateResult {
    const language = spoken.language, source = content.source ?? "", published = day(language, content.published_at);
    return html`
      <p class="about">${tell(source ? "by" : "byNone", { source, day: published })}${content.mandatory_until ? html` · ${tell("until", { day: day(language, content.mandatory_until) })}` : nothing}${content.kind === "alert" ? html` <span class="badge bad">${tell("alert")}</span>` : nothing}</p>
      <fil-live .client=${this.client} .content=${content.id}></fil-live>
      ${this.shown(content.id, { mandatory: Boolean(content.mandatory_until) })}`;
  }

  override actions(): TemplateResult | typeof nothing {
    if (!this.which) return nothing;
    return html`<a class="button quiet" href="#/contents">${tell("back")}</a>
      ${this.caller.role === "communicator" ? html`<a class="button quiet" href="/console/${addressOf(["contents", this.which])}">${tell("console")}</a>` : nothing}
      ${super.actions()}`;
  }

  #choice(): TemplateResult {
    const q = this.place.query.get("q") ?? "", all = this.#whole || this.#next ? this.#all : this.#all.slice(0, listedFirst), more = Boolean(this.#next) || all.length < this.#all.length;
    const heading = !q ? tell("recent") : this.#all.length === 1 ? tell("foundOne") : tell("found", { n: this.#all.length.toLocaleString(locale()) });
    return html`
      ${this.search(tell("search"), q)}
      ${all.length ? html`
        <div class="scroll card" tabindex="0" role="region" aria-label=${heading}>
          <table>
            <caption>${heading}</caption>
            <thead><tr><th scope="col">${tell("name")}</th><th scope="col">${tell("source")}</th><th scope="col">${tell("published")}</th></tr></thead>
            <tbody>${all.map(({ id, title, source, published_at }) => html`<tr><th scope="row"><a href=${addressOf(["contents", id])}>${title}</a></th><td>${source ?? ""}</td><td>${published_at ? day(spoken.language, published_at) : ""}</td></tr>`)}</tbody>
          </table>
          ${more ? html`<p><button type="button" class="quiet" @click=${() => this.#more()}>${tell("more")}</button></p>` : nothing}
        </div>` : html`<p class="hint">${q ? tell("none", { q }) : tell("noneRecent")}</p>`}`;
  }

  /** Lists the rest, and takes the reader to where it begins. */
  async #more(): Promise<void> {
    const at = this.querySelectorAll("tbody a").length;
    if (this.#next) await this.attempt(() => this.#list());
    this.#whole = true;
    this.requestUpdate();
    await this.updateComplete;
    this.querySelectorAll<HTMLElement>("tbody a")[at]?.focus();
  }

  override async arrive(): Promise<void> {
    this.#next = "";
    this.#whole = false;
    await super.arrive();
  }
}

