// What every screen is: an element in the page's own document, drawn from what the server said, for the place one is at.

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { Client, Problem } from "../sdk/client";
import type { CallerOutputBody } from "./api";
import { Part } from "./part";
import type { Place } from "./place";
import { told } from "./told";

/** Says that the key is refused: the frame asks for another. */
export const refusedKey = "fil-refused-key";
/** Says a short text to who sees and to who listens: detail is the text. */
export const saying = "fil-saying";

export abstract class Screen extends Part {
  static override properties = { client: { attribute: false }, caller: { attribute: false }, place: { attribute: false }, problem: { state: true }, busy: { state: true } };

  declare client: Client;
  declare caller: CallerOutputBody;
  declare place: Place;
  /** What went wrong with what was last attempted, in words; empty when nothing did. */
  declare problem: string;
  /** Something that was attempted is still going on. */
  declare busy: boolean;

  /** What the server refused of what was last attempted. */
  protected refused: Problem | null = null;
  #under = 0; // attempts that are going on

  constructor() {
    super();
    this.problem = "";
    this.busy = false;
  }

  /** The one heading of first level, and the title of the page. */
  abstract get heading(): string;
  /** What stands under the heading. */
  abstract body(): TemplateResult | typeof nothing;
  /** Called when the screen is first shown, and when the place it is for has changed: loads what it needs. */
  arrive(): void | Promise<void> {}
  /** What stands beside the heading: its most important acts. */
  actions(): TemplateResult | typeof nothing {
    return nothing;
  }

  protected override createRenderRoot(): this {
    return this; // the page's style is for all screens
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("place")) void this.attempt(() => this.arrive());
  }

  protected override updated(): void {
    document.title = `${this.heading} · Fil`;
  }

  /** Runs what a person asked for, and shows what went wrong. Gives whether all went well. */
  protected async attempt(work: () => unknown): Promise<boolean> {
    this.problem = "";
    this.refused = null;
    this.#under++;
    this.busy = true;
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return false;
      if (error instanceof Problem) this.refused = error;
      if (error instanceof Problem && error.status === 401) this.dispatchEvent(new CustomEvent(refusedKey, { bubbles: true }));
      else {
        this.problem = error instanceof Problem ? this.wordsOf(error) : told(error);
        void this.updateComplete.then(() => this.querySelector(".problem")?.scrollIntoView({ block: "nearest" })); // the focus stays, and may be far from it
      }
      return false;
    } finally {
      this.busy = --this.#under > 0;
      this.requestUpdate(); // another may go on: what this one brought is drawn all the same
    }
  }

  /** How what the server refused is told. */
  protected wordsOf(problem: Problem): string {
    return told(problem);
  }

  protected tell(text: string): void {
    this.dispatchEvent(new CustomEvent(saying, { bubbles: true, detail: text }));
  }

  override render(): TemplateResult {
    return html`
      <div class="heading">
        <h1 tabindex="-1">${this.heading}</h1>
        <div class="acts">${this.actions()}</div>
      </div>
      ${this.problem ? html`<p class="notice problem" role="alert">${this.problem}</p>` : nothing}
      <div aria-busy=${this.busy}>${this.body()}</div>`;
  }
}
