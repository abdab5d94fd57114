// The audiences that the key may read.

import { html, type TemplateResult } from "lit";
import type { AudiencesPageBody, Audience } from "../shell/api";
import { Screen } from "../shell/screen";
import { say } from "./words";

export class Audiences extends Screen {
  #all: Audience[] = [];
  #next = "";

  override get heading(): string {
    return say("audiences");
  }

  override async arrive(): Promise<void> {
    this.#all = [];
    this.#next = "";
    await this.#load();
  }

  async #load(): Promise<void> {
    const page = await this.client.json<AudiencesPageBody>(`/v1/audiences?limit=100&after=${encodeURIComponent(this.#next)}`);
    this.#all.push(...page.audiences);
    this.#next = page.next ?? "";
  }

  override body(): TemplateResult {
    if (!this.#all.length) return html`<p class="hint">${this.busy ? "" : say("noAudience")}</p>`;
    return html`
      <div class="scroll card">
        <table>
          <caption class="hidden">${this.heading}</caption>
          <thead><tr><th scope="col">${say("name")}</th><th scope="col">${say("owner")}</th></tr></thead>
          <tbody>${this.#all.map((one) => html`<tr><th scope="row">${one.name || one.id}</th><td>${one.owner ?? ""}</td></tr>`)}</tbody>
        </table>
        ${this.#next ? html`<button type="button" class="quiet" @click=${() => this.attempt(() => this.#load())}>${say("more")}</button>` : ""}
      </div>`;
  }
}
