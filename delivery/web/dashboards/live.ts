// The figures of one content as they change, for as long as someone looks.

import { html, nothing, type TemplateResult } from "lit";
import { count, lexicon, percent } from "../charts/words";
import type { Client } from "../sdk/client";
import { listen } from "../sdk/stream";
import type { Totals as Told } from "../shell/api";
import { Part } from "../shell/part";
import { locale } from "../words/spoken";
import { say } from "./words";

const fr = {
  title: "En direct", start: "Suivre en direct", pause: "Mettre en pause", paused: "En pause : les chiffres sont ceux de {time}.",
  stale: "Les derniers chiffres ne peuvent pas être vérifiés pour l'instant. On réessaie.", waiting: "On attend les premiers chiffres…", at: "À {time}", said: "{shown} agents atteints, {read} ont lu, {acknowledged} ont pris connaissance.", period: "Depuis quatre semaines au plus.",
  of: "{share} des {n} visés",
};
const en: typeof fr = {
  title: "Live", start: "Follow live", pause: "Pause", paused: "Paused: the figures are those of {time}.",
  stale: "The last figures cannot be checked for now. Trying again.", waiting: "Waiting for the first figures…", at: "At {time}", said: "{shown} agents reached, {read} read, {acknowledged} acknowledged.", period: "Over four weeks at most.",
  of: "{share} of {n} aimed at",
};
const tell = lexicon(fr, en);

const between = 10_000; // milliseconds from one announcement to the next

export class Live extends Part {
  static override properties = { client: { attribute: false }, content: {}, told: { state: true }, at: { state: true }, stale: { state: true }, problem: { state: true }, going: { state: true }, said: { state: true } };

  declare client: Client;
  declare content: string;
  declare told: Told | null;
  declare at: Date | null;
  declare stale: boolean;
  declare problem: string;
  declare going: boolean;
  /** What is announced to who listens. */
  declare said: string;
  #stop: AbortController | null = null;
  #announced = 0;
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    Object.assign(this, { content: "", told: null, at: null, stale: false, problem: "", going: false, said: "" });
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#pause();
  }

  #pause(): void {
    this.#stop?.abort();
    this.#stop = null;
    clearTimeout(this.#soon);
    this.going = false;
  }

  async #start(): Promise<void> {
    const stop = (this.#stop = new AbortController());
    Object.assign(this, { going: true, problem: "", stale: false });
    const refused = await listen(this.client, `/v1/dashboards/contents/${encodeURIComponent(this.content)}/live`, ({ event, data }) => {
      this.stale = event === "stale";
      if (event !== "totals") return false;
      this.told = JSON.parse(data) as Told;
      this.at = new Date();
      this.#announce();
    }, stop.signal);
    if (refused) {
      this.problem = refused.message;
      this.#pause();
    }
  }

  /** Says the figures at once when nothing was said lately, else when the time is up: the last ones then. */
  #announce(): void {
    clearTimeout(this.#soon);
    const wait = this.#announced + between - Date.now();
    if (wait > 0) {
      this.#soon = setTimeout(() => this.#announce(), wait);
      return;
    }
    this.#announced = Date.now();
    const { totals } = this.told!;
    this.said = `${tell("at", { time: this.#time() })} : ${tell("said", { shown: count(totals.shown), read: count(totals.readers), acknowledged: count(totals.acknowledged) })}`;
  }

  #time(): string {
    return (this.at ?? new Date()).toLocaleTimeString(locale(), { timeStyle: "medium" });
  }

  override render(): TemplateResult {
    return html`
      <section class="card live" aria-labelledby="live-title">
        <div class="title">
          <h2 id="live-title">${tell("title")}</h2>
          <button type="button" class=${this.going ? "quiet" : ""} @click=${() => (this.going ? this.#pause() : void this.#start())}>${tell(this.going ? "pause" : "start")}</button>
        </div>
        ${this.problem ? html`<p class="notice problem" role="alert">${this.problem}</p>` : nothing}
        ${this.stale && this.going ? html`<p class="notice">${tell("stale")}</p>` : nothing}
        ${this.told ? this.#figures(this.told) : this.going ? html`<p class="hint">${tell("waiting")}</p>` : nothing}
        <p class="hidden" role="status">${this.said}</p>
      </section>`;
  }

  #figures({ totals }: Told): TemplateResult {
    const all = [["shown", totals.shown], ["opened", totals.opened], ["read", totals.readers], ["acknowledged", totals.acknowledged], ["acted", totals.acted]] as const;
    return html`
      <p class="hint">${this.going ? html`<span class="pulse" aria-hidden="true"></span> ${tell("at", { time: this.#time() })}. ${tell("period")}` : tell("paused", { time: this.#time() })}</p>
      <dl class="now">${all.map(([name, n]) => html`
        <div><dt>${say(name)}</dt><dd><span class="big ${n === null ? "withheld" : ""}">${n === null ? say("tileWithheld") : count(n)}</span>
          ${n !== null && totals.targeted ? html`<span class="hint">${tell("of", { share: percent(Math.min(1, n / totals.targeted)), n: count(totals.targeted) })}</span>` : nothing}</dd></div>`)}
      </dl>
      <p class="hint">${say("rounded")}</p>`;
  }
}
