// The section of contents: the board, or the editor of one.

import { html, type TemplateResult } from "lit";
import { Screen } from "../shell/screen";

export class Contents extends Screen {
  get #inner(): Screen | null {
    return this.querySelector<Screen>(":scope > *");
  }

  override get heading(): string {
    return this.#inner?.heading ?? "";
  }

  override body(): TemplateResult {
    const { client, caller, place } = this;
    return place.path.length > 1
      ? html`<fil-editor .client=${client} .caller=${caller} .place=${place}></fil-editor>`
      : html`<fil-board .client=${client} .caller=${caller} .place=${place}></fil-board>`;
  }

  protected override updated(): void {} // the inner screen names the page

  protected override async getUpdateComplete(): Promise<boolean> {
    const done = await super.getUpdateComplete();
    await this.#inner?.updateComplete;
    return done;
  }

  override render(): TemplateResult {
    return this.body();
  }
}
