// Charts that several screens have: figures over time, and groups beside each other.

import { html, nothing, type TemplateResult } from "lit";
import type { ChartSpec } from "../charts/chart";
import { dots, moments } from "../charts/draw";
import { count, dateOf, dayOf, lexicon, percent, range, say as sayChart } from "../charts/words";
import type { Board, Figures, Share } from "../shell/api";
import { locale } from "../words/spoken";
import { compareCounts, gapOf, loose, standings, type Rate, type Standing } from "./judge";
import { whole, type Every } from "./question";
import { say, type Word } from "./words";

const fr = {
  day: "par jour", week: "par semaine", month: "par mois", period_day: "Jour", period_week: "Semaine du", period_month: "Mois",
  present: "Agents présents et lecteurs, {every}", reached: "Agents atteints et lecteurs, {every}", nothing: "Rien n'a été montré sur cette période.", legend: "Barre large : agents à qui une communication a été montrée. Barre étroite : ceux qui ont lu. En pointillé : période incomplète.", hollow: "Rond vide : chiffre retenu.", peak: "Au plus fort, {n} agents {at}.",
  onePeriod: "Une seule période est complète : {n} agents.", noPeriod: "Aucune période n'est encore complète.", allWithheld: "Les chiffres sont retenus : trop peu d'agents.",
  up: "Plus d'agents {last} ({n}) que {before} ({m}).", down: "Moins d'agents {last} ({n}) que {before} ({m}).", flat: "Autant d'agents {last} ({n}) que {before} ({m}), aux écarts du hasard près.",
  in_day: "le {day}", in_week: "la semaine du {day}", in_month: "en {day}",
  groups: "{rate} par {axis}", gap: "{rate} plus faible pour « {low} » ({a}) que pour « {high} » ({b}).", even: "Aucun écart sûr entre les groupes.", alone: "Un seul groupe peut être distingué.", noGroup: "Aucun groupe n'est assez grand pour être distingué. Choisissez une période plus longue ou une autre répartition.",
  some: "Les {high} premiers et les {low} derniers, sur {n} ; tous sont dans les données.", atLeast: "{n} agents appartiennent à des groupes trop petits pour être distingués : la part de chaque ligne est un minimum, la barre va jusqu'à ce qu'elle peut être.",
  untold: "Groupes dont on ne peut rien dire : {names}.", untoldMany: "{n} groupes dont on ne peut rien dire : ils sont dans les données.", bars: "La barre est l'intervalle autour du point.", all: "Ensemble : {share}", with: "Avec un filtre, le nombre d'agents visés n'est pas connu : choisissez le chiffre « Lecture ».",
};

const en: typeof fr = {
  day: "by day", week: "by week", month: "by month", period_day: "Day", period_week: "Week of", period_month: "Month",
  present: "Agents present and readers, {every}", reached: "Agents reached and readers, {every}", nothing: "Nothing was shown in this period.", legend: "Wide bar: agents who were shown a message. Narrow bar: those who read. Dashed: a period that is not whole.", hollow: "Empty circle: a figure withheld.", peak: "At most, {n} agents {at}.",
  onePeriod: "One period alone is whole: {n} agents.", noPeriod: "No period is whole yet.", allWithheld: "The figures are withheld: too few agents.",
  up: "More agents {last} ({n}) than {before} ({m}).", down: "Fewer agents {last} ({n}) than {before} ({m}).", flat: "As many agents {last} ({n}) as {before} ({m}), but for chance.",
  in_day: "on {day}", in_week: "in the week of {day}", in_month: "in {day}",
  groups: "{rate} by {axis}", gap: "{rate} is lower for “{low}” ({a}) than for “{high}” ({b}).", even: "No sure difference between groups.", alone: "One group alone can be told apart.", noGroup: "No group is large enough to be told apart. Choose a longer period or another breakdown.",
  some: "The first {high} and the last {low} of {n}; all are in the data.", atLeast: "{n} agents are in groups too small to be told apart: the share of each line is a minimum, the bar goes up to what it may be.",
  untold: "Groups of which nothing can be told: {names}.", untoldMany: "{n} groups of which nothing can be told: they are in the data.", bars: "The bar is the interval around the point.", all: "All: {share}", with: "With a filter, how many agents are aimed at is not known: choose the figure “Reading”.",
};

const tell = lexicon(fr, en);

/** The name of a period that begins on a day. */
export function periodWords(every: Every, start: string, long = false): string {
  const options: Intl.DateTimeFormatOptions = every === "month" ? { month: long ? "long" : "short", year: "numeric" } : { day: "numeric", month: long ? "long" : "short" };
  return dateOf(start).toLocaleDateString(locale(), options);
}

const inPeriod = (every: Every, start: string): string => tell(`in_${every}`, { day: periodWords(every, start, true) });

/** A share with its interval; withheld when a count that it is made of is, else not to be told. */
const shareCell = (share: Share | undefined, ...of: unknown[]): (string | null)[] => (share ? [percent(share.value), range(share)] : of.includes(null) ? [null, null] : ["–", "–"]);
const cell = (n: number | null): string | null => (n === null ? null : count(n));

const none: Figures = { targeted: null, shown: 0, opened: 0, readers: 0, acknowledged: 0, acted: 0, dismissed: 0, read_days: 0 };

/** The rows of a board over time, with those in between in which nobody did anything: the server tells of the others only. */
function filled({ rows, detailed_from = "" }: Board, every: Every): Figures[] {
  const known = new Map(rows.map((row) => [row.period!, row])), out: Figures[] = [];
  const last = rows.at(-1)?.period ?? "";
  for (const at = dateOf(rows[0]?.period ?? ""); rows.length && dayOf(at) <= last; every === "month" ? at.setMonth(at.getMonth() + 1) : at.setDate(at.getDate() + (every === "week" ? 7 : 1))) {
    const period = dayOf(at);
    if (known.has(period) || period >= detailed_from) out.push(known.get(period) ?? { ...none, period }); // else nothing is known of it
  }
  return out;
}

