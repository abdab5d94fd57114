// One condition: its criterion, and what the criterion asks for.

import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { Clause, Field } from "../shell/api";
import { bilingual } from "../words/spoken";
import type { Catalogue } from "./catalogue";
import { say, type Word } from "./clauses.words";
import { spanOf, spanText, type Unit } from "./spans";
import type { Leaf } from "./tree";

/** What a condition is drawn for: the catalogue, and what is told when the person changed it. */
export interface Bench {
  catalogue: Catalogue;
  changed: () => void;
}

const starts: Record<string, Clause> = {
  did: { did: ["read"], span: "30 days" }, last: { last: ["read"], operator: "within", span: "30 days" }, audience: { audience: "" }, member: { member: "" },
  team: { team: "" }, service: { service: "" }, everyone: { everyone: true }, expression: { expression: "" },
};

/** The criterion of a clause: "did", "team"…, or "." and a field. */
export function criterionOf(clause: Clause): string {
  if (clause.attribute) return `.${clause.attribute}`;
  return Object.keys(starts).find((name) => clause[name as keyof Clause] !== undefined) ?? "";
}

/** A new clause of a criterion. */
export function clauseFor(criterion: string, catalogue: Catalogue): Clause {
  if (!criterion.startsWith(".")) return structuredClone(starts[criterion] ?? {});
  const field = catalogue.field(criterion.slice(1));
  const operator = field?.operators[0] ?? "is";
  return { attribute: criterion.slice(1), operator, values: field?.kind === "boolean" ? [true] : [] };
}

export function condition(leaf: Leaf, bench: Bench): TemplateResult {
  const { catalogue, changed } = bench;
  const criterion = criterionOf(leaf.clause);
  const choose = (event: Event): void => {
    leaf.clause = clauseFor((event.target as HTMLSelectElement).value, catalogue);
    leaf.not = false;
    changed();
  };
  const option = (value: string, label: string): TemplateResult => html`<option value=${value} ?selected=${value === criterion}>${label}</option>`;
  const others = (label: Word, names: Word[]): TemplateResult => html`<optgroup label=${say(label)}>${names.map((name) => option(name, say(name)))}</optgroup>`;
  return html`
    <select class="criterion" aria-label=${say("criterion")} @change=${choose} .value=${criterion}>
      <option value="" disabled ?selected=${!criterion}>${say("choose")}</option>
      <optgroup label=${say("onAgent")}>${catalogue.builder.fields.map((field) => option(`.${field.name}`, bilingual(field.label)))}</optgroup>
      ${others("onActs", ["did", "last"])}${others("onOthers", ["audience", "member"])}${others("onPeople", ["team", "service"])}${others("otherwise", ["everyone", "expression"])}
    </select>
    ${keyed(criterion, criterion.startsWith(".") ? attribute(leaf, bench) : criterion === "did" || criterion === "last" ? acts(leaf, bench) : named(leaf, criterion, bench))}`;
}

function attribute(leaf: Leaf, { catalogue, changed }: Bench): TemplateResult {
  const { clause } = leaf;
  const field = catalogue.field(clause.attribute);
  const now = catalogue.operator(clause.operator);
  if (!field) return html``;
  const choose = (event: Event): void => {
    const next = catalogue.operator((event.target as HTMLSelectElement).value)!;
    if (next.span !== now?.span) clause.values = next.span ? ["30 days"] : [];
    else if (next.values >= 0) clause.values = (clause.values ?? []).slice(0, next.values);
    clause.operator = next.name;
    changed();
  };
  return html`
    <select class="operator" aria-label=${say("operator")} @change=${choose} .value=${clause.operator ?? ""}>
      ${field.operators.map((name) => html`<option value=${name} ?selected=${name === clause.operator}>${catalogue.compares(name, field)}</option>`)}
    </select>
    ${keyed(now?.values, now?.span ? spanned(String(clause.values?.[0] ?? ""), (text) => { clause.values = [text]; changed(); }, false) : values(clause, field, now?.values ?? 1, { catalogue, changed }))}`;
}

