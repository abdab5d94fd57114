// What was published, the newest first as the server lists it.

import { html, type TemplateResult } from "lit";
import type { Content, ContentsPageBody } from "../shell/api";
import { Screen } from "../shell/screen";
import { spoken } from "../words/spoken";
import { day } from "../words/words";
import { say } from "./words";

export class Contents extends Screen {
  #all: Content[] = [];
  #next = "";

  override get heading(): string {
    return say("contents");
  }

  override async arrive(): Promise<void> {
    this.#all = [];
    this.#next = "";
    await this.#load();
  }

  async #load(): Promise<void> {
    const page = await this.client.json<ContentsPageBody>(`/v1/contents?limit=50&after=${encodeURIComponent(this.#next)}`);
    this.#all.push(...page.contents);
    this.#next = page.next ?? "";
  }

  override body(): TemplateResult {
    if (!this.#all.length) return html`<p class="hint">${this.busy ? "" : say("noContent")}</p>`;
    return html`
      <div class="scroll card">
        <table>
          <caption class="hidden">${this.heading}</caption>
          <thead><tr><th scope="col">${say("title")}</th><th scope="col">${say("source")}</th><th scope="col">${say("published")}</th></tr></thead>
          <tbody>${this.#all.map((one) => html`<tr><th scope="row">${one.title}</th><td>${one.source ?? ""}</td><td>${day(spoken.language, one.published_at)}</td></tr>`)}</tbody>
        </table>
        ${this.#next ? html`<button type="button" class="quiet" @click=${() => this.attempt(() => this.#load())}>${say("more")}</button>` : ""}
      </div>`;
  }
}
