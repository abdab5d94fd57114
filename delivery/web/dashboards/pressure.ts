// How much agents are sent, and by whom.

import { html, type TemplateResult } from "lit";
import { chart } from "../charts/chart";
import { bars, moments } from "../charts/draw";
import { count, dateOf, dayOf, lexicon, percent, say as sayChart } from "../charts/words";
import type { Pressure as Answer } from "../shell/api";
import { locale } from "../words/spoken";
import { Dash } from "./dash";
import { paramsOf, presets, spanOf, whole, type Question, type Span } from "./question";
import { periodWords } from "./series";
import { say } from "./words";

const fr = {
  title: "Pression de communication", each: "Communications par agent et par semaine", who: "Qui envoie le plus",
  found: "La semaine du {week}, un agent a vu {n} communications en moyenne. Le plus fort volume vient de « {who} » : {share} de ce qui est apparu.", none: "Rien n'a été montré à assez d'agents sur cette période. Choisissez une période plus longue.",
  eachSays: "De {low} à {high} communications par agent et par semaine complète.", eachOne: "{high} communications par agent sur la seule semaine complète.", eachNone: "Aucune semaine n'est complète sur cette période.",
  whoSays: "{who} : {n} communications, vues {shown} fois.", whoOne: "{who} : une communication, vue {shown} fois.", week: "Semaine du", agents: "Agents présents", contents: "Communications", perAgent: "Par agent", source: "Service", shown: "Vues", noSource: "Sans service déclaré",
  barred: "{shown} vues · {n} communications", barredOne: "{shown} vues · 1 communication", note: "Moyenne sur les agents à qui quelque chose a été montré dans la semaine. En pointillé : semaine incomplète.", whoNote: "Une vue : un agent, une communication, une semaine. Seules comptent les communications montrées à assez d'agents.", top: "Les {n} premiers, sur {all} ; tous sont dans les données.",
  clamped: "La pression se lit sur trois mois au plus : voici les trois derniers mois de la période.",
};
const en: typeof fr = {
  title: "Communication pressure", each: "Messages per agent and week", who: "Who sends most",
  found: "In the week of {week}, an agent saw {n} messages on average. The greatest part comes from “{who}”: {share} of what was shown.", none: "Nothing was shown to enough agents in this period. Choose a longer period.",
  eachSays: "From {low} to {high} messages per agent in a whole week.", eachOne: "{high} messages per agent in the one whole week.", eachNone: "No week is whole in this period.",
  whoSays: "{who}: {n} messages, seen {shown} times.", whoOne: "{who}: one message, seen {shown} times.", week: "Week of", agents: "Agents present", contents: "Messages", perAgent: "Per agent", source: "Service", shown: "Views", noSource: "No service declared",
  barred: "{shown} views · {n} messages", barredOne: "{shown} views · 1 message", note: "Mean over agents who were shown something in the week. Dashed: a week that is not whole.", whoNote: "A view: one agent, one message, one week. Only messages that were shown to enough agents count.", top: "The first {n} of {all}; all are in the data.",
  clamped: "Pressure is read over three months at most: these are the last three months of the period.",
};
const tell = lexicon(fr, en);

const longest = 92, most = 12;
const mean = (n: number): string => n.toLocaleString(locale(), { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export class Pressure extends Dash {
  #answer: Answer | null = null;
  override readonly offers = { filters: true, presets: presets.slice(0, 3) };

  override get heading(): string {
    return tell("title");
  }

  /** The last days of the period that the server tells this of. */
  get #asked(): Question {
    const first = dateOf(this.question.to);
    first.setDate(first.getDate() - longest + 1);
    return { ...this.question, from: spanOf(this.question) > longest ? dayOf(first) : this.question.from };
  }

  get #query(): URLSearchParams {
    return paramsOf(this.#asked);
  }

  protected override get own(): Span | undefined {
    return this.#answer ?? undefined;
  }

  protected override async load(signal: AbortSignal): Promise<void> {
    this.#answer = await this.get<Answer>("pressure", this.#query, signal);
  }

  protected override story(): TemplateResult {
    const answer = this.#answer!, weeks = answer.weeks.map((one) => ({ ...one, partial: !whole("week", one.week, answer) }));
    if (!weeks.length && !answer.senders.length) return this.untold(0) ?? html`<p class="finding">${say("nothing")} ${say("nothingHint")}</p>`;
    const full = weeks.filter(({ partial, per_agent }) => !partial && per_agent !== null), last = full.at(-1);
    const total = answer.senders.reduce((sum, { shown }) => sum + shown, 0), [first] = answer.senders;
    const name = (source: string): string => source || tell("noSource");
    const found = last && first ? tell("found", { week: periodWords("week", last.week, true), n: mean(last.per_agent!), who: name(first.source), share: percent(first.shown / total) }) : tell("none");
    const rates = full.map(({ per_agent }) => per_agent!);
    const each = { low: mean(Math.min(...rates)), high: mean(Math.max(...rates)) };
    const source = (heading: string) => ({ path: `/v1/dashboards/pressure?${this.#query}`, name: this.fileName(heading) });
    const drawn = answer.senders.slice(0, most);
    return html`
      ${this.#asked.from === this.question.from ? "" : html`<p class="notice">${tell("clamped")}</p>`}
      <p class="finding">${found}</p>
      <div class="charts">
        ${chart(this.client, {
          heading: tell("each"), says: tell(rates.length > 1 ? "eachSays" : rates.length ? "eachOne" : "eachNone", each), note: tell("note"), source: source(tell("each")),
          draw: weeks.length ? moments(weeks.map(({ week, per_agent, partial }) => ({ label: periodWords("week", week), whole: per_agent, partial, told: mean(per_agent ?? 0) })), mean) : null,
          columns: [{ name: tell("week") }, ...[tell("agents"), tell("contents"), tell("perAgent")].map((one) => ({ name: one, number: true }))],
          rows: weeks.map(({ week, agents, contents, per_agent, partial }) => {
            const label = periodWords("week", week, true);
            return [partial ? sayChart("partial", { label }) : label, agents === null ? null : count(agents), count(contents), per_agent === null ? null : mean(per_agent)];
          }),
        })}
        ${chart(this.client, {
          heading: tell("who"), says: first ? tell(first.contents > 1 ? "whoSays" : "whoOne", { who: name(first.source), n: count(first.contents), shown: count(first.shown) }) : tell("none"), source: source(tell("who")),
          note: [tell("whoNote"), answer.senders.length > most ? tell("top", { n: most, all: answer.senders.length }) : ""].join(" "),
          draw: drawn.length ? bars(drawn.map(({ source: one, shown, contents }) => ({ name: name(one), value: shown, told: tell(contents > 1 ? "barred" : "barredOne", { shown: count(shown), n: count(contents) }) })), undefined, 232) : null,
          columns: [{ name: tell("source") }, { name: tell("contents"), number: true }, { name: tell("shown"), number: true }],
          rows: answer.senders.map(({ source: one, contents, shown }) => [name(one), count(contents), count(shown)]),
        })}
      </div>
      ${this.reading(weeks.some(({ agents }) => agents === null) ? "withheld" : "")}`;
  }
}
