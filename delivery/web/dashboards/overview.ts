// The whole house: who was reached, who read, who answered for it, and where it differs.

import { html, type TemplateResult } from "lit";
import { chart } from "../charts/chart";
import { lexicon, percent, range } from "../charts/words";
import type { Board } from "../shell/api";
import { Dash } from "./dash";
import { compare } from "./judge";
import { detailedOf, everyOf, farPresets, lengthOf, longest, paramsOf, spanOf, type Span } from "./question";
import { presence, rateOf } from "./series";
import { actedTile, points, rateTile, tiles } from "./tiles";
import { say } from "./words";

const fr = {
  found: "{span}, {share} des agents visés ont été atteints ({range}) et {reading} de ceux-là ont lu.", foundReading: "{span}, {reading} des agents à qui une communication a été montrée l'ont lue ({range}).",
  more: "Soit {points} de portée de plus qu'à la période précédente.", less: "Soit {points} de portée de moins qu'à la période précédente.", same: "La portée n'a pas changé de façon sûre depuis la période précédente.", first: "La période précédente n'a pas assez de chiffres pour comparer.",
  nobody: "Aucun agent, ou presque, n'a vu de communication sur cette période. Choisissez une période plus longue ou retirez des filtres.", few: "Trop peu d'agents sont concernés pour en dire plus : choisissez une période plus longue ou retirez des filtres.",
};
const en: typeof fr = {
  found: "{span}, {share} of the agents aimed at were reached ({range}), and {reading} of those read.", foundReading: "{span}, {reading} of the agents who were shown a message read it ({range}).",
  more: "That is {points} of reach more than in the period before.", less: "That is {points} of reach less than in the period before.", same: "Reach has not surely changed since the period before.", first: "The period before has too few figures to compare with.",
  nobody: "No agent, or hardly any, saw a message in this period. Choose a longer period or remove filters.", few: "Too few agents are concerned to say more: choose a longer period or remove filters.",
};
const tell = lexicon(fr, en);

/** One sentence or two, made from the figures and from nothing that they do not bear. */
export function finding({ totals, previous }: Board, span: string): string {
  const { reach, reading } = totals;
  if (totals.shown === 0) return tell("nobody");
  if (!reading) return tell("few");
  if (!reach) return tell("foundReading", { span, reading: percent(reading.value), range: range(reading) });
  const sign = compare(reach, previous?.reach);
  const since = previous?.shown == null ? say("young") : !previous.reach ? tell("first") : sign === 0 || Math.abs(reach.value - previous.reach.value) < 0.005 ? tell("same") : tell(sign > 0 ? "more" : "less", { points: points(reach.value - previous.reach.value) });
  return `${tell("found", { span, share: percent(reach.value), range: range(reach), reading: percent(reading.value) })} ${since}`;
}

export class Overview extends Dash {
  #totals: Board | null = null;
  #over: Board | null = null;
  #groups: Board | null = null;

  override readonly offers = { by: true, filters: true, presets: farPresets };

  override get heading(): string {
    return say("overview");
  }

  protected override get own(): Span | undefined {
    return this.#totals ?? undefined;
  }

  protected override async load(signal: AbortSignal): Promise<void> {
    const ask = (more: Record<string, string>, question = this.question): Promise<Board> => this.get<Board>("overview", paramsOf(question, more), signal);
    const by = this.by?.name ?? this.axis;
    if (spanOf(this.question) > longest) { // the totals of what is known in detail come with the months
      this.#totals = this.#over = await ask({ every: "month", compare: "true" });
      this.#groups = await ask({ by }, detailedOf(this.question, this.#over.detailed_from));
      return;
    }
    [this.#totals, this.#over, this.#groups] = await Promise.all([ask({ compare: "true" }), ask({ every: everyOf(this.question) }), ask({ by })]);
  }

  protected override story(): TemplateResult {
    const totals = this.#totals!, over = this.#over!, cut = this.#groups!, untold = this.untold(totals.totals.shown);
    if (untold) return untold;
    const filtered = this.question.where.length > 0, every = everyOf(this.question);
    const rate = rateOf(this.question.figure, filtered ? "reading" : "reach");
    const present = presence(over, every, "present"), before = totals.previous;
    return html`
      <p class="finding">${finding(totals, lengthOf(this.counted, totals.detailed_from))}</p>
      ${tiles([...(["reach", "reading", "acknowledgement"] as const).map((one) => rateTile(one, totals.totals, before, filtered)), actedTile(totals.totals, before)])}
      <div class="charts">
        ${chart(this.client, { ...present, source: { path: `/v1/dashboards/overview?${paramsOf(this.question, { every })}`, name: this.fileName(present.heading) } })}
        ${this.cutChart(cut, rate, "overview")}
      </div>
      ${this.reading(totals.withheld || over.withheld || cut.withheld)}`;
  }
}
