// The figures of one thing, a message or those of an audience: the same parts for both.

import { html, nothing, type TemplateResult } from "lit";
import { chart } from "../charts/chart";
import { lexicon, percent, range } from "../charts/words";
import type { Board, Funnel } from "../shell/api";
import { Dash } from "./dash";
import { funnelChart } from "./funnel";
import { detailedOf, everyOf, farPresets, longest, paramsOf, spanOf, type Question, type Span } from "./question";
import { presence, rateOf } from "./series";
import { actedTile, rateTile, tiles } from "./tiles";
import { say } from "./words";

const fr = {
  reached: "{share} des agents visés l'ont vue ({range}), et {reading} de ceux-là l'ont lue.", reachedMany: "{share} des agents visés en ont vu au moins une ({range}), et {reading} de ceux-là ont lu.",
  read: "{reading} des agents à qui elle a été montrée l'ont lue ({range}).", readMany: "{reading} des agents à qui il en a été montré ont lu ({range}).",
  acknowledged: "{share} des agents visés en ont pris connaissance ({range}).", nobody: "Aucun agent, ou presque, ne l'a vue sur cette période.", nobodyMany: "Aucun agent, ou presque, n'en a vu sur cette période.", few: "Trop peu d'agents sont concernés pour en dire plus. Choisissez une période plus longue ou retirez des filtres.",
};
const en: typeof fr = {
  reached: "{share} of the agents aimed at saw it ({range}), and {reading} of those read it.", reachedMany: "{share} of the agents aimed at saw one at least ({range}), and {reading} of those read.",
  read: "{reading} of the agents who were shown it read it ({range}).", readMany: "{reading} of the agents who were shown one read ({range}).",
  acknowledged: "{share} of the agents aimed at acknowledged it ({range}).", nobody: "No agent, or hardly any, saw it in this period.", nobodyMany: "No agent, or hardly any, saw one in this period.", few: "Too few agents are concerned to say more. Choose a longer period or remove filters.",
};
const tell = lexicon(fr, en);

/** What the figures of one thing tell; many: it is several messages. */
export function told({ totals }: Board, many: boolean, mandatory: boolean): string {
  const { reach, reading, acknowledgement } = totals;
  if (totals.shown === 0) return tell(many ? "nobodyMany" : "nobody");
  const first = reach && reading ? tell(many ? "reachedMany" : "reached", { share: percent(reach.value), range: range(reach), reading: percent(reading.value) })
    : reading ? tell(many ? "readMany" : "read", { reading: percent(reading.value), range: range(reading) }) : tell("few");
  return mandatory && acknowledgement ? `${first} ${tell("acknowledged", { share: percent(acknowledgement.value), range: range(acknowledgement) })}` : first;
}

export abstract class One extends Dash {
  totals: Board | null = null;
  over: Board | null = null;
  cut: Board | null = null;
  steps: Funnel | null = null;

  /** Where the figures of it are, under /v1/dashboards/. */
  protected abstract path(id: string): string;

  protected override get own(): Span | undefined {
    return (this.which && this.totals) || undefined;
  }

  get which(): string | undefined {
    return this.place.path[1];
  }

  protected async figures(id: string, signal: AbortSignal, funnel: boolean): Promise<void> {
    const ask = (more: Record<string, string>, question = this.question): Promise<Board> => this.get<Board>(this.path(id), paramsOf(question, more), signal);
    const path = (this.steps = null), by = this.by?.name ?? this.axis;
    const compare: Record<string, string> = funnel ? {} : { compare: "true" }; // one message has no period before
    if (spanOf(this.question) > longest && this.offers.presets === farPresets) { // the totals of what is known in detail come with the months
      this.totals = this.over = await ask({ every: "month", ...compare });
      const detailed = detailedOf(this.question, this.over.detailed_from);
      [this.cut, this.steps] = await Promise.all([ask({ by }, detailed), funnel ? this.get<Funnel>("funnel", paramsOf(detailed, { content: id }), signal) : path]);
      return;
    }
    [this.totals, this.over, this.cut, this.steps] = await Promise.all([
      ask(compare), ask({ every: everyOf(this.question) }), ask({ by }),
      funnel ? this.get<Funnel>("funnel", paramsOf(this.question, { content: id }), signal) : path,
    ]);
  }

  protected shown(id: string, { many = false, mandatory = true }): TemplateResult {
    const totals = this.totals!, over = this.over!, cut = this.cut!, every = everyOf(this.question);
    const untold = this.untold(totals.totals.shown);
    if (untold) return untold;
    const filtered = this.question.where.length > 0, rate = rateOf(this.question.figure, filtered ? "reading" : "reach"), before = totals.previous;
    const detailed = detailedOf(this.question, totals.detailed_from);
    const time = presence(over, every, "reached"), path = this.steps && funnelChart(this.steps, filtered);
    return html`
      <p class="finding">${told(totals, many, mandatory)}</p>
      ${tiles([rateTile("reach", totals.totals, before, filtered), rateTile("reading", totals.totals, before, filtered), ...(mandatory ? [rateTile("acknowledgement", totals.totals, before, filtered)] : []), actedTile(totals.totals, before)])}
      <div class="charts">
        ${path ? chart(this.client, { ...path, source: { path: `/v1/dashboards/funnel?${paramsOf(detailed, { content: id })}`, name: this.fileName(path.heading) } }) : nothing}
        ${chart(this.client, { ...time, source: { path: `/v1/dashboards/${this.path(id)}?${paramsOf(this.question, { every })}`, name: this.fileName(time.heading) } })}
        ${this.cutChart(cut, rate, this.path(id))}
      </div>
      ${this.reading(totals.withheld || over.withheld || cut.withheld)}`;
  }

  /** A question of this address with another beginning, when the address says none. */
  protected since(from: string): Question {
    return this.place.query.has("from") ? this.question : { ...this.question, from: from < this.question.to ? from : this.question.to };
  }

  protected search(label: string, q: string): TemplateResult {
    const submit = (event: SubmitEvent): void => {
      event.preventDefault();
      location.hash = `#/${this.place.path[0]}?${new URLSearchParams({ q: String(new FormData(event.target as HTMLFormElement).get("q")).trim() })}`;
    };
    return html`<form class="search" role="search" @submit=${submit}><label for="q">${label}</label><div class="row"><input id="q" name="q" type="search" maxlength="128" autocomplete="off" .value=${q}><button type="submit">${say("search")}</button></div></form>`;
  }
}
