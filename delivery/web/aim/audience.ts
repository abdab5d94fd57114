// One audience: who is in it, by choice or as an expression, the figures beside it, and what it takes to save it.

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { type Client, Problem } from "../sdk/client";
import type { Audience, Calendar, CallerOutputBody, Clause, ClausesOutputBody } from "../shell/api";
import { ask } from "../shell/ask";
import { watchLeaving } from "../shell/leave";
import { Part } from "../shell/part";
import { addressOf, go } from "../shell/place";
import { saying } from "../shell/screen";
import { past } from "../shell/size";
import { slug } from "../shell/slug";
import { told } from "../shell/told";
import { spoken } from "../words/spoken";
import { number } from "../words/words";
import type { Catalogue } from "./catalogue";
import type { Clauses } from "./clauses";
import { say as sayClause } from "./clauses.words";
import { conflict, type Conflict } from "./conflict";
import { blank, differing, sent } from "./draft";
import { type Expression, ruleFaultOf, type RuleFault } from "./expression";
import { phrase } from "./phrase";
import { identity, options, type Settings } from "./settings";
import { clauseOf, group, type Group, treeOf } from "./tree";
import { say } from "./words";

const maxRule = 8192; // bytes that the server takes
const pause = 300; // milliseconds without a key before an expression is read

/** Tells "named" when what the heading says has changed. */
export class AudienceEditor extends Part {
  static override properties = {
    client: { attribute: false }, caller: { attribute: false }, catalogue: { attribute: false },
    draft: { state: true }, base: { state: true }, root: { state: true }, written: { state: true }, way: { state: true }, fault: { state: true }, faults: { state: true },
    conflict: { state: true }, problem: { state: true }, busy: { state: true }, meant: { state: true }, held: { state: true }, faulty: { state: true },
  };

  declare client: Client;
  declare caller: CallerOutputBody;
  declare catalogue: Catalogue;
  declare draft: Audience;
  /** What is saved; null before the first time. */
  declare base: Audience | null;
  declare root: Group;
  /** The expression as the person types it, until it can be read. */
  declare written: string;
  declare way: "choice" | "expression";
  declare fault: RuleFault | null;
  declare faults: Record<string, string>;
  declare conflict: Conflict | null;
  declare problem: string;
  declare busy: boolean;
  /** The rule as the server reads it; null for nobody. */
  declare meant: Clause | null;
  declare faulty: boolean;
  /** The person asked for the choices while the expression could not be read. */
  declare held: boolean;
  #etag = "";
  #ownId = false; // the person chose the id
  #timer = 0; // until an expression that is being typed is read; 0 when none is
  #settling: Promise<void> = Promise.resolve(); // the reading under way
  #reading: AbortController | null = null;
  #stop: (() => void) | null = null;
  #judged = false; // what is told was found by judging what is written

  constructor() {
    super();
    Object.assign(this, { draft: blank(), base: null, root: group(), written: "", way: "choice", fault: null, faults: {}, conflict: null, problem: "", busy: false, meant: null, held: false, faulty: false });
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
    this.#reading?.abort();
    clearTimeout(this.#timer);
  }

  /** Whether something would be lost by leaving. */
  get unsaved(): boolean {
    const typed = this.fault !== null && this.written !== (this.base?.rule ?? ""); // and cannot be read
    return typed || differing(this.base ?? blank(), this.draft).length > 0 || this.draft.id !== (this.base?.id ?? "");
  }

  /** Whether the caller may change it. */
  get mine(): boolean {
    return !this.caller.perimeter || !this.base || this.base.perimeter === this.caller.perimeter;
  }

  /** Opens a saved audience, or a new one when the id is empty. */
  async open(id: string): Promise<void> {
    this.#watch(id);
    if (id) {
      const answer = await this.client.call(`/v1/audiences/${encodeURIComponent(id)}`);
      this.#etag = answer.headers.get("ETag") ?? "";
      await this.#show((await answer.json()) as Audience);
    }
  }

  #watch(id: string): void {
    const here = addressOf(["audiences", id || "new"]);
    this.#stop?.();
    this.#stop = watchLeaving(() => this.unsaved, (hash) => hash.split("?")[0] === here, () => ({ title: say("leaveTitle"), text: say("leaveText"), yes: say("leaveYes") }));
  }

