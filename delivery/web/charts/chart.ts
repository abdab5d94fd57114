// A chart, what it shows in a sentence, and its data as a table: the three say the same, each to who needs it.

import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { Client } from "../sdk/client";
import { download } from "../shell/download";
import type { PlotOptions } from "@observablehq/plot";
import { spoken } from "../words/spoken";
import { drawn } from "./draw";
import { say } from "./words";

/** A column of a table; the first names the row. */
export interface Column {
  name: string;
  number?: boolean;
}

export interface ChartSpec {
  heading: string;
  /** The days that it is of, when they are not those of the page. */
  period?: string;
  /** What it shows, in one sentence. */
  says: string;
  /** What one must know to read it rightly. */
  note?: string | TemplateResult | typeof nothing | undefined;
  /** What is chosen for this chart alone. */
  choice?: TemplateResult | typeof nothing;
  /** The marks, for a width in pixels; null when there is nothing to draw. */
  draw: ((width: number) => PlotOptions) | null;
  columns: Column[];
  /** Texts by column; null is withheld. */
  rows: (string | null)[][];
  /** Where the data are taken from, and the name of the file without its ending. */
  source?: { path: string; name: string };
}

const paperWidth = 640; // pixels of a sheet between its margins
const media = { csv: "text/csv", parquet: "application/vnd.apache.parquet" } as const;

export class Chart extends LitElement {
  static override properties = { spec: { attribute: false }, client: { attribute: false }, width: { state: true }, problem: { state: true } };

  declare spec: ChartSpec;
  declare client: Client;
  declare width: number;
  declare problem: string;
  #sizes: ResizeObserver | null = null;
  readonly #id = `chart-${++made}`;

  constructor() {
    super();
    this.width = 0;
    this.problem = "";
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sizes = new ResizeObserver(() => this.#measure());
    this.#sizes.observe(this);
    addEventListener("beforeprint", this.#printed);
    addEventListener("afterprint", this.#printed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sizes?.disconnect();
    removeEventListener("beforeprint", this.#printed);
    removeEventListener("afterprint", this.#printed);
  }

  // The page is laid out for paper after beforeprint: charts are drawn for its width at once.
  readonly #printed = ({ type }: Event): void => {
    if (type === "afterprint") return this.#measure();
    this.width = paperWidth;
    this.performUpdate();
  };

  #measure(): void {
    const room = this.querySelector(".picture")?.clientWidth ?? 0;
    if (room > 0 && room !== this.width) this.width = room;
  }

  protected override updated(): void {
    const picture = this.querySelector<HTMLElement>(".picture");
    if (!picture || !this.spec.draw) return;
    if (!this.width) return this.#measure();
    picture.replaceChildren(drawn(this.spec.draw(this.width), this.width));
  }

  async #download(ending: keyof typeof media): Promise<void> {
    const { path, name } = this.spec.source!;
    this.problem = "";
    try {
      const asked = ending === "csv" ? `${path}&lang=${spoken.language}` : path; // Parquet is for programs
      await download(this.client, asked, `${name}.${ending}`, media[ending]);
      this.dispatchEvent(new CustomEvent("fil-saying", { bubbles: true, detail: say("downloaded", { name: `${name}.${ending}` }) }));
    } catch (error) {
      this.problem = (error as Error).message;
    }
  }

  override render(): TemplateResult {
    const { heading, period, says, note, choice, draw, source } = this.spec;
    return html`
      <section class="card chart" aria-labelledby=${this.#id}>
        <div class="title"><h2 id=${this.#id}>${heading}</h2>${choice ?? nothing}</div>
        ${period ? html`<p class="hint period">${period}</p>` : nothing}
        <p class="says">${says}</p>
        ${draw ? html`<div class="picture" role="img" aria-label="${heading}. ${says}"></div>` : nothing}
        ${note ? html`<p class="hint">${note}</p>` : nothing}
        ${this.problem ? html`<p class="notice problem" role="alert">${this.problem}</p>` : nothing}
        ${this.spec.rows.length ? html`<details class="data"><summary>${say("data")}</summary>${this.#table()}</details>` : nothing}
        ${source ? html`
          <p class="exports">
            <button type="button" class="quiet" @click=${() => this.#download("csv")}>${say("csv")}<span class="hidden"> : ${heading}</span></button>
            <button type="button" class="quiet" @click=${() => this.#download("parquet")}>${say("parquet")}<span class="hidden"> : ${heading}</span></button>
          </p>` : nothing}
      </section>`;
  }

  #table(): TemplateResult {
    const { heading, columns, rows } = this.spec;
    const cell = (text: string | null, i: number): TemplateResult => {
      const shown = text ?? html`<span class="withheld">${say("withheld")}</span>`;
      return i === 0 ? html`<th scope="row">${shown}</th>` : html`<td class=${columns[i]?.number ? "number" : ""}>${shown}</td>`;
    };
    return html`
      ${columns.length > 3 ? html`<p class="hint sideways">${say("sideways")}</p>` : nothing}
      <div class="scroll" tabindex="0" role="region" aria-label="${say("dataOf")} : ${heading}">
        <table>
          <caption>${heading}</caption>
          <thead><tr>${columns.map(({ name, number }) => html`<th scope="col" class=${number ? "number" : ""}>${name}</th>`)}</tr></thead>
          <tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody>
        </table>
      </div>`;
  }
}

let made = 0;

if (!customElements.get("fil-chart")) customElements.define("fil-chart", Chart);

/** A chart among the parts of a screen. */
export const chart = (client: Client, spec: ChartSpec): TemplateResult => html`<fil-chart .client=${client} .spec=${spec}></fil-chart>`;