/** The values of a comparison: as many as it takes, -1 for any. */
function values(clause: Clause, field: Field, count: number, { catalogue, changed }: Bench): TemplateResult | typeof nothing {
  if (count === 0) return nothing;
  if (field.kind === "boolean") return flag(clause, changed);
  if (field.kind === "date" || field.kind === "number" && count > 0) {
    return html`${Array.from({ length: count }, (_, i) => one(clause, field, i, count, changed))}`;
  }
  const given = (event: CustomEvent<string[]>): void => {
    clause.values = field.kind === "number" ? event.detail.map(Number).filter(Number.isFinite) : event.detail;
    changed();
  };
  return html`
    <fil-values class="grows" .values=${(clause.values ?? []).map(String)} ?many=${count < 0} label=${say(count < 0 ? "addValue" : "value")}
      .choices=${field.values?.length ? field.values : undefined} .propose=${field.kind === "number" ? undefined : (query: string) => catalogue.values(field, query)} @given=${given}></fil-values>`;
}

function flag(clause: Clause, changed: () => void): TemplateResult {
  const choose = (event: Event): void => {
    clause.values = [(event.target as HTMLSelectElement).value === "true"];
    changed();
  };
  const now = String(clause.values?.[0] ?? true);
  return html`<select class="short" aria-label=${say("value")} @change=${choose} .value=${now}>
    <option value="true" ?selected=${now === "true"}>${say("yes")}</option><option value="false" ?selected=${now === "false"}>${say("no")}</option></select>`;
}

function one(clause: Clause, field: Field, i: number, count: number, changed: () => void): TemplateResult {
  const give = (event: Event): void => {
    const control = event.target as HTMLInputElement;
    clause.values = Array.from({ length: count }, (_, j) => clause.values?.[j] ?? "");
    clause.values[i] = field.kind === "number" && control.value !== "" ? control.valueAsNumber : control.value;
    changed();
  };
  return html`
    ${i ? html`<span class="between" aria-hidden="true">${say(field.kind === "date" ? "until" : "and")}</span>` : nothing}
    <input class="short" type=${field.kind} step="any" aria-label=${say(count === 1 ? "value" : i ? "to" : "from")} .value=${String(clause.values?.[i] ?? "")} @change=${give} @input=${field.kind === "number" ? give : nothing}>`;
}

/** A span: a number and a unit; a text that is none stays a text. */
function spanned(text: string, give: (text: string) => void, hours: boolean): TemplateResult {
  const span = spanOf(text) ?? (text ? null : { count: 30, unit: "days" as Unit });
  if (!span) return html`<input class="short" aria-label=${say("value")} .value=${text} @change=${(event: Event) => give((event.target as HTMLInputElement).value)}>`;
  const units: Unit[] = [...(hours || span.unit === "hours" ? ["hours" as Unit] : []), "days", "weeks", "months", "years"];
  return html`<span class="span">
    <input class="count" type="number" min="1" max="9999" aria-label=${say("spanCount")} .value=${String(span.count)}
      @input=${(event: Event) => {
        const count = Math.round((event.target as HTMLInputElement).valueAsNumber);
        if (count >= 1) give(spanText({ ...span, count })); // while it is being typed anew, the one before stands
      }}>
    <select aria-label=${say("spanUnit")} .value=${span.unit} @change=${(event: Event) => give(spanText({ ...span, unit: (event.target as HTMLSelectElement).value as Unit }))}>
      ${units.map((unit) => html`<option value=${unit} ?selected=${unit === span.unit}>${say(unit)}</option>`)}
    </select></span>`;
}

/** Whether the condition must hold or must not. */
function denial(leaf: Leaf, is: Word, not: Word, changed: () => void): TemplateResult {
  const choose = (event: Event): void => {
    leaf.not = (event.target as HTMLSelectElement).value === "not";
    changed();
  };
  return html`<select class="short" aria-label=${say("operator")} @change=${choose} .value=${leaf.not ? "not" : "is"}>
    <option value="is" ?selected=${!leaf.not}>${say(is)}</option><option value="not" ?selected=${leaf.not}>${say(not)}</option></select>`;
}

