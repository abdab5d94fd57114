// What every dashboard is: a screen with a bar for what is asked, a finding, and charts; all asked by its address.

import { html, nothing, type TemplateResult } from "lit";
import { chart } from "../charts/chart";
import { dayOf, days, written } from "../charts/words";
import { Problem } from "../sdk/client";
import type { Board, SchemaOutputBody } from "../shell/api";
import { ask } from "../shell/ask";
import { go, type Place } from "../shell/place";
import { Screen } from "../shell/screen";
import { say as sayShell } from "../shell/words";
import { locale } from "../words/spoken";
import { axesOf, mixed, namer, type Axis } from "./axes";
import { askFilter } from "./filter";
import type { Rate } from "./judge";
import { addressFor, conditionOf, farPresets, gone, longest, paramsOf, presetOf, presets, questionOf, spanOf, type Preset, type Question, type Span } from "./question";
import { groups, rateChoice } from "./series";
import { say } from "./words";

let schema: Promise<SchemaOutputBody> | null = null; // of the house, the same for all screens

const lists = ["rows", "groups", "steps", "weeks", "senders", "slots"]; // of the answers: an empty one may come as null

export abstract class Dash extends Screen {
  static override properties = { ...Screen.properties, dated: { state: true } };

  /** The dates are being chosen. */
  declare dated: boolean;
  question: Question = questionOf({ path: [], query: new URLSearchParams() });
  axes: Axis[] = [];
  #asked: AbortController | null = null;
  #closed: HTMLDetailsElement[] = []; // before it was printed
  #loaded: string | null = null; // the path that the figures are of
  /** The first day that the figures are known in detail of, when more was asked about. */
  detailed: string | undefined;
  #otherBy = false; // the address asks for a breakdown that is not counted
  #going = false;
  #failed = false;
  #told: TemplateResult | typeof nothing = nothing; // of the figures that are there, in the words of what they were asked

  constructor() {
    super();
    this.dated = false;
  }

