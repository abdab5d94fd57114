// Texts that a person gives, one or several, with those that the server proposes: a field with a list, and what was given as
// labels that are taken out one by one.

import { html, nothing, type TemplateResult } from "lit";
import { Part } from "../shell/part";
import { say } from "./clauses.words";

let last = 0;

export class Values extends Part {
  static override properties = {
    values: { attribute: false }, many: { type: Boolean }, label: { type: String }, propose: { attribute: false }, named: { attribute: false }, choices: { attribute: false }, proposed: { state: true },
  };

  declare values: string[];
  declare many: boolean;
  declare label: string;
  /** Gives what to propose for the text typed so far. */
  declare propose: ((query: string) => Promise<string[]>) | undefined;
  /** What a value is called, where that is not itself. */
  declare named: ((value: string) => string) | undefined;
  /** The only values there may be: they are chosen from a list. */
  declare choices: readonly string[] | undefined;
  declare proposed: string[];
  readonly #id = `values-${++last}`;

  constructor() {
    super();
    Object.assign(this, { values: [], many: false, label: "", proposed: [] });
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override focus(): void {
    this.querySelector<HTMLElement>("input, select")?.focus();
  }

  #give(values: string[]): void {
    this.values = values;
    this.dispatchEvent(new CustomEvent("given", { bubbles: true, detail: values }));
  }

  #add(control: HTMLInputElement | HTMLSelectElement): void {
    const text = control.value.trim();
    control.value = "";
    if (text && !this.values.includes(text)) this.#give([...this.values, text]);
  }

  async #look(text: string): Promise<void> {
    try {
      const found = (await this.propose?.(text)) ?? [];
      if (text === (this.querySelector("input")?.value ?? text)) this.proposed = found;
    } catch {
      this.proposed = []; // one types without being proposed anything
    }
  }

  override render(): TemplateResult {
    return html`
      ${this.many && this.values.length ? html`
        <ul class="given" role="list">${this.values.map((value, i) => html`
          <li>${this.#name(value)} <button type="button" class="bare" aria-label=${say("without", { value: this.#name(value) })} @click=${() => this.#drop(i)}>×</button></li>`)}
        </ul>` : nothing}
      ${this.choices ? this.#list(this.choices) : this.#field()}`;
  }

  #drop(i: number): void {
    this.#give(this.values.toSpliced(i, 1));
    void this.updateComplete.then(() => (this.querySelectorAll<HTMLElement>(".given button")[Math.max(0, i - 1)] ?? this).focus());
  }

  #name(value: string): string {
    return this.named?.(value) ?? value;
  }

  #list(choices: readonly string[]): TemplateResult {
    const one = this.many ? "" : (this.values[0] ?? "");
    const change = (event: Event): void => {
      const control = event.target as HTMLSelectElement;
      if (this.many) this.#add(control);
      else this.#give(control.value ? [control.value] : []);
    };
    const left = choices.filter((choice) => !this.many || !this.values.includes(choice));
    return html`
      <select aria-label=${this.label} @change=${change}>
        <option value="" ?selected=${!one}>${this.many && this.values.length ? `${say("addIt")}…` : say("pick")}</option>
        ${one && !choices.includes(one) ? html`<option value=${one} selected>${this.#name(one)}</option>` : nothing}
        ${left.map((choice) => html`<option value=${choice} ?selected=${choice === one}>${this.#name(choice)}</option>`)}
      </select>`;
  }

  #field(): TemplateResult {
    const typed = (event: Event): void => {
      const control = event.target as HTMLInputElement;
      void this.#look(control.value);
      // A choice in the browser's list comes as an input without a key: it is given at once.
      if (!this.many) this.#give(control.value ? [control.value] : []);
      else if ((event as InputEvent).inputType === "insertReplacementText" || !(event instanceof InputEvent)) this.#add(control);
    };
    const key = (event: KeyboardEvent): void => {
      if (!this.many || event.key !== "Enter") return;
      event.preventDefault();
      this.#add(event.target as HTMLInputElement);
    };
    return html`
      <span class="row">
        <input aria-label=${this.label} list=${this.propose ? `${this.#id}-list` : nothing} autocomplete="off" spellcheck="false"
          .value=${this.many ? "" : (this.values[0] ?? "")} @focus=${(event: Event) => this.#look((event.target as HTMLInputElement).value)} @input=${typed} @keydown=${key}
          @change=${(event: Event) => this.many && this.#add(event.target as HTMLInputElement)}>
        ${this.many ? html`<button type="button" class="quiet" aria-label=${`${say("addIt")} : ${this.label}`} @click=${() => this.#add(this.querySelector("input")!)}>${say("addIt")}</button>` : nothing}
      </span>
      ${this.propose ? html`<datalist id="${this.#id}-list">${this.proposed.map((value) => html`<option value=${value}></option>`)}</datalist>` : nothing}`;
  }
}
