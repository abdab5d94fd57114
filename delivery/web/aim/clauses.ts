// The builder: the tree of conditions that a person makes by choice, with every act in reach of the keyboard.

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { Part } from "../shell/part";
import { say, type Word } from "./clauses.words";
import { type Bench, condition } from "./condition";
import type { Catalogue } from "./catalogue";
import { find, group, type Group, type Grouping, groupings, isGroup, leaf, type Leaf, missing, move, type Node, remove, unwrap, walk, wrap } from "./tree";

const joints: Record<Grouping, Word> = { all: "and", any: "or", none: "nor" };

/** Tells "built" after each change of the tree, which is changed in place, and "told" with what was done, in words. */
export class Clauses extends Part {
  static override properties = { root: { attribute: false }, catalogue: { attribute: false }, faulty: { type: Boolean } };

  declare root: Group;
  declare catalogue: Catalogue;
  /** Whether what is not complete is pointed out as a fault: after one tried to save. */
  declare faulty: boolean;

  constructor() {
    super();
    this.root = group();
    this.faulty = false;
  }

  protected override createRenderRoot(): this {
    return this;
  }

  readonly #changed = (): void => {
    this.requestUpdate();
    this.dispatchEvent(new Event("built", { bubbles: true }));
  };

  /** What is missing in a condition. */
  missing(one: Leaf): ReturnType<typeof missing> {
    return missing(one, (operator) => this.catalogue.operator(operator)?.values ?? 1);
  }

  /** The first condition that is not complete. */
  get incomplete(): { node: Node; number: string } | undefined {
    return [...walk(this.root)].find(({ node }) => !isGroup(node) && this.missing(node));
  }

  /** Points out what is not complete, and moves the focus to the first. */
  toIncomplete(): void {
    this.faulty = true;
    if (this.incomplete) void this.#focus(this.incomplete.node.key);
  }

  async #focus(key: number, within = "select, input, textarea"): Promise<void> {
    await this.updateComplete;
    const place = this.querySelector(`[data-key="${key}"]`);
    (place?.querySelector<HTMLElement>(within) ?? place?.querySelector<HTMLElement>("select, button"))?.focus();
  }

  #tell(word: "moved" | "removed", what: string): void {
    this.dispatchEvent(new CustomEvent("told", { bubbles: true, detail: say(word, { what }) }));
  }

  #add(to: Group, node: Node): void {
    to.parts.push(node);
    this.#changed();
    void this.#focus(node.key);
  }

  #remove(node: Node, what: string): void {
    const next = remove(this.root, node.key);
    this.#changed();
    this.#tell("removed", what);
    void this.#focus(next, next === this.root.key ? ".adds button" : "select, input, textarea");
  }

  #move(node: Node, by: -1 | 1): void {
    if (!move(this.root, node.key, by)) return;
    this.#changed();
    const number = [...walk(this.root)].find((one) => one.node === node)?.number ?? "";
    this.#tell("moved", say(isGroup(node) ? "theGroup" : "theCondition", { number }));
    void this.#focus(node.key, `button[data-by="${by}"]:not(:disabled), button[data-by="${-by}"]`);
  }

  override render(): TemplateResult {
    return html`<div class="clauses" data-key=${this.root.key}>${this.#group(this.root, "")}</div>`;
  }

  #group(of: Group, number: string): TemplateResult {
    const choose = (event: Event): void => {
      of.how = (event.target as HTMLSelectElement).value as Grouping;
      this.#changed();
    };
    return html`
      <div class="how">
        <label for="how-${of.key}">${say("groupOf")}</label>
        <select id="how-${of.key}" @change=${choose} .value=${of.how}>${groupings.map((how) => html`<option value=${how} ?selected=${how === of.how}>${say(how)}</option>`)}</select>
        ${number ? this.#acts(of, number) : nothing}
      </div>
      ${of.parts.length ? nothing : html`<p class="hint empty">${say(number ? "emptyGroup" : "emptyRoot")}</p>`}
      <ol class="parts" role="list">
        ${repeat(of.parts, ({ key }) => key, (node, i) => html`
          <li>${i ? html`<span class="joint" aria-hidden="true">${say(joints[of.how])}</span>` : nothing}${this.#part(node, number ? `${number}.${i + 1}` : `${i + 1}`)}</li>`)}
      </ol>
      <p class="adds">
        <button type="button" class="quiet" aria-label=${number ? say("addIn", { number }) : nothing} @click=${() => this.#add(of, leaf())}>${say("add")}</button>
        ${number.split(".").length < 4 ? html`<button type="button" class="quiet" aria-label=${number ? say("addGroupIn", { number }) : nothing} @click=${() => this.#add(of, group(of.how === "all" ? "any" : "all", [leaf()]))}>${say("addGroup")}</button>` : nothing}
      </p>`;
  }

  #part(node: Node, number: string): TemplateResult {
    if (isGroup(node)) return html`<div class="group" role="group" aria-label=${say("groupNumber", { number })} data-key=${node.key}>${this.#group(node, number)}</div>`;
    const bench: Bench = { catalogue: this.catalogue, changed: this.#changed };
    const lacks = this.missing(node);
    return html`
      <div class="condition ${lacks ? "lacks" : ""} ${lacks && this.faulty ? "fault-here" : ""}" role="group" aria-label=${say("condition", { number })} aria-describedby=${lacks ? `lacks-${node.key}` : nothing} data-key=${node.key}>
        <span class="number" aria-hidden="true">${number}</span>
        <div class="asks">${condition(node, bench)}</div>
        ${this.#acts(node, number)}
        ${lacks ? html`<p class=${this.faulty ? "fault" : "hint"} id="lacks-${node.key}">${say("incomplete")}</p>` : nothing}
      </div>`;
  }

  #acts(node: Node, number: string): TemplateResult {
    const what = say(isGroup(node) ? "theGroup" : "theCondition", { number });
    const found = find(this.root, node.key);
    const top = found?.parent === this.root;
    const act = (word: Word, mark: string, done: () => void, off = false, by?: number): TemplateResult => html`
      <button type="button" class="bare" aria-label=${say(word, { what })} title=${say(word, { what })} data-by=${by ?? nothing} ?disabled=${off} @click=${done}>${mark}</button>`;
    return html`
      <span class="part-acts">
        ${act("up", "↑", () => this.#move(node, -1), top && found.at === 0, -1)}
        ${act("down", "↓", () => this.#move(node, 1), top && found.at === this.root.parts.length - 1, 1)}
        ${isGroup(node) ? act("unwrap", "⇤", () => {
          unwrap(this.root, node.key);
          this.#changed();
          void this.#focus(node.parts[0]?.key ?? found?.parent.key ?? this.root.key);
        }) : number.split(".").length < 4 ? act("wrap", "⇥", () => {
          wrap(this.root, node.key);
          this.#changed();
          void this.#focus(node.key);
        }) : nothing}
        ${act("remove", "×", () => this.#remove(node, what))}
      </span>`;
  }
}
