// What begins, what ends and what is live, day by day.

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Calendar as Days, Day, Entry } from "../shell/api";
import { addressOf, go } from "../shell/place";
import { Screen } from "../shell/screen";
import { spoken } from "../words/spoken";
import { number } from "../words/words";
import { badge } from "./board";
import { dateOf, dayNumber, dayOf, dayWords, fullDay, hour, monthWords, weekdays } from "./moments";
import { Roll } from "./roll";
import { say, type Word } from "./words";

type View = "month" | "week" | "list";
const views: View[] = ["month", "week", "list"];

const plus = (date: Date, days: number): Date => new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);
const mondayOf = (date: Date): Date => plus(date, -((date.getDay() + 6) % 7));

/** An entry as a day shows it: of what is published, with the state of its draft. */
interface Shown extends Entry {
  draft?: string | undefined;
}

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
  readonly #by = new Map<string, Entry[]>(); // a content and its draft have one id
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
      this.#by.clear();
      for (const one of this.#days.entries) this.#by.set(one.id, [...(this.#by.get(one.id) ?? []), one]);
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

  /** The entries of ids, each once, by the hour. Of a content and its draft, those are meant whose moment is on that day. */
  #shown(ids: string[], day: string, moment: "published_at" | "expires_at"): Shown[] {
    const shown = [...new Set(ids)].flatMap((id): Shown[] => {
      const all = this.#by.get(id) ?? [];
      const here = all.filter(({ [moment]: at }) => at && dateOf(new Date(at)) === day);
      const some = here.length ? here : all;
      const live = some.find(({ state }) => state === "published");
      const draft = all.find(({ state }) => state !== "published");
      return live ? [{ ...live, draft: draft?.state }] : some.slice(0, 1);
    });
    return shown.sort((a, b) => ((a[moment] ?? "") < (b[moment] ?? "") ? -1 : 1));
  }

  #table({ days }: Days, view: View): TemplateResult {
    const weeks = Array.from({ length: days.length / 7 }, (_, i) => days.slice(7 * i, 7 * i + 7));
    const busiest = Math.max(1, ...days.map(alive));
    return html`<table class="month ${view}" aria-labelledby="span" aria-describedby="legend" @keydown=${this.#keyed}>
      <thead><tr>${weekdays().map((name) => html`<th scope="col"><abbr title=${name}>${name[0]!.toUpperCase()}${name.slice(1, 3)}.</abbr></th>`)}</tr></thead>
      <tbody>${weeks.map((week) => html`<tr>${week.map((one) => this.#cell(one, view, busiest))}</tr>`)}</tbody>
    </table>`;
  }

  #cell(one: Day, view: View, busiest: number): TemplateResult {
    const day = dayOf(one.day);
    const chosen = one.day === dateOf(this.#day);
    const today = one.day === dateOf(new Date());
    const outside = view === "month" && day.getMonth() !== this.#day.getMonth();
    const most = view === "week" ? 50 : named;
    const starts = this.#shown(one.begins, one.day, "published_at");
    const stops = this.#shown(one.ends, one.day, "expires_at");
    const label = [fullDay(day), starts.length ? plural(starts.length, "beginOne", "begin") : "", stops.length ? plural(stops.length, "endOne", "end") : "", say("liveCount", { n: alive(one) })].filter(Boolean).join(", ");
    const extra = starts.length + stops.length - Math.min(starts.length, most) - Math.min(stops.length, most);
    return html`<td class="${outside ? "outside" : ""} ${today ? "today" : ""}">
      <button type="button" class="quiet day" data-day=${one.day} tabindex=${chosen ? 0 : -1} aria-label=${label} aria-current=${today ? "date" : nothing} aria-pressed=${chosen && this.#open} @click=${() => this.#choose(day)}>${dayNumber(day)}</button>
      <ul class="marks-of-day">
        ${starts.slice(0, most).map((entry) => html`<li class="start ${entry.state}"><span aria-hidden="true">▸</span> <span class="hidden">${say("begins")} : </span><a href=${addressOf(["contents", entry.id])}>${entry.title}</a>${drafted(entry)}</li>`)}
        ${stops.slice(0, most).map((entry) => html`<li class="stop"><span aria-hidden="true">◂</span> <span class="hidden">${say("ends")} : </span><a href=${addressOf(["contents", entry.id])}>${entry.title}</a>${drafted(entry)}</li>`)}
        ${extra > 0 ? html`<li class="hint">+ ${extra}</li>` : nothing}
      </ul>
      <p class="load"><meter min="0" max=${busiest} .value=${alive(one)} aria-hidden="true"></meter> ${one.live.length ? say("liveCount", { n: number(spoken.language, alive(one)) }) : nothing}</p>
    </td>`;
  }

  /** One day in full, under the table. */
  #detail({ days }: Days): TemplateResult | typeof nothing {
    const day = days.find((one) => one.day === dateOf(this.#day));
    if (!day) return nothing;
    const part = (word: Word, some: Shown[]): TemplateResult | typeof nothing => (some.length ? html`<h3>${say(word)}</h3><ul class="agenda">${some.map((one) => this.#entry(one, word))}</ul>` : nothing);
    const others = this.#shown(day.live.filter((id) => !day.begins.includes(id) && !day.ends.includes(id)), day.day, "published_at").reverse();
    return html`<section class="card day-of" aria-labelledby="day-title">
      <h2 id="day-title" tabindex="-1">${fullDay(dayOf(day.day))}</h2>
      ${day.begins.length + day.ends.length + day.live.length ? html`${part("begins", this.#shown(day.begins, day.day, "published_at"))}${part("ends", this.#shown(day.ends, day.day, "expires_at"))}
        ${others.length ? html`<details><summary>${say("othersLive", { n: number(spoken.language, others.length) })}</summary><ul class="agenda untimed">${others.map((one) => this.#entry(one, "isLive"))}</ul></details>` : nothing}` : html`<p class="hint">${say("nothingThatDay")}</p>`}
      <p><a class="button quiet" href=${addressOf(["contents", "new"], { day: day.day })}>${say("writeFor")}</a></p>
    </section>`;
  }

  #entry(one: Shown, word: Word): TemplateResult {
    const at = word === "ends" ? one.expires_at : one.published_at;
    return html`<li>
      <span class="at">${word === "isLive" ? "" : hour(new Date(at!))}</span>
      <span><a href=${addressOf(["contents", one.id])}>${one.title}</a> ${drafted(one)}<br>
        <span class="hint">${[say(one.kind as Word), one.source, say("to", { who: this.#roll.words(one.audiences) })].filter(Boolean).join(" · ")}</span></span>
    </li>`;
  }

  #list({ days }: Days): TemplateResult {
    const full = days.filter(({ begins, ends }) => begins.length + ends.length);
    if (!full.length) return html`<div class="card nothing"><p>${say("nothingThen")}</p></div>`;
    return html`${full.map((day) => html`<section class="card" aria-labelledby="d${day.day}">
      <h3 id="d${day.day}">${fullDay(dayOf(day.day))} <small class="hint">${say("liveCount", { n: alive(day) })}</small></h3>
      <ul class="agenda">${this.#shown(day.begins, day.day, "published_at").map((one) => this.#entry(one, "begins"))}</ul>
      ${day.ends.length ? html`<h4>${say("ends")}</h4><ul class="agenda">${this.#shown(day.ends, day.day, "expires_at").map((one) => this.#entry(one, "ends"))}</ul>` : nothing}
    </section>`)}`;
  }
}

/** How many contents are live: a draft is none beside what it would replace. */
const alive = ({ live }: Day): number => new Set(live).size;

/** Says that an entry is a draft, or has one. */
function drafted({ state, draft }: Shown): TemplateResult | typeof nothing {
  if (state !== "published") return html` ${badge(state)}`;
  return draft ? html` ${badge(draft, say(draft === "draft" ? "alsoDraft" : "alsoSubmitted"))}` : nothing;
}

const plural = (n: number, one: Word, many: Word): string => (n === 1 ? say(one) : say(many, { n }));
