// Which groups communications do not reach, and how services compare.

import { html, nothing, type TemplateResult } from "lit";
import { chart } from "../charts/chart";
import { lexicon, percent } from "../charts/words";
import type { Board, Equity as Answer } from "../shell/api";
import { locale } from "../words/spoken";
import { Dash } from "./dash";
import { ahead, behind, gapOf, gini, loose, standings } from "./judge";
import { paramsOf, type Span } from "./question";
import { groups } from "./series";

const fr = {
  equityTitle: "Équité : qui n'est pas atteint", servicesTitle: "Comparaison des services",
  behind: "{n} groupes sont atteints moins que l'ensemble ({all}) : {names}.", behindOne: "Un groupe est atteint moins que l'ensemble ({all}) : {names}.", fair: "Aucun groupe n'est, de façon sûre, moins atteint que l'ensemble ({all}).", cannot: "Trop peu de groupes peuvent être distingués pour comparer. Choisissez une autre répartition ou une période plus longue.",
  filtered: "Avec un filtre, le nombre d'agents visés par groupe n'est pas connu. Retirez les filtres pour voir qui n'est pas atteint.",
  giniTitle: "Écarts entre les groupes", equal: "Faibles", fairlyEqual: "Modérés", unequal: "Marqués", veryUnequal: "Très marqués",
  giniMeans: "Indice de Gini : {n} sur une échelle de 0 à 1. À 0, tous les groupes sont atteints de la même façon ; plus il monte, plus la portée se concentre sur quelques groupes. Il compte chaque groupe selon sa taille, parmi ceux qui peuvent être distingués.",
  giniLeast: "Il est calculé sur les parts minimales.",
  low: "{names} : lecture plus faible que l'ensemble ({all}).", high: "{names} : lecture plus forte que l'ensemble ({all}).", alike: "Les services lisent autant les uns que les autres, aux écarts du hasard près (ensemble : {all}).",
  corrected: "Part attendue", correctedMeans: "Part attendue : la part de lecture ramenée vers celle de l'ensemble, d'autant plus que le service est petit. Elle évite de classer un petit service sur un coup de chance.",
};
const en: typeof fr = {
  equityTitle: "Equity: who is not reached", servicesTitle: "Comparison of services",
  behind: "{n} groups are reached less than all ({all}): {names}.", behindOne: "One group is reached less than all ({all}): {names}.", fair: "No group is surely reached less than all ({all}).", cannot: "Too few groups can be told apart to compare. Choose another breakdown or a longer period.",
  filtered: "With a filter, how many agents of each group are aimed at is not known. Remove the filters to see who is not reached.",
  giniTitle: "Differences between groups", equal: "Small", fairlyEqual: "Moderate", unequal: "Marked", veryUnequal: "Very marked",
  giniMeans: "Gini index: {n} on a scale from 0 to 1. At 0, all groups are reached alike; the higher it is, the more reach is within a few groups. It counts each group by its size, among those that can be told apart.",
  giniLeast: "It is computed on the least shares.",
  low: "{names}: less reading than all ({all}).", high: "{names}: more reading than all ({all}).", alike: "Services read as much as each other, but for chance (all: {all}).",
  corrected: "Expected share", correctedMeans: "Expected share: the share of readers drawn towards that of all, the more the smaller the service. It keeps a small service from being placed by luck.",
};
const tell = lexicon(fr, en);

const list = (names: string[], most = 5): string => names.slice(0, most).join(" ; ") + (names.length > most ? " …" : "");

abstract class Compared extends Dash {
  board: Board | null = null;

  protected override get own(): Span | undefined {
    return this.board ?? undefined;
  }

  protected override async load(signal: AbortSignal): Promise<void> {
    this.board = await this.get<Board>("overview", paramsOf(this.question, { by: this.by?.name ?? "org" }), signal);
  }

  protected get named(): (value: string) => string {
    return this.nameOf(this.board!.by!, this.board!.rows.map(({ value }) => value ?? ""));
  }