function acts(leaf: Leaf, { catalogue, changed }: Bench): TemplateResult {
  const { clause } = leaf;
  const lately = clause.last !== undefined;
  const set = (change: Partial<Clause>): void => {
    leaf.clause = { ...clause, ...change };
    changed();
  };
  const since = (event: Event): void => {
    const chosen = (event.target as HTMLSelectElement).value;
    if (lately) set({ operator: chosen });
    else if (chosen) set({ span: clause.span ?? "30 days" });
    else {
      const { span: _, ...rest } = clause;
      leaf.clause = rest;
      changed();
    }
  };
  const chosen = lately ? (clause.operator ?? "within") : clause.span ? "within" : "";
  return html`
    ${denial(leaf, "didIt", "didNot", changed)}
    <fil-values class="grows" many label=${say("acts")} .values=${(lately ? clause.last : clause.did) ?? []} .choices=${catalogue.builder.acts} .named=${(act: string) => say(act as Word)}
      @given=${(event: CustomEvent<string[]>) => set(lately ? { last: event.detail } : { did: event.detail })}></fil-values>
    <select class="short" aria-label=${say("since")} @change=${since} .value=${chosen}>
      ${lately ? nothing : html`<option value="" ?selected=${!chosen}>${say("sinceAll")}</option>`}
      <option value="within" ?selected=${chosen === "within"}>${say(lately ? "within" : "recently")}</option>
      ${lately ? html`<option value="older" ?selected=${chosen === "older"}>${say("older")}</option>` : nothing}
    </select>
    ${chosen ? spanned(clause.span ?? "", (span) => set({ span }), true) : nothing}
    <details class="whole" ?open=${Boolean(clause.topics ?? clause.sources ?? clause.contents ?? clause.at_least)}>
      <summary>${say("about")}</summary>
      <div class="grid">
        ${lately ? nothing : html`<label>${say("times")}<input type="number" min="1" max="1000" .value=${String(clause.at_least ?? 1)} @change=${(event: Event) => set({ at_least: Math.min(1000, Math.max(1, (event.target as HTMLInputElement).valueAsNumber || 1)) })}></label>`}
        ${(["topics", "sources", "contents"] as const).map((about) => html`
          <div><span class="label">${say(about)}</span><fil-values many label=${say(about)} .values=${clause[about] ?? []}
            @given=${(event: CustomEvent<string[]>) => (event.detail.length ? set({ [about]: event.detail }) : (delete clause[about], changed()))}></fil-values></div>`)}
      </div>
    </details>`;
}

/** Criteria that name something: an audience, an agent; or nothing at all. */
function named(leaf: Leaf, criterion: string, { catalogue, changed }: Bench): TemplateResult | typeof nothing {
  const { clause } = leaf;
  const set = (change: Partial<Clause>): void => {
    leaf.clause = { ...clause, ...change };
    changed();
  };
  switch (criterion) {
    case "audience":
    case "member":
      return html`${denial(leaf, "is", "isNot", changed)}
        <fil-values class="grows" label=${say("chooseAudience")} .values=${clause[criterion] ? [clause[criterion]] : []} .choices=${catalogue.audiences.map(({ id }) => id)}
          .named=${(id: string) => catalogue.audience(id)} @given=${(event: CustomEvent<string[]>) => set({ [criterion]: event.detail[0] ?? "" })}></fil-values>`;
    case "team":
    case "service":
      return html`${denial(leaf, "is", "isNot", changed)}
        <input class="short" aria-label=${say("agentId")} placeholder=${say("agentId")} autocomplete="off" spellcheck="false" .value=${clause[criterion] ?? ""} @change=${(event: Event) => set({ [criterion]: (event.target as HTMLInputElement).value.trim() })}>
        ${criterion === "team" ? html`<label class="check"><input type="checkbox" .checked=${clause.direct ?? false} @change=${(event: Event) => set({ direct: (event.target as HTMLInputElement).checked })}>${say("direct")}</label>` : nothing}`;
    case "expression":
      return html`<textarea class="whole code" rows="2" aria-label=${say("expressionLabel")} spellcheck="false" .value=${clause.expression ?? ""} @change=${(event: Event) => set({ expression: (event.target as HTMLTextAreaElement).value.trim() })}></textarea>
        ${clause.reason ? html`<p class="hint whole">${say("kept", { reason: bilingual(clause.reason) })}</p>` : nothing}`;
    default:
      return nothing;
  }
}
