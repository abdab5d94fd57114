// The rule as it is written: a field of text, with what is wrong in it, where, and the way out.

import { html, nothing, type TemplateResult } from "lit";
import type { Warning } from "../shell/api";
import { Part } from "../shell/part";
import { bilingual } from "../words/spoken";
import { say } from "./clauses.words";

/** What the server found wrong with a rule. Line and column count from 1; 0 when it names no place. */
export interface RuleFault {
  line: number;
  column: number;
  text: string;
  extract: string;
}

/** Reads "ligne 1, colonne 8 : …", then the extract, as the server says it. */
export function ruleFaultOf(message: string): RuleFault {
  const [said = "", ...extract] = message.split("\n");
  const [, line, column, text] = /^\D*(\d+)\D+(\d+)\s*:\s*(.*)$/.exec(said) ?? [];
  return line ? { line: Number(line), column: Number(column), text: text!, extract: extract.join("\n") } : { line: 0, column: 0, text: said, extract: "" };
}

/** Where a line and a column are, in UTF-16 units: the server counts characters. */
export function offsetOf(rule: string, line: number, column: number): number {
  const lines = rule.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return before + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
}

/** The rule with the word at a place, or the text between quotes there, replaced. */
export function replacedAt(rule: string, { line, column }: { line: number; column: number }, by: string): string {
  const at = offsetOf(rule, line, column);
  const word = /^("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[\p{L}\p{N}_]+)/u.exec(rule.slice(at))?.[0] ?? "";
  return rule.slice(0, at) + (/^["']/.test(word) ? JSON.stringify(by) : by) + rule.slice(at + word.length);
}

/** The name that the server proposes in a fault: « … » or "…" at the end of a question. */
const proposed = (text: string): string => /(?:dire|mean) [«"]\s?([^»"]+?)\s?[»"] ?\?/.exec(text)?.[1] ?? "";

/** Tells "typed" with the text, as it is typed. */
export class Expression extends Part {
  static override properties = { rule: { type: String }, fault: { attribute: false } };

  declare rule: string;
  declare fault: RuleFault | null;

  constructor() {
    super();
    this.rule = "";
    this.fault = null;
  }

  protected override createRenderRoot(): this {
    return this;
  }

  #type(text: string): void {
    this.dispatchEvent(new CustomEvent("typed", { bubbles: true, detail: text }));
  }

  /** Goes to the fault, or to the text. */
  override focus(): void {
    const area = this.querySelector("textarea");
    if (!area) return;
    area.focus();
    if (!this.fault?.line) return;
    const at = offsetOf(this.rule, this.fault.line, this.fault.column);
    area.setSelectionRange(at, at + Math.max(1, (/\^+/.exec(this.fault.extract)?.[0] ?? "^").length));
  }

  override render(): TemplateResult {
    return html`
      <label for="rule">${say("expressionLabel")}</label>
      <p class="hint" id="rule-hint">${say("expressionHint")}</p>
      <textarea id="rule" class="code" rows="6" spellcheck="false" autocapitalize="none" autocomplete="off" aria-describedby="rule-hint rule-fault" aria-invalid=${this.fault ? "true" : "false"}
        .value=${this.rule} @input=${(event: Event) => this.#type((event.target as HTMLTextAreaElement).value)}></textarea>
      <div id="rule-fault" role="status">${this.fault ? this.#faulty(this.fault) : nothing}</div>`;
  }

  #faulty(fault: RuleFault): TemplateResult {
    const nearest = proposed(fault.text);
    return html`
      <p class="fault">${fault.line ? html`<strong>${say("placed", { line: fault.line, column: fault.column })}</strong> : ` : nothing}${fault.text}</p>
      ${fault.line ? html`
        <p class="acts">
          ${nearest ? html`<button type="button" @click=${() => this.#type(replacedAt(this.rule, fault, nearest))}>${say("useNearest", { nearest })}</button>` : nothing}
          <button type="button" class="quiet" @click=${() => this.focus()}>${say("place")}</button>
        </p>` : nothing}`;
  }
}

/** What the rule probably does not mean, each with its way out. */
export function warnings(all: Warning[], rule: string, mend: (rule: string) => void): TemplateResult | typeof nothing {
  if (!all.length) return nothing;
  return html`<ul class="warnings" role="list">${all.map((one) => html`
    <li class="notice">${bilingual(one.problem)}
      ${one.nearest ? html`<p class="acts"><button type="button" class="quiet" @click=${() => mend(replacedAt(rule, one, one.nearest))}>${say("useNearest", { nearest: one.nearest })}</button></p>` : nothing}</li>`)}</ul>`;
}
