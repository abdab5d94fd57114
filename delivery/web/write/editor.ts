// The editor of one content: its draft, what is published, and the steps from one to the other.

import { html, nothing, type TemplateResult } from "lit";
import { Problem } from "../sdk/client";
import type { Content, ListOutputBody, View, Words } from "../shell/api";
import { watchLeaving } from "../shell/leave";
import { addressOf } from "../shell/place";
import { Screen } from "../shell/screen";
import { drawGate, drawPreview, drawReach, type Look } from "./aside";
import { badge } from "./board";
import { blank, formOf, idFor, put, sent, type Form } from "./content";
import { drawFields } from "./fields";
import { drawMerge, Merge } from "./merge";
import { dayOf, when } from "./moments";
import { Roll } from "./roll";
import { approve, discard, giveBack, publish, submit, withdraw, type Step } from "./acts";
import { askerOf, lastOf, liveState, stepWords } from "./steps";
import { drawTexts } from "./texts";
import { Watch } from "./watch";
import { say } from "./words";

export class Editor extends Screen {
  #id = "";
  #form: Form = blank();
  #base: Form = blank(); // from which the form was begun
  #versions: View[] = [];
  #live: Content | null = null;
  #merge: Merge | null = null;
  #overLive = false; // the merge is with what was published meanwhile
  #watch: Watch | null = null;
  #roll = new Roll();
  #words: Words = { topics: [], sources: [], communities: [] };
  #known = false;
  #sought = "";
  #look: Look = { language: "", narrow: false };
  #allRivals = false;
  #stopAsking: (() => void) | undefined; // before one leaves

  override get heading(): string {
    return this.#base.title || say("newOne");
  }

