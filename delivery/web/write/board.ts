// All that is written, whatever came of it, the newest first.

import { html, nothing, type TemplateResult } from "lit";
import type { Desk, Matter } from "../shell/api";
import { addressOf, go } from "../shell/place";
import { Screen } from "../shell/screen";
import { spoken } from "../words/spoken";
import { number } from "../words/words";
import { dayWords, when } from "./moments";
import { Roll } from "./roll";
import { counted, say, stateWord, type Word } from "./words";

const filters: [state: string, word: Word][] = [["", "all"], ["live", "livePlural"], ["planned", "plannedPlural"], ["draft", "draftPlural"], ["submitted", "submittedPlural"], ["ended", "ended"]];

export const tones: Record<string, string> = { live: "good", published: "good", planned: "good", submitted: "waiting", withdrawn: "bad" };

export const badge = (state: string, word = stateWord(state)): TemplateResult => html`<span class="badge ${tones[state] ?? ""}">${word}</span>`;

export class Board extends Screen {
  #desk: Desk | null = null;
  #roll = new Roll();
  #known = false;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  override get heading(): string {
    return say("contents");
  }

  override actions(): TemplateResult {
    return html`<a class="button" href=${addressOf(["contents", "new"])}>${say("newOne")}</a>`;
  }

  override async arrive(): Promise<void> {
    if (!this.#known) await this.#roll.load(this.client);
    this.#known = true;
    await this.#load(0);
  }

  async #load(skip: number): Promise<void> {
    const { query } = this.place;
    const asked = ++this.#asked;
    const wanted = new URLSearchParams({ q: query.get("q") ?? "", limit: "50", skip: String(skip) });
    if (query.get("state")) wanted.set("state", query.get("state")!);
    const desk = await this.client.json<Desk>(`/v1/desk?${wanted}`);
    if (asked !== this.#asked) return; // another was asked since
    this.#desk = skip && this.#desk ? { ...desk, contents: [...this.#desk.contents, ...desk.contents] } : desk;
    const shown = this.#desk.contents.length + this.#desk.more;
    if (query.get("q")) this.tell(counted(shown, "foundOne", "found"));
  }

  /** Shows the next page, whose first has the focus. */
  async #more(skip: number): Promise<void> {
    if (!(await this.attempt(() => this.#load(skip)))) return;
    await this.updateComplete;
    this.querySelectorAll<HTMLElement>(".matters .title a")[skip]?.focus();
  }

  #search(text: string): void {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => go(addressOf(["contents"], { state: this.place.query.get("state") ?? "", q: text.trim() }), true), 300);
  }

  override body(): TemplateResult {
    const state = this.place.query.get("state") ?? "";
    const q = this.place.query.get("q") ?? "";
    return html`
      <div class="sieve">
        <nav aria-label=${say("states")}><ul class="pills">
          ${filters.map(([name, word]) => html`<li><a href=${addressOf(["contents"], { state: name, q })} aria-current=${name === state ? "true" : nothing}>${say(word)} <span class="tally">${this.#desk ? number(spoken.language, this.#desk.counts[name || "all"] ?? 0) : ""}</span></a></li>`)}
        </ul></nav>
        <form role="search" @submit=${(e: Event) => e.preventDefault()}>
          <label class="hidden" for="find">${say("search")}</label>
          <input id="find" type="search" placeholder=${say("searchHint")} .value=${q} autocomplete="off" @input=${(e: InputEvent) => this.#search((e.target as HTMLInputElement).value)}>
        </form>
      </div>
      ${this.#desk ? this.#list(this.#desk, q) : nothing}`;
  }

  #list(desk: Desk, q: string): TemplateResult {
    if (!desk.contents.length) return html`<div class="card nothing"><p>${q ? say("noneFound", { text: q }) : say(desk.counts["all"] ? "none" : "noneYet")}</p></div>`;
    return html`
      <ul class="matters card">${desk.contents.map((one) => this.#row(one))}</ul>
      ${desk.more ? html`<p><button type="button" class="quiet" aria-disabled=${this.busy} @click=${() => this.#more(desk.contents.length)}>${say("showMore", { n: number(spoken.language, desk.more) })}</button></p>` : nothing}`;
  }

  #row(one: Matter): TemplateResult {
    const seen = ["live", "expired", "withdrawn"].includes(one.state) && one.published_at;
    const about = [say(one.kind as Word), one.source, say("to", { who: this.#roll.words(one.audiences) })].filter(Boolean).join(" · ");
    return html`<li>
      <div class="what">
        <p class="title"><a href=${addressOf(["contents", one.id])}>${one.title || say("untitled")}</a></p>
        <p class="hint">${about}</p>
      </div>
      <div class="state">
        <p>${badge(one.state)} ${one.draft ? badge(one.draft, say(one.draft === "draft" ? "alsoDraft" : "alsoSubmitted")) : nothing}</p>
        <p class="hint">${moments(one)}</p>
      </div>
      <p class="more">${seen ? html`<a href="/dashboards/#/contents/${encodeURIComponent(one.id)}">${say("results")}<span class="hidden"> : ${one.title}</span></a>` : nothing}</p>
    </li>`;
  }
}

function moments(one: Matter): string {
  const until = one.state === "live" && one.expires_at ? `, ${say("saidUntil", { day: dayWords(new Date(one.expires_at)).replace(/^(le|on) /, (the) => (the === "le " ? "au " : "")) })}` : "";
  const word = `said${one.state[0]!.toUpperCase()}${one.state.slice(1)}` as Word;
  const iso = one.state === "expired" ? one.expires_at : ["live", "planned"].includes(one.state) ? one.published_at : one.at;
  return say(word, { when: when(iso ?? one.at) }) + until.replace("jusqu'au au ", "jusqu'au ");
}