  protected pathOf(dashboard: string): string {
    return `/v1/dashboards/${dashboard}?${paramsOf(this.counted, { by: this.board!.by! })}`;
  }
}

export class Equity extends Compared {
  override readonly offers = { by: true };

  override get heading(): string {
    return tell("equityTitle");
  }

  protected override story(): TemplateResult {
    const board = this.board!, name = this.named, all = standings(board.rows, "reach").filter(({ share }) => share).reverse();
    const spec = { ...groups(board, "reach", this.by?.label() ?? "", name), source: { path: this.pathOf("equity"), name: this.fileName(this.heading) } };
    const total = board.totals.reach;
    const low = total ? behind(all, { value: "", part: 0, of: 0, share: total }) : [];
    const values = { n: low.length, all: percent(total?.value ?? 0), names: list(low.map(({ value }) => name(value))) };
    const found = this.question.where.length ? tell("filtered") : all.length < 2 || !total ? tell("cannot") : tell(low.length > 1 ? "behind" : low.length ? "behindOne" : "fair", values);
    return html`<p class="finding">${found}</p>
      ${all.length > 1 ? this.#spread(gini(all.map(({ share, of }) => [share!.value, of!])), loose(board.rows, "reach") > 0) : nothing}
      ${chart(this.client, spec)}
      ${this.reading(board.withheld)}`;
  }

  #spread(index: number, least: boolean): TemplateResult {
    const word = index < 0.1 ? "equal" : index < 0.2 ? "fairlyEqual" : index < 0.35 ? "unequal" : "veryUnequal";
    return html`<section class="card tile alone"><h2>${tell("giniTitle")}</h2><p class="big">${tell(word)}</p><p class="hint">${tell("giniMeans", { n: index.toLocaleString(locale(), { maximumFractionDigits: 2 }) })} ${least ? tell("giniLeast") : ""}</p></section>`;
  }
}

export class Services extends Compared {
  #pooled = new Map<string, number>();

  override get heading(): string {
    return tell("servicesTitle");
  }

  override get axis(): string {
    return this.axes.some(({ name }) => name === "service") ? "service" : "org";
  }

  protected override async load(signal: AbortSignal): Promise<void> {
    const [, { groups: all }] = await Promise.all([super.load(signal), this.get<Answer>("services", paramsOf(this.question, { by: this.by?.name ?? "org" }), signal)]);
    this.#pooled = new Map(all.flatMap(({ value, pooled }) => (pooled === undefined || pooled === null ? [] : [[value, pooled]])));
  }

  protected override story(): TemplateResult {
    const board = this.board!, name = this.named, total = board.totals.reading;
    const spec = { ...groups(board, "reading", this.by?.label() ?? "", name), source: { path: this.pathOf("services"), name: this.fileName(this.heading) } };
    const all = standings(board.rows, "reading").filter(({ share }) => share), whole = { value: "", part: 0, of: 0, ...(total ? { share: total } : {}) };
    const names = (some: typeof all): string => list(some.map(({ value }) => name(value)));
    const low = behind(all, whole), high = ahead(all, whole), share = percent(total?.value ?? 0);
    const found = all.length < 2 || !total ? tell("cannot") : [low.length ? tell("low", { names: names(low), all: share }) : "", high.length ? tell("high", { names: names(high), all: share }) : ""].filter(Boolean).join(" ") || (gapOf(all) ? spec.says : tell("alike", { all: share }));
    const pooled = (value: string): string => {
      const one = this.#pooled.get(value);
      return one === undefined ? "–" : percent(one);
    };
    return html`<p class="finding">${found}</p>
      ${chart(this.client, {
        ...spec, note: html`${spec.note}<br>${tell("correctedMeans")}`,
        columns: [...spec.columns, { name: tell("corrected"), number: true }], rows: spec.rows.map((row, i) => [...row, pooled(board.rows[i]!.value ?? "")]),
      })}
      ${this.reading(board.withheld)}`;
  }
}