  /** The draft under way. */
  get #open(): View | undefined {
    const [last] = this.#versions;
    return last && (last.state === "draft" || last.state === "submitted") ? last : undefined;
  }

  get #dirty(): boolean {
    return sent(this.#form) !== sent(this.#base);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopAsking = watchLeaving(() => this.#dirty, () => false, () => ({ title: say("unsavedTitle"), text: say("unsavedText"), yes: say("leave") }), () => (this.#form = this.#base));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopAsking?.();
    this.#watch?.end();
  }

  override async arrive(): Promise<void> {
    const [, id = ""] = this.place.path;
    this.#watch?.end();
    this.#watch = new Watch(this.client, () => this.requestUpdate());
    if (!this.#known) {
      [this.#words] = await Promise.all([this.client.json<Words>("/v1/desk/words"), this.#roll.load(this.client)]);
      this.#known = true;
    }
    Object.assign(this.#look, { language: "", narrow: false });
    if (id !== "new") {
      await this.#load(id);
      return;
    }
    const { query } = this.place;
    const day = query.get("day");
    this.#id = "";
    this.#versions = [];
    this.#live = this.#merge = null;
    this.#base = blank();
    this.#form = put(this.#base, "audiences", query.getAll("audience"));
    if (day) this.#form = put(this.#form, "published_at", new Date(dayOf(day).getTime() + 9 * 3_600_000).toISOString());
    this.#watch.look(this.#form, 0);
  }

  /** Reads what is published and its history, and begins from the draft, what is published, or what was. */
  async #load(id: string): Promise<void> {
    const [{ revisions }, live] = await Promise.all([this.client.json<ListOutputBody>(`/v1/contents/${encodeURIComponent(id)}/versions`), this.#published(id)]);
    this.#id = id;
    this.#versions = revisions;
    this.#live = live;
    this.#merge = null;
    const from = this.#open?.value ?? live ?? revisions.find(({ value }) => value)?.value;
    this.#base = this.#form = from ? formOf(from) : { ...blank(), id };
    this.requestUpdate();
    this.#watch?.look(this.#form, 0);
  }

  async #published(id: string): Promise<Content | null> {
    try {
      return await this.client.json<Content>(`/v1/contents/${encodeURIComponent(id)}`);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }

  readonly #change = (form: Form): void => {
    this.#form = form;
    this.requestUpdate();
    this.#watch?.look(form);
  };

  /** Saves the draft; gives whether it is saved. Where another has written meanwhile, shows both texts. */
  async #save(form = this.#form, match = this.#open?.etag ?? ""): Promise<boolean> {
    const id = this.#id || idFor(form.title);
    try {
      const view = await this.client.json<View>(`/v1/contents/${encodeURIComponent(id)}/draft`, {
        method: "PUT", body: sent(form), headers: { "Content-Type": "application/json", ...(match ? { "If-Match": `"${match.replaceAll('"', "")}"` } : {}) },
      });
      if (!this.#id) history.replaceState(null, "", addressOf(["contents", id]));
      this.#id = id;
      this.#versions = [view, ...this.#versions.filter(({ number }) => number !== view.number)];
      this.#base = formOf(view.value!);
      if (sent(form) === sent(this.#form)) this.#form = this.#base; // nothing was typed since
      this.#merge = null;
      return true;
    } catch (error) {
      if (!(error instanceof Problem) || (error.status !== 412 && error.status !== 428)) throw error;
      await this.#meet();
      return false;
    }
  }

  /** Sets what another wrote beside what is here. */
  async #meet(): Promise<void> {
    const theirs = await this.client.json<View>(`/v1/contents/${encodeURIComponent(this.#id)}/draft`);
    const last = lastOf(theirs);
    const who = last.label || say("someone");
    this.#overLive = false;
    this.#versions = [theirs, ...this.#versions.filter(({ number }) => number !== theirs.number)];
    this.#showMerge(new Merge(this.#base, formOf(theirs.value!), this.#form, say("theirs", { who }), say("conflict", { who, when: stepWhen(theirs) })));
  }

  #showMerge(merge: Merge): void {
    this.#merge = merge;
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>("#conflict-title")?.focus());
  }

  async #settle(form: Form, said: string): Promise<void> {
    const over = this.#overLive;
    if (!(await this.#save(form))) return;
    this.#form = this.#base;
    this.#overLive = over; // it may be published over what it was brought together with
    this.requestUpdate();
    this.#watch?.look(this.#form, 0);
    this.tell(said);
    this.querySelector<HTMLElement>("h1")?.focus();
  }

  /** Saves what is not, takes a step, and reads all anew. */
  #take(step: Step): void {
    void this.attempt(async () => {
      if ((this.#dirty || !this.#open) && step.saves && !(await this.#save())) return;
      const view = this.#open;
      try {
        const said = await step.take({ client: this.client, id: this.#id, form: this.#form, view, live: this.#live, reach: this.#watch?.reach ?? null, warnings: this.#watch?.findings?.length ?? 0, roll: this.#roll, over: this.#overLive });
        if (!said) return;
        this.#overLive = false;
        await this.#load(this.#id);
        this.tell(said);
        this.querySelector<HTMLElement>("h1")?.focus();
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 412) throw error;
        const live = await this.#published(this.#id);
        if (!live) throw error;
        this.#live = live;
        this.#overLive = true;
        this.#showMerge(new Merge(this.#base, formOf(live), this.#form, say("liveName"), say("conflictLive")));
      }
    });
  }

  #restore(number: number): void {
    void this.attempt(async () => {
      await this.client.call(`/v1/contents/${encodeURIComponent(this.#id)}/versions/${number}/restoration`, { method: "POST" });
      await this.#load(this.#id);
      this.tell(say("restoredSaid", { n: number }));
      this.querySelector<HTMLElement>("h1")?.focus();
    });
  }

  override body(): TemplateResult | typeof nothing {
    if (!this.#known || !this.#watch) return nothing;
    const { client } = this;
    const form = this.#form;
    return html`
      ${this.#standing()}
      ${this.#merge ? drawMerge(this.#merge, this.#roll, {
        keep: () => void this.attempt(() => this.#settle(this.#merge!.result, say("merged"))),
        take: () => void this.attempt(() => this.#settle(this.#merge!.theirs, say("tookTheirs"))),
        changed: () => this.requestUpdate(),
      }) : nothing}
      <div class="editor">
        <div class="work">
          <section class="card" aria-labelledby="texts-title"><h2 id="texts-title">${say("texts")}</h2>${drawTexts(form, this.#change)}</section>
          ${drawFields({ form, published: this.#live, words: this.#words, roll: this.#roll, sought: this.#sought, change: this.#change, seek: (text) => {
            this.#sought = text;
            this.requestUpdate();
          }, tell: (text) => this.tell(text) })}
        </div>
        <div class="beside">
          ${drawGate(this.#watch)}
          ${drawPreview(form, this.#watch, this.#look, (look) => {
            this.#look = look;
            this.requestUpdate();
          })}
          ${drawReach(this.#watch.reach, this.#allRivals, () => {
            this.#allRivals = true;
            this.requestUpdate();
          })}
        </div>
      </div>
      <fil-reader .client=${client} .form=${form} .topics=${this.#words.topics}></fil-reader>
      <fil-versions .client=${client} .versions=${this.#versions} .form=${form} .roll=${this.#roll} @restore=${(e: CustomEvent<number>) => this.#restore(e.detail)}></fil-versions>
      ${this.#bar()}`;
  }

  /** Where the content stands, in words. */
  #standing(): TemplateResult {
    const open = this.#open;
    const live = this.#live;
    const last = this.#versions[0];
    const gone = !open && last?.state === "withdrawn";
    const state = live && !gone ? liveState(live) : undefined;
    const mine = open?.approval && open.state === "submitted" && !open.may.includes("publish") && this.#watch?.sound;
    const yours = open?.approval && open.state === "submitted" && open.may.includes("publish");
    return html`<div class="standing">
      <p>${state ? badge(state) : nothing} ${open ? badge(open.state, say(state ? (open.state === "draft" ? "alsoDraft" : "alsoSubmitted") : open.state === "draft" ? "draft" : "submitted")) : nothing} ${gone ? badge("withdrawn") : nothing} ${!state && !open && !gone && !last ? badge("draft", say("nothingSaved")) : nothing}
        ${last ? html`<span class="hint">${stepWords(lastOf(last))}.</span>` : nothing}
        ${state && state !== "planned" ? html` <a href="/dashboards/#/contents/${encodeURIComponent(this.#id)}">${say("results")}</a>` : nothing}</p>
      ${last && lastOf(last).note && lastOf(last).what !== "restored" ? html`<blockquote>${lastOf(last).note}</blockquote>` : nothing}
      <p class="hint">${yours ? say("waitingYou") : mine ? say("waitingOther") : open?.approval ? (open.approval === "contents.approval" ? say("contentsAsk") : say("submitText", { asker: askerOf(open.approval, (id) => this.#roll.name(id)) })) : open && state ? say("editLater") : !live ? say("firstDraft") : ""}</p>
    </div>`;
  }

  #bar(): TemplateResult {
    const open = this.#open;
    const { busy } = this;
    const dirty = this.#dirty;
    const button = (label: string, step: Step, kind = "quiet"): TemplateResult => html`<button type="button" class=${kind} ?disabled=${busy} @click=${() => this.#take(step)}>${label}</button>`;
    const approving = open?.approval && open.state === "submitted" && open.may.includes("publish") && !dirty;
    const waiting = open?.approval && open.state === "submitted" && !dirty;
    const stopped = !(this.#watch?.sound ?? true);
    const standing = this.#live && this.#versions[0]?.state !== "withdrawn" ? liveState(this.#live) : "expired";
    return html`<div class="dock" role="group" aria-label=${say("states")}>
      <p class="hint" id="dock-hint">${stopped ? say("gateStops") : dirty ? say("changed") : open || this.#live ? say("unchanged") : ""}</p>
      ${standing !== "expired" ? button(say("withdraw"), withdraw, "quiet danger") : nothing}
      ${open ? button(say("discard"), discard) : nothing}
      ${open?.may.includes("refuse") && !dirty ? button(say("giveBack"), giveBack) : nothing}
      <button type="button" class="quiet" ?disabled=${busy || (!dirty && Boolean(open))} @click=${() => void this.attempt(async () => {
        if (!(await this.#save())) return;
        this.tell(say("saved"));
        this.requestUpdate();
      })}>${say("save")}</button>
      ${approving ? button(say("approve"), approve, "") : waiting || (!open && !dirty && this.#live) ? nothing
        : html`<button type="button" ?disabled=${busy} aria-disabled=${stopped} aria-describedby="dock-hint" @click=${() => (stopped ? this.#stop() : this.#take(open?.approval ? submit : publish))}>${say(open?.approval ? "submit" : momentAhead(this.#form) ? "plan" : "publish")}</button>`}
    </div>`;
  }

  /** Goes to the first thing that prevents publication. */
  #stop(): void {
    this.tell(say("gateStops"));
    this.querySelector<HTMLElement>(".finding")?.focus();
  }
}

const momentAhead = ({ published_at }: Form): boolean => Boolean(published_at && new Date(published_at) > new Date());

const stepWhen = (view: View): string => when(lastOf(view).at);