  async #show(saved: Audience): Promise<void> {
    this.base = saved;
    this.draft = { ...saved };
    this.conflict = null;
    this.faults = {};
    this.written = saved.rule ?? "";
    this.fault = null;
    try {
      const read = await this.#clauses({ rule: this.written });
      this.root = treeOf(read.clauses);
      this.#describe(read);
    } catch (error) {
      this.root = group();
      this.way = "expression"; // an attribute was taken out of the schema, for one: it is mended in writing
      this.#wrong(error);
    }
    this.#named();
  }

  #clauses(body: { rule?: string; clauses?: unknown }): Promise<ClausesOutputBody> {
    this.#reading?.abort();
    this.#reading = new AbortController();
    return this.client.json<ClausesOutputBody>("/v1/audiences/clauses", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: this.#reading.signal });
  }

  #describe({ clauses }: ClausesOutputBody): void {
    this.meant = clauses.everyone === false ? null : clauses;
  }

  #named(): void {
    this.dispatchEvent(new Event("named", { bubbles: true }));
  }

  readonly #built = (): void => {
    this.#settling = this.#write();
  };

  async #write(): Promise<void> {
    const builder = this.querySelector<Clauses>("fil-clauses")!;
    const clause = clauseOf(this.root, (leaf) => !builder.missing(leaf));
    try {
      const read = clause ? await this.#clauses({ clauses: clause }) : { rule: "", clauses: { everyone: false }, by_choice: true };
      this.fault = null;
      this.written = read.rule;
      this.draft = { ...this.draft, rule: read.rule };
      this.#describe(read);
    } catch (error) {
      this.#wrong(error);
    }
    this.#judge();
  }

  readonly #typed = (event: CustomEvent<string>): void => {
    this.written = event.detail;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#settling = this.#read()), pause);
  };

  async #read(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const rule = this.written.trim();
    try {
      const over = past(rule, maxRule);
      if (over) throw new Error(sayClause("tooLong", { over: number(spoken.language, over) }));
      const read = await this.#clauses({ rule });
      this.fault = null;
      this.root = treeOf(read.clauses);
      this.draft = { ...this.draft, rule };
      this.#describe(read);
    } catch (error) {
      this.#wrong(error);
    }
    this.#judge();
  }

  /** Turns from one way to the other. Choices are those of an expression that can be read: the last one that could would be another. */
  async #turn(way: "choice" | "expression"): Promise<void> {
    this.requestUpdate(); // the button follows the way, not the press
    if (this.#timer) this.#settling = this.#read();
    await this.#settling;
    this.held = way === "choice" && this.way === "expression" && this.fault !== null;
    if (!this.held) this.way = way;
    else void this.updateComplete.then(() => this.querySelector<Expression>("fil-expression")?.focus());
  }

  protected override translated(): void {
    super.translated();
    if (this.fault) this.#settling = this.way === "choice" ? this.#write() : this.#read();
    if (this.faults["name"] || this.faults["id"]) this.faults = { ...this.faults, ...this.#unnamed };
    if (this.#judged) this.problem = this.#lack;
  }

  #wrong(error: unknown): void {
    if (error instanceof Error && error.name === "AbortError") return;
    const said = error instanceof Problem ? error.faults.find(({ location }) => /rule|clauses/.test(location))?.message : undefined;
    this.fault = ruleFaultOf(said ?? told(error));
  }

  #change(change: Partial<Audience>): void {
    if (change.id !== undefined) this.#ownId = change.id !== "";
    this.draft = { ...this.draft, ...change };
    if (change.name !== undefined && !this.base && !this.#ownId) this.draft.id = slug(change.name);
    for (const field of Object.keys(change)) delete this.faults[field];
    if (change.name !== undefined) delete this.faults["id"]; // it may have been proposed anew
    this.#judge();
    this.#named();
  }

  /** Saves, or says what is to be mended first and goes there. */
  async save(match = this.#etag): Promise<void> {
    if (this.#timer) this.#settling = this.#read();
    await this.#settling;
    if (this.busy || !this.#whole()) return;
    this.busy = true;
    this.problem = "";
    try {
      const headers = { "Content-Type": "application/json", ...(this.base ? { "If-Match": match } : { "If-None-Match": "*" }) };
      const answer = await this.client.call(`/v1/audiences/${encodeURIComponent(this.draft.id)}`, { method: "PUT", headers, body: JSON.stringify(sent(this.draft)) });
      this.#etag = answer.headers.get("ETag") ?? "";
      const fresh = !this.base;
      this.base = (await answer.json()) as Audience;
      this.draft = { ...this.base };
      this.conflict = null;
      this.#watch(this.draft.id);
      this.#named();
      this.#tell(say("saved"));
      if (fresh) go(addressOf(["audiences", this.draft.id]), true);
    } catch (error) {
      await this.#refused(error);
    } finally {
      this.busy = false;
    }
  }

  #whole(): boolean {
    const faults = (this.faults = this.#unnamed);
    this.held = false; // one thing is told at a time
    this.faulty = true;
    this.problem = this.#lack;
    this.#judged = true;
    if (this.fault) {
      if (this.way === "expression") this.querySelector<Expression>("fil-expression")?.focus();
      return false;
    }
    if (this.problem && this.way === "choice") this.querySelector<Clauses>("fil-clauses")?.toIncomplete();
    const [field] = Object.keys(faults);
    if (field) void this.updateComplete.then(() => this.querySelector<HTMLElement>(`#of-${field}`)?.focus());
    return !this.problem && !field;
  }

  get #unnamed(): Record<string, string> {
    return { ...(this.draft.name.trim() ? {} : { name: say("nameMissing") }), ...(this.draft.id.trim() ? {} : { id: say("idMissing") }) };
  }

  /** What keeps it from being saved beside its fields, in words; empty when nothing does. */
  get #lack(): string {
    if (this.fault) return say("ruleWrong");
    const first = this.way === "choice" ? this.querySelector<Clauses>("fil-clauses")?.incomplete : undefined;
    return first ? say("incompleteSave", { number: first.number }) : "";
  }

  /** What was mended is not told any more. */
  #judge(): void {
    if (this.problem && this.#judged) this.problem = this.#lack;
  }

  async #refused(error: unknown): Promise<void> {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 412 && !this.base) this.#fault("id", say("taken", { id: this.draft.id }));
    else if (error.status === 412 || error.status === 428) await this.#conflicted(error);
    else if (error.faults.length) {
      for (const { location, message } of error.faults) {
        const field = location.replace(/^body\./, "").split(/[.[]/)[0]!;
        if (field === "rule") this.fault = ruleFaultOf(message);
        else if (this.querySelector(`#of-${field}`) || field === "members") this.#fault(field, message);
        else this.problem = message;
      }
    } else {
      this.problem = error.status === 0 ? say("unsaved") : told(error);
      this.#judged = false; // nothing that is written mends it
    }
  }

  #fault(field: string, message: string): void {
    this.faults = { ...this.faults, [field]: message };
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`#of-${field}`)?.focus());
  }

  async #conflicted(problem: Problem): Promise<void> {
    const answer = await this.client.call(`/v1/audiences/${encodeURIComponent(this.draft.id)}`).catch(() => null);
    this.conflict = { theirs: answer ? ((await answer.json()) as Audience) : null, etag: answer?.headers.get("ETag") ?? "", edit: problem.edit };
    await this.updateComplete;
    this.querySelector<HTMLElement>(".conflict")?.focus();
  }

  readonly #keep = async (): Promise<void> => {
    const { theirs, etag } = this.conflict!;
    if (!theirs) this.base = null; // it is made anew
    await this.save(etag);
  };

  readonly #take = async (): Promise<void> => {
    const { theirs, etag } = this.conflict!;
    this.#etag = etag;
    await this.#show(theirs!);
    this.#tell(say("tookTheirs"));
    this.closest<HTMLElement>("main")?.querySelector<HTMLElement>("h1")?.focus();
  };

  /** Deletes it, once the person has seen what aims at it. */
  async erase(): Promise<void> {
    const { id, name } = this.base!;
    const day = (ahead: number): string => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
    const { entries } = await this.client.json<Calendar>(`/v1/calendar?from=${day(0)}&to=${day(61)}`);
    const uses = entries.filter(({ audiences }) => audiences?.includes(id));
    const text = html`<p>${say("deleteText")}</p>
      <p>${uses.length === 0 ? say("deleteNoUse") : uses.length === 1 ? say("deleteUsesOne") : say("deleteUses", { count: uses.length })}</p>
      ${uses.length ? html`<ul>${uses.slice(0, 8).map(({ title }) => html`<li>${title}</li>`)}${uses.length > 8 ? html`<li>…</li>` : nothing}</ul>` : nothing}`;
    if ((await ask({ title: say("deleteTitle", { name }), text, yes: say("deleteYes") })) === null) return;
    try {
      await this.client.call(`/v1/audiences/${encodeURIComponent(id)}`, { method: "DELETE", headers: { "If-Match": this.#etag } });
    } catch (error) {
      await this.#refused(error);
      return;
    }
    this.#stop?.();
    this.#tell(say("deleted", { name }));
    go(addressOf(["audiences"]));
  }

  #tell(text: string): void {
    this.dispatchEvent(new CustomEvent(saying, { bubbles: true, detail: text }));
  }

  protected override updated(changed: PropertyValues): void {
    if (["busy", "draft", "base", "fault", "written"].some((name) => changed.has(name))) this.#named();
  }

  override render(): TemplateResult {
    const of: Settings = { draft: this.draft, fresh: !this.base, bound: this.caller.perimeter ?? "", catalogue: this.catalogue, faults: this.faults, change: (change) => this.#change(change) };
    return html`
      ${this.problem ? html`<p class="notice problem" role="alert">${this.problem}</p>` : nothing}
      ${this.mine ? nothing : html`<p class="notice">${say("viewOnly")}</p>`}
      ${this.conflict ? conflict(this.conflict, this.draft, this.caller.label ?? "", (id) => this.catalogue.audience(id), this.#keep, this.#take) : nothing}
      <div class="aim">
        ${this.mine ? identity(of) : nothing}${this.#who()}
        <aside class="card aim-beside" aria-label=${say("count")}>
          <fil-beside .client=${this.client} .catalogue=${this.catalogue} rule=${this.draft.rule ?? ""} ?wrong=${Boolean(this.fault)} .added=${this.draft.members?.length ?? 0} within=${this.draft.perimeter ?? ""}
            @mend=${(event: CustomEvent<string>) => { this.written = event.detail; this.#settling = this.#read(); }}></fil-beside>
        </aside>
        ${this.mine ? options(of) : nothing}
        <section class="card"><fil-why .client=${this.client} .catalogue=${this.catalogue} audience=${this.base?.id ?? ""} ?may=${this.caller.sample ?? false} ?unsaved=${this.unsaved}></fil-why></section>
      </div>`;
  }

  #who(): TemplateResult {
    const way = (one: "choice" | "expression"): TemplateResult => html`
      <label><input type="radio" name="way" value=${one} .checked=${live(this.way === one)} @change=${() => void this.#turn(one)}>${say(one === "choice" ? "byChoice" : "byExpression")}</label>`;
    const words = this.meant ? phrase(this.meant, this.catalogue) : "";
    if (!this.mine) return html`<section class="card"><h2>${say("who")}</h2><p class="in-words">${words || sayClause("emptyRoot")}</p></section>`;
    return html`
      <section class="card who-is">
        <h2>${say("who")}</h2>
        <fieldset class="ways"><legend class="hidden">${say("way")}</legend>${way("choice")}${way("expression")}</fieldset>
        ${this.held && this.fault ? html`<p class="fault" role="alert">${say("held")}</p>` : nothing}
        ${this.way === "choice" ? html`
          <fil-clauses .root=${this.root} .catalogue=${this.catalogue} ?faulty=${this.faulty} @built=${this.#built} @told=${(event: CustomEvent<string>) => this.#tell(event.detail)}></fil-clauses>
          ${this.fault ? html`<p class="fault" role="status">${this.fault.text}</p>` : nothing}
          ${this.draft.rule ? html`<details class="resulting"><summary>${sayClause("resulting")}</summary><p class="code">${this.draft.rule}</p></details>` : nothing}` : html`
          <fil-expression rule=${this.written} .fault=${this.fault} @typed=${this.#typed}></fil-expression>
          ${words && !this.fault ? html`<p class="in-words"><strong>${sayClause("inWords")}</strong> : ${words}</p>` : nothing}`}
      </section>`;
  }
}
