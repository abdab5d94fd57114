// How many agents were reached in the period, and what they did.

import { html, type TemplateResult } from "lit";
import type { Board } from "../shell/api";
import { Screen } from "../shell/screen";
import { spoken } from "../words/spoken";
import { number } from "../words/words";
import { say } from "./words";

export class Overview extends Screen {
  #board: Board | null = null;

  override get heading(): string {
    return say("overview");
  }

  override async arrive(): Promise<void> {
    this.#board = await this.client.json<Board>(`/v1/dashboards/overview?${this.place.query}`);
  }

  override body(): TemplateResult {
    const totals = this.#board?.totals;
    if (!totals) return html``;
    const rows = [["targeted", totals.targeted], ["shown", totals.shown], ["opened", totals.opened], ["read", totals.readers], ["acted", totals.acted]] as const;
    return html`
      <div class="scroll card">
        <table>
          <caption class="hidden">${this.heading}</caption>
          <thead><tr><th scope="col">${say("figure")}</th><th scope="col" class="number">${say("number")}</th></tr></thead>
          <tbody>${rows.map(([name, n]) => html`<tr><th scope="row">${say(name)}</th><td class="number">${n === null ? say("withheld") : number(spoken.language, n)}</td></tr>`)}</tbody>
        </table>
      </div>`;
  }
}