  /** What may be chosen in the bar. */
  readonly offers: { by?: boolean; filters?: boolean; presets?: Preset[] } = { by: true, filters: true, presets };
  /** The axis when none is chosen. */
  get axis(): string {
    return "org";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("beforeprint", this.#printed);
    addEventListener("afterprint", this.#printed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("beforeprint", this.#printed);
    removeEventListener("afterprint", this.#printed);
  }

  // On paper everything is open: tables, and how to read them.
  readonly #printed = ({ type }: Event): void => {
    if (type === "beforeprint") this.#closed = [...this.querySelectorAll("details")].filter(({ open }) => !open);
    for (const one of this.#closed) one.open = type === "beforeprint";
  };

  /** Asks for the figures. */
  protected abstract load(signal: AbortSignal): Promise<void>;
  /** What the figures tell, once they are there. */
  protected abstract story(): TemplateResult;
  /** Whether there is something to choose dates for. */
  protected get asks(): boolean {
    return true;
  }

  /** The days that the figures of the screen are of, as they were answered. */
  protected get own(): Span | undefined {
    return undefined;
  }

  /** The question, of the days that were counted of it. */
  protected get counted(): Question {
    const { own, question } = this;
    return own && !gone(own) ? { ...question, from: own.from, to: own.to } : question;
  }

  get by(): Axis | undefined {
    const named = (axis: string): Axis | undefined => this.axes.find(({ name }) => name === axis);
    return named(this.question.by) ?? named(this.axis);
  }

  override async arrive(): Promise<void> {
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController()), { signal } = asked;
    this.question = questionOf(this.place);
    const address = this.place.path.join("/");
    if (this.#loaded !== address) this.#loaded = null; // what is shown is of another thing
    this.#failed = false;
    this.detailed = undefined;
    this.#going = true;
    try {
      schema ??= this.client.json<SchemaOutputBody>("/v1/schema");
      this.axes = axesOf(await schema);
      signal.throwIfAborted();
      this.#otherBy = this.question.by !== "" && this.offers.by === true && !this.axes.some(({ name }) => name === this.question.by);
      if (this.#otherBy) this.question = { ...this.question, by: "" };
      await this.load(signal);
      signal.throwIfAborted();
      this.#loaded = address;
    } catch (error) {
      if (!signal.aborted) {
        this.#failed = true;
        if (!this.axes.length) schema = null; // to be asked again
      }
      throw this.#inWords(error);
    } finally {
      if (this.#asked === asked) {
        this.#going = false;
        this.requestUpdate();
      }
    }
  }

  /** A question that the server refuses is told in the words of the bar, not in those of the API. */
  #inWords(error: unknown): unknown {
    if (!(error instanceof Problem) || error.status !== 422) return error;
    if (!(spanOf(this.question) > 0)) return new Problem(422, say("badDates"));
    if (this.question.from > dayOf(new Date())) return new Problem(422, say("toCome"));
    if (spanOf(this.question) > longest) return new Problem(422, say(this.offers.presets === farPresets ? "tooFar" : "tooLong"));
    const known = (where: string): boolean => this.axes.some(({ name }) => name === conditionOf(where).axis);
    return this.question.where.every(known) ? error : new Problem(422, say("unasked"));
  }

  protected async get<T>(path: string, query: URLSearchParams, signal?: AbortSignal): Promise<T> {
    const answer = await this.client.json<T & { detailed_from?: string }>(`/v1/dashboards/${path}?${query}`, signal ? { signal } : {});
    for (const list of lists) if ((answer as Record<string, unknown>)[list] === null) Object.assign(answer, { [list]: [] });
    if (!signal?.aborted && answer.detailed_from && answer.detailed_from > this.question.from) this.detailed = answer.detailed_from;
    return answer;
  }

  protected nameOf(axis: string, values: string[]): (value: string) => string {
    return namer(this.axes.find(({ name }) => name === axis), values);
  }

  /** "Catégorie : A, B". */
  protected conditionWords(where: string): string {
    const { axis, values } = conditionOf(where), name = this.nameOf(axis, values);
    return `${this.axes.find((one) => one.name === axis)?.label() ?? axis} : ${values.map(name).join(values.some((one) => one.includes(",")) ? " ; " : ", ")}`;
  }

  protected get whom(): string[] {
    const { where } = this.question;
    return where.length ? where.map((one) => this.conditionWords(one)) : [say("allAgents")];
  }

  /** The period and whom the figures are about, in words. */
  protected get scopeWords(): string {
    const { from, to } = this.counted;
    return [days(from, to), ...this.whom, ...(to < this.question.to ? [say("filterOff")] : [])].join(" · ");
  }

  /** A name for a file. */
  protected fileName(heading: string, { from, to }: Span = this.counted): string {
    const { where } = this.question;
    return [heading, days(from, to), ...where.map((one) => this.conditionWords(one))].join(", ").replace(/[\\/:*?"<>|]+/g, " ").replace(/\s+/g, " ").slice(0, 150);
  }

  /** How the groups of an answer stand, told with its own days when a breakdown ends before the other figures do. */
  protected cutChart(cut: Board, rate: Rate, path: string): TemplateResult {
    const by = cut.by!, spec = groups(cut, rate, this.by?.label() ?? "", this.nameOf(by, cut.rows.map(({ value }) => value ?? "")), rateChoice(rate, (figure) => this.change({ figure })));
    if (gone(cut)) return chart(this.client, { heading: spec.heading, says: say("soon"), draw: null, columns: [], rows: [] });
    const source = { path: `/v1/dashboards/${path}?${paramsOf({ ...this.question, from: cut.from, to: cut.to }, { by })}`, name: this.fileName(spec.heading, cut) };
    return chart(this.client, { ...spec, source, ...(cut.to < this.counted.to ? { period: say("cutOff", { days: days(cut.from, cut.to) }) } : {}) });
  }

  /** What is told of agents who are chosen by a filter, when no figure of theirs can be. */
  protected untold(shown: number | null | undefined): TemplateResult | undefined {
    return this.question.where.length && !shown ? html`<p class="finding">${say(shown === 0 ? "smallOrNone" : "small")}</p>${this.reading()}` : undefined;
  }

  protected change(changes: Partial<Question>): void {
    go(addressFor(this.place.path, { ...this.question, ...changes }));
  }

  override actions(): TemplateResult | typeof nothing {
    if (!this.asks) return nothing;
    return html`
      <button type="button" class="quiet" @click=${() => this.#share()}>${say("share")}</button>
      <button type="button" class="quiet" @click=${() => print()}>${say("print")}</button>`;
  }

  async #share(): Promise<void> {
    const path: Place["path"] = this.place.path.length ? this.place.path : ["overview"];
    const address = new URL(addressFor(path, this.question), location.href).href;
    try {
      await navigator.clipboard.writeText(address);
      this.tell(say("shared"));
    } catch { // refused, or a page without a certificate
      await ask({ title: say("shareTitle"), yes: sayShell("close"), text: html`<p>${say("shareHint")}</p><p><input type="text" readonly aria-label=${say("shareTitle")} .value=${address} @focus=${(event: Event) => (event.target as HTMLInputElement).select()}></p>` });
    }
  }

  override body(): TemplateResult {
    if (this.#loaded !== null && !this.#going && !this.#failed) this.#told = html`${this.asks ? this.#scope() : nothing}${this.own && gone(this.own) ? html`<p class="finding">${say("soon")}</p>` : this.story()}`;
    return html`
      ${this.asks ? this.#bar() : nothing}
      <div class="told" data-place=${this.place.path.join("/")} aria-busy=${this.#going}>
        ${this.#failed ? html`<p><button type="button" class="quiet" @click=${() => this.attempt(() => this.arrive())}>${say("retry")}</button></p>`
          : this.#loaded === null ? html`<p class="hint" role="status">${say("loading")}</p>` : this.#told}
      </div>`;
  }

  #scope(): TemplateResult {
    return html`${this.#otherBy ? html`<p class="notice">${say("otherBy", { axis: this.by?.label() ?? "" })}</p>` : nothing}<p class="scope">${this.scopeWords}<span class="printed"> · ${say("printed", { day: new Date().toLocaleDateString(locale(), { dateStyle: "long" }) })}</span></p>
      ${this.detailed ? html`<p class="scope detailed">${say(this.offers.presets === farPresets ? "detailedFrom" : "detailedOnly", { day: written(this.detailed) })}</p>` : nothing}`;
  }

  #bar(): TemplateResult {
    const { by, filters, presets: periods = presets } = this.offers;
    const preset = this.dated ? undefined : presetOf(this.question);
    const chosen = (event: Event): void => {
      const { value } = event.target as HTMLSelectElement;
      const one = periods.find(({ name }) => name === value);
      this.dated = !one;
      const today = new Date();
      if (one) this.change({ from: dayOf(one.from(today)), to: dayOf(today) });
    };
    return html`
      <section class="bar" aria-label=${say("bar")}>
        <div class="field">
          <label for="period">${say("period")}</label>
          <select id="period" @change=${chosen}>
            ${periods.map(({ name, word }) => html`<option value=${name} ?selected=${preset?.name === name}>${say(word as "period")}</option>`)}
            <option value="" ?selected=${!preset}>${say("chosenDays")}</option>
          </select>
        </div>
        ${preset ? nothing : this.#dates()}
        ${by ? html`
          <div class="field">
            <label for="by">${say("by")}</label>
            <select id="by" @change=${(event: Event) => this.change({ by: (event.target as HTMLSelectElement).value })}>
              ${this.axes.map((one) => html`<option value=${one.name} ?selected=${one === this.by}>${one.label()}</option>`)}
            </select>
          </div>` : nothing}
        ${filters ? html`
          <div class="field filters">
            ${this.question.where.map((one) => {
              const words = this.conditionWords(one);
              return html`<button type="button" class="chip" aria-label=${say("unfilter", { filter: words })} @click=${() => this.#unfilter(one)}>${words} <span aria-hidden="true">✕</span></button>`;
            })}
            ${this.question.where.length < 4 ? html`<button type="button" class="quiet" aria-haspopup="dialog" @click=${() => this.#filter()}>${say("filter")}…</button>` : nothing}
          </div>` : nothing}
      </section>`;
  }

  #dates(): TemplateResult {
    const submit = (event: SubmitEvent): void => {
      event.preventDefault();
      const form = new FormData(event.target as HTMLFormElement);
      this.dated = false;
      const [from, to] = [String(form.get("from")), String(form.get("to"))].sort();
      this.change({ from: from!, to: to! });
    };
    return html`
      <form class="dates" @submit=${submit}>
        <div class="field"><label for="from">${say("from")}</label><input id="from" name="from" type="date" required .value=${this.question.from}></div>
        <div class="field"><label for="to">${say("to")}</label><input id="to" name="to" type="date" required .value=${this.question.to}></div>
        <button type="submit" class="quiet">${say("apply")}</button>
      </form>`;
  }

  #unfilter(where: string): void {
    this.change({ where: this.question.where.filter((one) => one !== where) });
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(".filters button:last-child")?.focus());
  }

  async #filter(): Promise<void> {
    const free = this.axes.filter(({ name }) => !this.question.where.some((one) => conditionOf(one).axis === name));
    const condition = await askFilter(free, async (axis) => {
      const { rows } = await this.get<Board>("overview", paramsOf({ ...this.question, where: [] }, { by: axis.name }));
      const values = rows.map(({ value }) => value ?? "").filter((value) => value && value !== mixed);
      const name = namer(axis, values);
      return values.map((value) => ({ value, name: name(value) })).sort((a, b) => a.name.localeCompare(b.name, locale()));
    });
    if (condition) this.change({ where: [...this.question.where, condition] });
  }

  /** What is not given, in words, and how figures are made. */
  protected reading(withheld?: string): TemplateResult {
    return html`
      ${withheld ? html`<p class="notice">${say("withheldWhy")}</p>` : nothing}
      <details class="card how"><summary>${say("how")}</summary>
        <p>${say("howInterval")}</p><p>${say("howGroups", { rounded: say("rounded") })}</p><p>${say("howWithheld")}</p><p>${say("howMixed")}</p>
      </details>`;
  }
}