/** Who was present and who read, over time. */
export function presence(board: Board, every: Every, kind: "present" | "reached"): ChartSpec {
  const rows = filled(board, every).map((row) => ({ ...row, start: row.period!, partial: !whole(every, row.period!, board) }));
  const full = rows.filter(({ partial, shown }) => !partial && shown !== null);
  const last = full.at(-1), before = full.at(-2);
  let says = tell(!rows.length ? "nothing" : rows.some(({ shown }) => shown !== null) ? "noPeriod" : "allWithheld");
  const peak = rows.toSorted((a, b) => (b.shown ?? 0) - (a.shown ?? 0))[0];
  if (kind === "reached" && peak?.shown) says = tell("peak", { n: count(peak.shown), at: inPeriod(every, peak.start) });
  else if (last && !before) says = tell("onePeriod", { n: count(last.shown) });
  else if (last && before) {
    const sign = compareCounts(last.shown, before.shown);
    says = tell(sign > 0 ? "up" : sign < 0 ? "down" : "flat", { last: inPeriod(every, last.start), before: inPeriod(every, before.start), n: count(last.shown), m: count(before.shown) });
  }
  return {
    heading: tell(kind, { every: tell(every) }), says, note: rows.length ? `${tell("legend")}${rows.some(({ shown }) => shown === null) ? ` ${tell("hollow")}` : ""}` : nothing,
    draw: rows.length ? moments(rows.map(({ start, shown, readers, partial }) => ({ label: periodWords(every, start), whole: shown, part: readers, partial }))) : null,
    columns: [{ name: tell(`period_${every}`) }, ...[say("shown"), say("read"), say("reading"), say("interval"), say("acknowledged"), say("acted")].map((name) => ({ name, number: true }))],
    rows: rows.map((row) => {
      const label = periodWords(every, row.start, true);
      return [row.partial ? sayChart("partial", { label }) : label, cell(row.shown), cell(row.readers), ...shareCell(row.reading, row.shown, row.readers), cell(row.acknowledged), cell(row.acted)];
    }),
  };
}

const most = { first: 4, last: 8 };

/** How the groups of an axis stand to each other. */
export function groups(board: Board, rate: Rate, axis: string, name: (value: string) => string, choice?: TemplateResult): ChartSpec {
  const all = standings(board.rows, rate);
  const told = all.filter((one): one is Standing & { share: Share } => one.share !== undefined), untold = all.filter(({ share }) => !share);
  const others = rate === "reading" ? 0 : loose(board.rows, rate);
  const many = told.length > most.first + most.last;
  const drawn = many ? [...told.slice(0, most.first), ...told.slice(-most.last)] : told;
  const gap = gapOf(told), filtered = Boolean(board.where?.length);
  const between = (one: Standing & { share: Share }): string => (others > 0 ? range(one.share) : percent(one.share.value));
  let says = tell("noGroup");
  if (told.length) says = tell(told.length > 1 ? "even" : "alone");
  if (gap) says = tell("gap", { rate: say(rate), low: name(gap[0].value), a: between(gap[0]), high: name(gap[1].value), b: between(gap[1]) });
  if (!told.length && filtered && rate !== "reading") says = tell("with");
  const notes = told.length ? [many ? tell("some", { high: most.first, low: most.last, n: told.length }) : "", others > 0 ? tell("atLeast", { n: count(others) }) : tell("bars"), untold.length > most.first ? tell("untoldMany", { n: untold.length }) : untold.length ? tell("untold", { names: untold.map(({ value }) => name(value)).join(" ; ") }) : ""] : [];
  const total = board.totals[rate];
  return {
    heading: tell("groups", { rate: say(rate), axis: axis.toLowerCase() }), says, note: html`${notes.filter(Boolean).map((one, i) => html`${i ? html`<br>` : nothing}${one}`)}`, ...(choice ? { choice } : {}),
    draw: told.length ? dots(drawn.map(({ value, share }) => ({ ...share, name: name(value) })), total && { value: total.value, name: tell("all", { share: percent(total.value) }) }) : null,
    columns: [{ name: axis }, ...[...(filtered ? [] : [say("targeted")]), say("shown"), say("read"), say("acknowledged"), say("acted"), say(rate), say("interval")].map((one) => ({ name: one, number: true }))],
    rows: board.rows.map((row) => tableRow(row, name(row.value ?? ""), all.find(({ value }) => value === row.value), filtered)),
  };
}

function tableRow(row: Figures, name: string, standing: Standing | undefined, filtered: boolean): (string | null)[] {
  const aimed = filtered ? [] : [row.targeted === 0 && !standing ? "–" : cell(row.targeted)];
  return [name, ...aimed, cell(row.shown), cell(row.readers), cell(row.acknowledged), cell(row.acted), ...shareCell(standing?.share, standing?.part, filtered || standing?.of)];
}

const rates: Rate[] = ["reach", "reading", "acknowledgement"];
export const rateOf = (figure: string, fallback: Rate): Rate => rates.find((one) => one === figure) ?? fallback;

/** Chooses the figure that groups are compared by. */
export const rateChoice = (rate: Rate, chosen: (figure: Rate) => void): TemplateResult => html`
  <div class="field inline"><label for="figure" class="hidden">${say("figure")}</label>
    <select id="figure" @change=${(event: Event) => chosen((event.target as HTMLSelectElement).value as Rate)}>
      ${rates.map((one) => html`<option value=${one} ?selected=${one === rate}>${say(one as Word)}</option>`)}
    </select>
  </div>`;
