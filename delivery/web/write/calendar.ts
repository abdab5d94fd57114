// What begins, what ends and what is live, day by day.

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Calendar as Days, Day, Entry } from "../shell/api";
import { addressOf, go } from "../shell/place";
import { Screen } from "../shell/screen";
import { spoken } from "../words/spoken";
import { number } from "../words/words";
import { badge } from "./board";
import { dateOf, dayOf, dayWords, fullDay, hour, monthWords, weekdays } from "./moments";
import { Roll } from "./roll";
import { say, type Word } from "./words";

type View = "month" | "week" | "list";
const views: View[] = ["month", "week", "list"];

const plus = (date: Date, days: number): Date => new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);
const mondayOf = (date: Date): Date => plus(date, -((date.getDay() + 6) % 7));

/** The first and the last day that a view shows. */
export function spanOf(view: View, day: Date): [Date, Date] {
  if (view === "week") return [mondayOf(day), plus(mondayOf(day), 6)];
  const [first, last] = [new Date(day.getFullYear(), day.getMonth(), 1), new Date(day.getFullYear(), day.getMonth() + 1, 0)];
  return view === "list" ? [first, last] : [mondayOf(first), plus(mondayOf(last), 6)];
}

const narrow = matchMedia("(max-width: 44rem)");
const named = 3; // contents that a day of a month names

export class Calendar extends Screen {
  #days: Days | null = null;
  #loaded = "";
  #roll = new Roll();
  #known = false;
  #open = false; // the day's detail has been asked for
  #focus = false; // the day is to have the focus

  override get heading(): string {
    return say("calendar");
  }

