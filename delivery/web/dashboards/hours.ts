// When agents are there and read, by the hours of a week.

import { html, type TemplateResult } from "lit";
import { chart } from "../charts/chart";
import { week } from "../charts/draw";
import { count, days, lexicon } from "../charts/words";
import type { Hours as Answer, Slot } from "../shell/api";
import { locale } from "../words/spoken";
import { Dash } from "./dash";
import { compareCounts } from "./judge";
import { addressFor, paramsOf } from "./question";

const fr = {
  title: "Meilleures heures", heading: "Lecteurs par jour et par heure", found: "C'est {slots} que le plus d'agents lisent.", none: "Trop peu de lectures pour nommer une heure. Choisissez une période plus longue.",
  one: "le {day} de {from} à {to}", says: "Le plus grand carré : {n} lecteurs, {slot}. Contour : les meilleures heures, qu'on ne peut pas départager de façon sûre.", hour: "{h} h", hours: "de {from} à {to}", day: "Jour et heure", present: "Présents", read: "Lecteurs",
  months: "Les heures se comptent par mois entiers : {days}. Un agent compte une fois par mois et par heure de la semaine.", only: "Un rond vide : chiffre retenu. Les données ne disent que les heures où des agents étaient présents.",
  whole: "Les heures se comptent sur toute la maison, toutes communications ensemble. Votre clé montre un périmètre : elle n'ouvre pas cette page.", other: "Voir la vue d'ensemble de votre périmètre",
};
const en: typeof fr = {
  title: "Best hours", heading: "Readers by day and hour", found: "Most agents read {slots}.", none: "Too few reads to name an hour. Choose a longer period.",
  one: "on {day} from {from} to {to}", says: "The largest square: {n} readers, {slot}. Outlined: the best hours, between which none is surely first.", hour: "{h}:00", hours: "{from} to {to}", day: "Day and hour", present: "Present", read: "Readers",
  months: "Hours are counted by whole months: {days}. An agent counts once a month and hour of the week.", only: "An empty circle: a figure withheld. The data tell of hours when agents were present only.",
  whole: "Hours are counted over the whole house, all messages together. Your key shows a perimeter: it does not open this page.", other: "See the overview of your perimeter",
};
const tell = lexicon(fr, en);

const monday = new Date(2024, 0, 1, 12);
const dayName = (weekday: number): string => new Date(2024, 0, monday.getDate() + weekday - 1, 12).toLocaleDateString(locale(), { weekday: "long" });
const hourName = (hour: number): string => tell("hour", { h: hour });
const most = 4; // best hours that are named

/** The hours at which no fewer read than at the best one, as far as can be told. */
export function best(slots: Slot[]): Slot[] {
  const order = slots.filter(({ readers }) => readers).sort((a, b) => b.readers! - a.readers!);
  return order.filter((one) => compareCounts(one.readers, order[0]!.readers) === 0).slice(0, most);
}

export class Hours extends Dash {
  #answer: Answer | null = null;
  override readonly offers = { filters: true };

  override get heading(): string {
    return tell("title");
  }

  /** A perimeter has no hours of its own: whoever comes by another's address is told so, and nothing is asked. */
  protected override get asks(): boolean {
    return !this.caller.perimeter;
  }

  protected override async load(signal: AbortSignal): Promise<void> {
    if (this.asks) this.#answer = await this.get<Answer>("hours", paramsOf(this.question), signal);
  }

  protected override story(): TemplateResult {
    if (!this.asks) return html`<div class="card"><p>${tell("whole")}</p><p><a href=${addressFor(["overview"], this.question)}>${tell("other")}</a></p></div>`;
    const { slots, from, to } = this.#answer!, first = best(slots);
    const named = (one: Slot): string => tell("one", { day: dayName(one.weekday), from: hourName(one.hour), to: hourName((one.hour + 1) % 24) });
    return html`
      <p class="finding">${first.length ? tell("found", { slots: new Intl.ListFormat(locale(), { type: "disjunction" }).format(first.map(named)) }) : tell("none")}</p>
      ${chart(this.client, {
        heading: tell("heading"), says: first.length ? tell("says", { n: count(first[0]!.readers), slot: named(first[0]!) }) : tell("none"), note: `${tell("months", { days: days(from, to) })} ${tell("only")}`,
        draw: week(slots.map((one) => ({ weekday: one.weekday, hour: one.hour, n: one.readers, best: first.includes(one) })), dayName, hourName),
        source: { path: `/v1/dashboards/hours?${paramsOf(this.question)}`, name: this.fileName(tell("heading")) },
        columns: [{ name: tell("day") }, { name: tell("present"), number: true }, { name: tell("read"), number: true }],
        rows: slots.filter(({ shown, readers }) => shown !== 0 || readers !== 0).map(({ weekday, hour, shown, readers }) => [`${dayName(weekday)}, ${tell("hours", { from: hourName(hour), to: hourName((hour + 1) % 24) })}`, shown === null ? null : count(shown), readers === null ? null : count(readers)]),
      })}
      ${this.reading(slots.some(({ readers }) => readers === null) ? "withheld" : "")}`;
  }
}
