// <fil-feed>: a reader's feed in any page.

import { html, LitElement, nothing, unsafeCSS, type PropertyValues, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import type { TokenSource } from "../sdk/client";
import { limitOf, orderOf, type Order } from "../sdk/pages";
import { Sight } from "../sdk/sight";
import { tokenSheet } from "../theme/sheet";
import { ago, moment, wordsIn, type Language, type Words } from "../words/words";
import { Acts } from "./acts";
import { drawCard } from "./card";
import styles from "./feed.css?inline";
import { icon } from "./icons";
import { stepFrom } from "./keys";
import { languageAround, serverOfScript, tokenFrom } from "./page";
import { Reader } from "./reader";
import { reasonOf } from "./said";

const leastCard = 150; // pixels of height: as many as fit the window are drawn first

/**
 * Attributes: server, token, token-url, agent, account, lang, order, saved, limit, level, heading, observe, manual, kiosk.
 * Properties: the same, and token may be a function. Events: fil-load, fil-act, fil-problem. Methods: refresh, fold, forget.
 * See README.md beside this folder.
 */
export class FilFeed extends LitElement {
  static override styles = [tokenSheet, unsafeCSS(styles)];
  static override properties = {
    server: {}, token: {}, tokenUrl: { attribute: "token-url" }, agent: {}, account: {}, lang: { reflect: false }, order: {}, saved: { type: Boolean },
    limit: { type: Number }, level: { type: Number }, heading: {}, observe: { type: Boolean }, manual: { type: Boolean }, kiosk: { type: Boolean },
    said: { state: true }, away: { state: true }, printing: { state: true },
  };

  declare server: string;
  declare token: TokenSource;
  declare tokenUrl: string;
  declare agent: string;
  declare account: string;
  declare order: Order | "";
  declare saved: boolean; // what the reader saved, in place of the feed
  declare limit: number;
  declare level: number;
  declare heading: string;
  declare observe: boolean;
  declare manual: boolean;
  declare kiosk: boolean; // a screen that nobody holds: observes, and offers nothing to set, to explain or to leave by
  declare said: string; // in the live region
  declare away: boolean; // the network
  declare printing: boolean; // every text is open then

  #reader: Reader | undefined;
  #acts: Acts | undefined;
  #sight: Sight | undefined;
  #back = false; // the network was away and is back
  #stop = new AbortController();
  #tail: IntersectionObserver | undefined;

  constructor() {
    super();
    Object.assign(this, { server: serverOfScript, token: "", tokenUrl: "", agent: "", account: "", order: "", saved: false, limit: 20, level: 2, heading: "", observe: false, manual: false, kiosk: false });
    this.said = "";
    this.printing = false;
    this.away = !navigator.onLine;
  }

  get language(): Language {
    return languageAround(this, this.lang);
  }

  get words(): Words {
    return wordsIn(this.language);
  }

  /** Loads the feed from its beginning and goes to its top. */
  async refresh(): Promise<void> {
    const known = new Set(this.#reader?.items.map(({ content }) => content.id));
    await this.#reader?.open();
    await this.updateComplete;
    const first = this.#reader?.items.find(({ content }) => !known.has(content.id)) ?? this.#reader?.items[0];
    this.renderRoot.querySelector(".root")?.scrollIntoView({ block: "start" });
    if (first) this.card(first.content.id)?.focus({ preventScroll: true });
    this.say(this.words.loaded(this.#reader?.items.length ?? 0));
  }

  /** Closes what was opened in cards. */
  fold(): void {
    this.#acts?.fold();
  }

  /** Erases what this browser keeps of the reader, as on signing out. */
  async forget(): Promise<void> {
    await this.#reader?.forget();
  }

  /** Says something to those who hear the page; again even if it was the last thing said. */
  say(text: string): void {
    this.said = this.said === text ? text + "\u00a0" : text;
  }

  card(content: string): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(`article[data-id="${CSS.escape(content)}"]`);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = new AbortController();
    const options = { signal: this.#stop.signal };
    for (const event of ["online", "offline"]) addEventListener(event, () => ((this.away = !navigator.onLine), (this.#back = !this.away)), options);
    document.addEventListener("visibilitychange", () => {
      const inFront = document.visibilityState === "visible";
      if (!inFront) this.#leave();
      this.#reader?.listen(inFront);
    }, options);
    addEventListener("pagehide", () => this.#leave(), options);
    // The browser lays the page out right after the event: the update cannot wait.
    for (const event of ["beforeprint", "afterprint"]) addEventListener(event, () => ((this.printing = event === "beforeprint"), this.performUpdate()), options);
    if (this.hasUpdated) this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop.abort();
    this.#end();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const fresh = ["server", "token", "tokenUrl", "agent", "account", "lang", "order", "saved", "limit", "observe", "kiosk"].some((name) => changed.has(name as keyof FilFeed));
    if (fresh) this.#start();
    this.#held = this.shadowRoot?.activeElement?.closest("article")?.dataset.id ?? "";
  }
  #held = ""; // the content that has the focus

  override updated(): void {
    // A card that is drawn anew under the focus, as when it was withdrawn, takes it back.
    if (this.#held && !this.shadowRoot!.activeElement && document.activeElement === document.body) this.card(this.#held)?.focus({ preventScroll: true });
    if (this.#screens === "first" && this.#reader?.items.length) this.#drawRest(this.#reader);
    this.#sight?.sweep();
    for (const card of this.renderRoot.querySelectorAll<HTMLElement>("article:not(.gone)")) this.#sight?.watch(card, card.dataset.id!);
    for (const end of this.renderRoot.querySelectorAll<HTMLElement>(".end")) {
      const words = end.parentElement!.textContent!.trim().split(/\s+/).length;
      this.#sight?.watchEnd(end, end.dataset.end!, Math.min(30, words / 10));
    }
    this.#tail?.disconnect();
    const tail = this.manual ? null : this.renderRoot.querySelector(".tail");
    if (!tail) return;
    this.#tail = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && void this.#reader?.more(), { rootMargin: "600px" });
    this.#tail.observe(tail);
  }

  #start(): void {
    this.#end();
    const token = this.token || (this.tokenUrl ? tokenFrom(this.tokenUrl) : "");
    if (!token) return;
    const { order, limit, observing } = this.#asked();
    const reader = new Reader({
      server: this.server, token, agent: this.agent, account: this.account, language: this.lang, spoken: this.language,
      order, saved: this.saved, limit, observing,
    }, () => this.#moved(reader));
    this.#reader = reader;
    this.#screens = "first";
    this.#acts = new Acts(this, reader);
    if (!observing) this.#sight = new Sight((kind, content, seconds) => reader.note(kind, content, seconds));
    void reader.open();
  }

  // What the page asks, as it can be had; who wrote the page is told of the rest, and readers are not.
  #asked(): { order: Order | ""; limit: number; observing: boolean } {
    const order = orderOf(this.order);
    const limit = limitOf(this.limit);
    if (order !== (this.order || "")) console.warn(`<fil-feed order="${this.order}">: ranked or chronological; ignored.`);
    if (limit !== this.limit) console.warn(`<fil-feed limit="${this.limit}">: from 1 to 100; ${limit} is used.`);
    return { order, limit, observing: this.observe || this.kiosk };
  }

  #end(): void {
    this.#leave();
    this.#sight?.close();
    this.#tail?.disconnect();
    this.#reader?.close();
    this.#reader = this.#acts = this.#sight = undefined;
  }

  #leave(): void {
    this.#sight?.settle();
    this.#reader?.leave();
  }

  // The first screen is drawn before the rest: what is below it is a frame later, and nobody sees that.
  #screens: "first" | "coming" | "all" = "first";
  #drawRest(reader: Reader): void {
    this.#screens = "coming";
    requestAnimationFrame(() => setTimeout(() => {
      if (reader !== this.#reader) return;
      this.#screens = "all";
      this.requestUpdate();
    }));
  }

  // #changes says what happened to contents that are shown.
  #told = new Set<string>();
  #changes(reader: Reader): void {
    for (const { content } of reader.items) {
      const text = reader.gone.has(content.id) ? this.words.withdrawn(content.title) : reader.newer.has(content.id) ? this.words.newerSaid(content.title) : "";
      const key = `${content.id} ${text}`;
      if (text && !this.#told.has(key)) this.say(text);
      if (text) this.#told.add(key);
    }
  }

  #phase = "";
  #moved(reader: Reader): void {
    if (reader !== this.#reader) return;
    this.requestUpdate();
    this.#changes(reader);
    const phase = `${reader.phase} ${reader.items.length} ${reader.problem?.status}`;
    if (phase === this.#phase) return;
    this.#phase = phase;
    if (reader.phase === "ready") {
      this.say(this.words.loaded(reader.items.length));
      this.dispatchEvent(new CustomEvent("fil-load", { bubbles: true, composed: true, detail: { agent: reader.agent, items: reader.items } }));
    }
    if (reader.problem) this.dispatchEvent(new CustomEvent("fil-problem", { bubbles: true, composed: true, detail: { status: reader.problem.status, message: reader.problem.message, expired: reader.lapsed } }));
  }

  override render(): TemplateResult {
    const { words } = this;
    const reader = this.#reader;
    const title = this.heading || (this.saved ? words.savedTitle : words.title);
    return html`<section class="root" aria-labelledby="title" @keydown=${(e: KeyboardEvent) => stepFrom(e, this.renderRoot)}>
      <div class="top">
        <p id="title" class="title" role="heading" aria-level=${this.level} tabindex="-1">${title}</p>
        ${reader && !this.saved && !this.kiosk ? this.#drawOrder(reader) : nothing}
      </div>
      ${reader ? this.#drawNotices(reader) : html`<p class="notice">${words.noToken}</p>`}
      <div class="arrivals">${reader && reader.news > 0 && !this.kiosk ? html`<button type="button" class="strong round" @click=${() => void this.refresh()}>${icon("arrow")}${words.news(reader.news)}</button>` : nothing}</div>
      ${reader ? this.#drawItems(reader) : nothing}
      <p class="unseen" role="status">${this.said}</p>
    </section>`;
  }

  #drawOrder(reader: Reader): TemplateResult {
    const { words } = this;
    const choice = (order: Order): TemplateResult => html`<label><input type="radio" name="order" value=${order} .checked=${live(reader.order === order)} ?disabled=${this.away}
      @change=${() => void this.#acts?.choose(order)}><span>${words[order]}</span></label>`;
    return html`<fieldset class="switch"><legend class="unseen">${words.orderLegend}</legend>${choice("ranked")}${choice("chronological")}</fieldset>`;
  }

  #drawNotices(reader: Reader): TemplateResult {
    const { words } = this;
    const since = this.away ? words.offlineSince : words.keptSince;
    const text = reader.keptAt ? since(ago(this.language, reader.keptAt)) : this.away ? words.offline : "";
    const again = reader.keptAt && !this.away ? (this.#back ? words.reconnected : words.retry) : reader.phase === "failed" ? words.retry : "";
    const problem = reader.phase === "failed" && reader.problem ? reasonOf(reader.problem, words, reader.lapsed) : "";
    return html`<div role="status" class="notices">
      ${text && problem === "" ? html`<p class="notice">${text}</p>` : nothing}
      ${reader.degraded ? html`<p class="notice">${words.degraded}</p>` : nothing}
      ${problem ? html`<p class="notice fault">${problem}</p>` : nothing}
      ${again ? html`<p><button type="button" class="strong" @click=${() => void this.refresh()}>${again}</button></p>` : nothing}
    </div>`;
  }

  #drawItems(reader: Reader): TemplateResult {
    const { words } = this;
    if (reader.items.length === 0) {
      if (reader.phase === "failed") return html``;
      if (reader.phase === "ready") return html`<p class="card empty">${this.saved ? words.savedEmpty : words.empty}</p>`;
      return html`<p class="unseen">${words.loading}</p><div aria-hidden="true">${[1, 2, 3].map(() => html`<div class="card ghost"><i></i><i></i><i></i></div>`)}</div>`;
    }
    const of = reader.ended ? reader.items.length : -1;
    const acts = this.#acts!;
    const all = this.#screens === "all" || this.printing;
    const drawn = all ? reader.items : reader.items.slice(0, Math.ceil(innerHeight / leastCard));
    return html`<div class="items" role="feed" aria-labelledby="title" aria-busy=${reader.phase === "more" || !all}>
        ${repeat(drawn, ({ content }) => content.id, (item, i) => drawCard(item, acts.state(item), acts, { at: i + 1, of }))}
      </div>
      ${this.printing ? html`<p class="printed">${words.printed(reader.items.length, reader.ended, moment(this.language, new Date().toISOString()))}</p>` : nothing}
      <div class="after" tabindex="-1">${all ? this.#drawAfter(reader) : nothing}</div>`;
  }

  // The button that was pressed goes away while the rest is loaded: the focus goes on to the first of it.
  async #next(reader: Reader): Promise<void> {
    const { length } = reader.items;
    await reader.more();
    await this.updateComplete;
    const first = reader.items[length];
    (first ? this.card(first.content.id) : this.renderRoot.querySelector<HTMLElement>(".after button, .after"))?.focus();
  }

  #drawAfter(reader: Reader): TemplateResult | typeof nothing {
    const { words } = this;
    if (reader.keptAt) return nothing;
    if (reader.ended) return html`<p class="hint">${this.saved ? words.savedEnd : words.end}</p>`;
    if (reader.problem) return html`<p class="hint">${reader.problem.status === 0 ? words.moreOffline : reasonOf(reader.problem, words)}</p><button type="button" @click=${() => void this.#next(reader)}>${words.retry}</button>`;
    if (reader.phase === "more") return html`<p class="hint">${words.loadingMore}</p>`;
    return html`<div class="tail"><button type="button" @click=${() => void this.#next(reader)}>${words.more}</button></div>`;
  }
}