  /** A table of seven days has no room on a narrow screen. */
  get #view(): View {
    const asked = this.place.query.get("view") as View;
    return views.includes(asked) && !(narrow.matches && asked !== "list") ? asked : narrow.matches ? "list" : "month";
  }

  get #day(): Date {
    return dayOf(this.place.query.get("day"));
  }

  readonly #resized = (): void => void this.attempt(() => this.arrive());

  override connectedCallback(): void {
    super.connectedCallback();
    narrow.addEventListener("change", this.#resized);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    narrow.removeEventListener("change", this.#resized);
  }

  override async arrive(): Promise<void> {
    if (!this.#known) await this.#roll.load(this.client);
    this.#known = true;
    const [from, to] = spanOf(this.#view, this.#day).map(dateOf);
    if (this.#loaded !== `${from} ${to}`) {
      this.#days = await this.client.json<Days>(`/v1/calendar?from=${from}&to=${to}`);
      const by = new Map(this.#days.entries.map((one) => [one.id, one]));
      for (const { begins, ends } of this.#days.days) { // within a day, by the hour: entries are the last published first
        begins.reverse();
        ends.sort((a, b) => ((by.get(a)?.expires_at ?? "") < (by.get(b)?.expires_at ?? "") ? -1 : 1));
      }
    }
    this.#loaded = `${from} ${to}`;
    this.requestUpdate();
  }

  protected override updated(changed?: PropertyValues): void {
    super.updated();
    if (!this.#focus || !changed) return;
    const cell = this.querySelector<HTMLElement>(`[data-day="${dateOf(this.#day)}"]`);
    if (!cell || this.#loaded !== spanOf(this.#view, this.#day).map(dateOf).join(" ")) return; // its month is on its way
    this.#focus = false;
    cell.focus();
  }

  override actions(): TemplateResult {
    return html`
      <fieldset class="switch wide-only"><legend class="hidden">${say("view")}</legend>
        ${views.map((one) => html`<label><input type="radio" name="view" .checked=${one === this.#view} @change=${() => this.#go(this.#day, one)}><span>${say(one === "list" ? "asList" : one)}</span></label>`)}
      </fieldset>
      <button type="button" class="quiet" @click=${() => print()}>${say("print")}</button>`;
  }

  #go(day: Date, view = this.#view): void {
    go(addressOf(["calendar"], { view: view === "month" ? "" : view, day: dateOf(day) }), true);
  }

  #step(by: number): void {
    const day = this.#day;
    this.#go(this.#view === "week" ? plus(day, 7 * by) : new Date(day.getFullYear(), day.getMonth() + by, 1));
  }

  readonly #keyed = (event: KeyboardEvent): void => {
    const day = this.#day;
    const monday = mondayOf(day);
    const to: Record<string, () => Date> = {
      ArrowLeft: () => plus(day, -1), ArrowRight: () => plus(day, 1), ArrowUp: () => plus(day, -7), ArrowDown: () => plus(day, 7), Home: () => monday, End: () => plus(monday, 6),
      PageUp: () => new Date(day.getFullYear(), day.getMonth() - 1, day.getDate()), PageDown: () => new Date(day.getFullYear(), day.getMonth() + 1, day.getDate()),
    };
    const move = to[event.key];
    if (!move || !(event.target as HTMLElement).matches("[data-day]")) return;
    event.preventDefault();
    this.#focus = true;
    this.#go(move());
  };

  #choose(day: Date): void {
    this.#open = true;
    this.#go(day);
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>("#day-title")?.focus());
  }

  override body(): TemplateResult | typeof nothing {
    if (!this.#days) return nothing;
    const view = this.#view;
    const [from, to] = spanOf(view, this.#day);
    const title = view === "week" ? `${dayWords(from).replace(/^(le|on) /, "")} – ${dayWords(to).replace(/^(le|on) /, "")}` : monthWords(this.#day);
    const weekly = view === "week";
    return html`
      <div class="almanac">
        <h2 id="span" aria-live="polite">${title}</h2>
        <p class="acts steps-of">
          <button type="button" class="quiet" @click=${() => this.#step(-1)}>‹ ${say(weekly ? "previousWeek" : "previousMonth")}</button>
          <button type="button" class="quiet" @click=${() => this.#go(dayOf(null))}>${say("today")}</button>
          <button type="button" class="quiet" @click=${() => this.#step(1)}>${say(weekly ? "nextWeek" : "nextMonth")} ›</button>
        </p>
        <p class="goto"><label for="goto">${say("goToDay")}</label><input id="goto" type="date" .value=${dateOf(this.#day)} @change=${(e: Event) => {
          const { value } = e.target as HTMLInputElement;
          if (value) this.#go(dayOf(value));
        }}></p>
      </div>
      ${view === "list" ? this.#list(this.#days) : html`<p class="hint" id="legend">${say("legend")}</p>${this.#table(this.#days, view)}${this.#open ? this.#detail(this.#days) : nothing}`}
      ${this.#days.more ? html`<p class="hint">${say("left", { n: this.#days.more })}</p>` : nothing}`;
  }

  #table({ days, entries }: Days, view: View): TemplateResult {
    const weeks = Array.from({ length: days.length / 7 }, (_, i) => days.slice(7 * i, 7 * i + 7));
    const by = new Map(entries.map((one) => [one.id, one]));
    const busiest = Math.max(1, ...days.map(({ live }) => live.length));
    return html`<table class="month ${view}" aria-labelledby="span" aria-describedby="legend" @keydown=${this.#keyed}>
      <thead><tr>${weekdays().map((name) => html`<th scope="col"><abbr title=${name}>${name[0]!.toUpperCase()}${name.slice(1, 3)}.</abbr></th>`)}</tr></thead>
      <tbody>${weeks.map((week) => html`<tr>${week.map((one) => this.#cell(one, by, view, busiest))}</tr>`)}</tbody>
    </table>`;
  }

  #cell(one: Day, by: Map<string, Entry>, view: View, busiest: number): TemplateResult {
    const day = dayOf(one.day);
    const chosen = one.day === dateOf(this.#day);
    const today = one.day === dateOf(new Date());
    const outside = view === "month" && day.getMonth() !== this.#day.getMonth();
    const most = view === "week" ? 50 : named;
    const starts = one.begins.map((id) => by.get(id)).filter((entry) => entry !== undefined);
    const stops = one.ends.map((id) => by.get(id)).filter((entry) => entry !== undefined);
    const label = [fullDay(day), starts.length ? plural(starts.length, "beginOne", "begin") : "", stops.length ? plural(stops.length, "endOne", "end") : "", say("liveCount", { n: one.live.length })].filter(Boolean).join(", ");
    const extra = starts.length + stops.length - Math.min(starts.length, most) - Math.min(stops.length, most);
    return html`<td class="${outside ? "outside" : ""} ${today ? "today" : ""}">
      <button type="button" class="quiet day" data-day=${one.day} tabindex=${chosen ? 0 : -1} aria-label=${label} aria-current=${today ? "date" : nothing} aria-pressed=${chosen && this.#open} @click=${() => this.#choose(day)}>${day.getDate()}</button>
      <ul class="marks-of-day">
        ${starts.slice(0, most).map((entry) => html`<li class="start ${entry.state}"><span aria-hidden="true">▸</span> <span class="hidden">${say("begins")} : </span><a href=${addressOf(["contents", entry.id])}>${entry.title}</a></li>`)}
        ${stops.slice(0, most).map((entry) => html`<li class="stop"><span aria-hidden="true">◂</span> <span class="hidden">${say("ends")} : </span><a href=${addressOf(["contents", entry.id])}>${entry.title}</a></li>`)}
        ${extra > 0 ? html`<li class="hint">+ ${extra}</li>` : nothing}
      </ul>
      <p class="load"><meter min="0" max=${busiest} .value=${one.live.length} aria-hidden="true"></meter> ${one.live.length ? say("liveCount", { n: number(spoken.language, one.live.length) }) : nothing}</p>
    </td>`;
  }

  /** One day in full, under the table. */
  #detail({ days, entries }: Days): TemplateResult | typeof nothing {
    const day = days.find((one) => one.day === dateOf(this.#day));
    if (!day) return nothing;
    const by = new Map(entries.map((one) => [one.id, one]));
    const part = (word: Word, ids: string[]): TemplateResult | typeof nothing => (ids.length ? html`<h3>${say(word)}</h3><ul class="agenda">${ids.map((id) => this.#entry(by.get(id)!, word))}</ul>` : nothing);
    const others = day.live.filter((id) => !day.begins.includes(id) && !day.ends.includes(id));
    return html`<section class="card day-of" aria-labelledby="day-title">
      <h2 id="day-title" tabindex="-1">${fullDay(dayOf(day.day))}</h2>
      ${day.begins.length + day.ends.length + day.live.length ? html`${part("begins", day.begins)}${part("ends", day.ends)}
        ${others.length ? html`<details><summary>${say("othersLive", { n: number(spoken.language, others.length) })}</summary><ul class="agenda untimed">${others.map((id) => this.#entry(by.get(id)!, "isLive"))}</ul></details>` : nothing}` : html`<p class="hint">${say("nothingThatDay")}</p>`}
      <p><a class="button quiet" href=${addressOf(["contents", "new"], { day: day.day })}>${say("writeFor")}</a></p>
    </section>`;
  }

  #entry(one: Entry, word: Word): TemplateResult {
    const at = word === "ends" ? one.expires_at : one.published_at;
    return html`<li>
      <span class="at">${word === "isLive" ? "" : hour(new Date(at!))}</span>
      <span><a href=${addressOf(["contents", one.id])}>${one.title}</a> ${one.state === "published" ? nothing : badge(one.state)}<br>
        <span class="hint">${[say(one.kind as Word), one.source, say("to", { who: this.#roll.words(one.audiences) })].filter(Boolean).join(" · ")}</span></span>
    </li>`;
  }

  #list({ days, entries }: Days): TemplateResult {
    const by = new Map(entries.map((one) => [one.id, one]));
    const full = days.filter(({ begins, ends }) => begins.length + ends.length);
    if (!full.length) return html`<div class="card nothing"><p>${say("nothingThen")}</p></div>`;
    return html`${full.map((day) => html`<section class="card" aria-labelledby="d${day.day}">
      <h3 id="d${day.day}">${fullDay(dayOf(day.day))} <small class="hint">${say("liveCount", { n: day.live.length })}</small></h3>
      <ul class="agenda">${day.begins.map((id) => this.#entry(by.get(id)!, "begins"))}</ul>
      ${day.ends.length ? html`<h4>${say("ends")}</h4><ul class="agenda">${day.ends.map((id) => this.#entry(by.get(id)!, "ends"))}</ul>` : nothing}
    </section>`)}`;
  }
}

const plural = (n: number, one: Word, many: Word): string => (n === 1 ? say(one) : say(many, { n }));
