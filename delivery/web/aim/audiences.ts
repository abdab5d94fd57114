// The section of audiences: the list, and one of them.

import { html, nothing, type TemplateResult } from "lit";
import { addressOf } from "../shell/place";
import { Screen } from "../shell/screen";
import { AudienceEditor } from "./audience";
import { Beside } from "./beside";
import { Catalogue } from "./catalogue";
import { Clauses } from "./clauses";
import { Expression } from "./expression";
import { List } from "./list";
import { Values } from "./values";
import { WhyAgent } from "./why";
import { say } from "./words";
import "./aim.css";

const elements = { "fil-audience": AudienceEditor, "fil-audience-list": List, "fil-beside": Beside, "fil-clauses": Clauses, "fil-expression": Expression, "fil-values": Values, "fil-why": WhyAgent };

export class Audiences extends Screen {
  #list: List | null = null;
  #editor: AudienceEditor | null = null;

  /** Declares this screen's parts, with the screen itself. */
  static declare(tag: string): void {
    for (const [name, part] of Object.entries(elements)) customElements.define(name, part);
    customElements.define(tag, Audiences);
  }

  get #id(): string {
    return this.place.path[1] ?? "";
  }

  override get heading(): string {
    if (!this.#id) return say("audiences");
    return this.#editor?.draft.name || (this.#id === "new" ? say("newAudience") : say(this.#editor ? "unnamed" : "audiences"));
  }

  override async arrive(): Promise<void> {
    if (!this.#id) {
      this.#editor = null;
      this.#list ??= Object.assign(document.createElement("fil-audience-list") as List, { client: this.client });
      this.#list.query = this.place.query.get("q") ?? "";
      this.requestUpdate();
      await this.#list.load();
      return;
    }
    this.#list = null;
    if (this.#editor?.base?.id === this.#id) return; // it was saved for the first time
    this.#editor = null; // what is shown is not another's
    this.requestUpdate();
    const catalogue = new Catalogue(this.client);
    await catalogue.load();
    const editor = Object.assign(document.createElement("fil-audience") as AudienceEditor, { client: this.client, caller: this.caller, catalogue });
    await editor.open(this.#id === "new" ? "" : this.#id);
    this.#editor = editor;
    this.requestUpdate();
  }

  override actions(): TemplateResult | typeof nothing {
    if (!this.#id) return html`<a class="button" href=${addressOf(["audiences", "new"])}>${say("newAudience")}</a>`;
    const editor = this.#editor;
    if (!editor) return nothing;
    return html`
      ${editor.mine ? html`
        <span class="hint" role="status">${editor.unsaved ? say("unsaved") : editor.base ? say("upToDate") : nothing}</span>
        ${editor.base ? html`<button type="button" class="danger" @click=${() => this.attempt(() => editor.erase())}>${say("remove")}</button>` : nothing}
        <button type="button" aria-disabled=${editor.busy} @click=${() => this.attempt(() => editor.save())}>${editor.busy ? say("saving") : say("save")}</button>` : nothing}`;
  }

  override body(): TemplateResult | typeof nothing {
    if (!this.#id) return html`${this.#list ?? nothing}`;
    return html`<div @named=${() => this.requestUpdate()}><p class="back"><a href=${addressOf(["audiences"])}>← ${say("back")}</a></p>${this.#editor ?? nothing}</div>`;
  }
}
