// The editor of one content: its draft, what is published, and the steps from one to the other.

import { html, nothing, type TemplateResult } from "lit";
import { Problem } from "../sdk/client";
import type { Content, Finding, ListOutputBody, View, Words } from "../shell/api";
import { watchLeaving } from "../shell/leave";
import { addressOf } from "../shell/place";
import { Screen } from "../shell/screen";
import { drawGate, drawPreview, drawReach, faultField, type Look } from "./aside";
import { badge } from "./board";
import { blank, differences, fieldName, formOf, idFor, put, sent, type Form } from "./content";
import { drawSince } from "./differ";
import { drawFields } from "./fields";
import { drawMerge, Merge } from "./merge";
import { dayOf } from "./moments";
import { Roll } from "./roll";
import { outOfTime, tooLong } from "./rules";
import { approve, discard, giveBack, publish, withdraw, type Hand, type Step } from "./acts";
import { askerOf, lastOf, liveState, meanwhile, stepWords } from "./steps";
import { drawTexts } from "./texts";
import { Watch } from "./watch";
import { bilingual } from "../words/spoken";
import { say } from "./words";

export class Editor extends Screen {
  #id = "";
  #form: Form = blank();
  #base: Form = blank(); // from which the form was begun
  #versions: View[] = [];
  #live: Content | null = null;
  #tag = ""; // ETag of what is published
  #merge: Merge | null = null;
  #overLive = false; // the merge is with what was published meanwhile
  #since: { title: string; before: Form } | null = null; // what was read before another wrote in it
  readonly #typed = new Map<string, string>();
  #watch: Watch | null = null;
  #roll = new Roll();
  #words: Words = { topics: [], sources: [], communities: [] };
  #known = false;
  #shown = false; // what the place names is here
  #cut = false; // it is told that a text is too long
  #absent = false; // there is nothing of the name
  #sought = "";
  #look: Look = { language: "", narrow: false };
  #allRivals = false;
  #stopAsking: (() => void) | undefined; // before one leaves

  override get heading(): string {
    return this.#absent ? say("noSuch") : this.#base.title || say("newOne");
  }

  /** The draft under way. */
  get #open(): View | undefined {
    const [last] = this.#versions;
    return last && (last.state === "draft" || last.state === "submitted") ? last : undefined;
  }

  /** The ETag of what the form was begun from; empty: nothing. */
  get #match(): string {
    return this.#open?.etag ?? (this.#tag || (this.#versions.find(({ value }) => value)?.etag ?? ""));
  }

  /** Who asks for a second person before it is published: an audience, or the configuration; empty: nobody. */
  get #asker(): string {
    return (this.#dirty ? this.#watch?.approval : this.#open?.approval) ?? this.#watch?.approval ?? this.#open?.approval ?? "";
  }

  get #dirty(): boolean {
    return sent(this.#form) !== sent(this.#base);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopAsking = watchLeaving(() => this.#dirty, () => false, () => ({ title: say("unsavedTitle"), text: say("unsavedText"), yes: say("leave") }), () => (this.#form = this.#base));
  }

  protected override translated(): void {
    super.translated();
    this.#watch?.again(this.#form);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopAsking?.();
    this.#watch?.end();
  }

  override async arrive(): Promise<void> {
    const [, id = ""] = this.place.path;
    this.#shown = this.#absent = false;
    this.#watch?.end();
    this.#watch = new Watch(this.client, (what) => {
      if (what === "check" && this.refused?.status === 422 && this.#watch?.sound) this.problem = ""; // it was mended
      this.requestUpdate();
    });
    if (!this.#known) {
      [this.#words] = await Promise.all([this.client.json<Words>("/v1/desk/words"), this.#roll.load(this.client)]);
      this.#known = true;
    }
    Object.assign(this.#look, { language: "", narrow: false });
    if (id !== "new") {
      await this.#seek(id);
      return;
    }
    const { query } = this.place;
    const day = query.get("day");
    this.#id = this.#tag = "";
    this.#versions = [];
    this.#live = this.#merge = this.#since = null;
    this.#base = blank();
    this.#form = put(this.#base, "audiences", query.getAll("audience"));
    if (day) this.#form = put(this.#form, "published_at", new Date(dayOf(day).getTime() + 9 * 3_600_000).toISOString());
    this.#shown = true;
    this.#watch.look(this.#form, 0);
  }

  async #seek(id: string): Promise<void> {
    try {
      await this.#load(id);
      this.#shown = true;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
      this.#absent = true;
      this.#base = this.#form = blank(); // nothing of another is left to be lost
    }
  }

  /** Reads what is published and its history, and begins from the draft, what is published, or what was. */
  async #load(id: string): Promise<void> {
    const from = await this.#read(id);
    this.#id = id;
    this.#merge = this.#since = null;
    this.#base = this.#form = from ? formOf(from) : { ...blank(), id };
    this.requestUpdate();
    this.#watch?.look(this.#form, 0);
  }

  /** Reads what there is anew, and gives the text to go on from. */
  async #read(id: string): Promise<Content | undefined> {
    const [{ revisions }, live] = await Promise.all([this.client.json<ListOutputBody>(`/v1/contents/${encodeURIComponent(id)}/versions`), this.#published(id)]);
    this.#versions = revisions;
    this.#live = live;
    return this.#open?.value ?? live ?? revisions.find(({ value }) => value)?.value;
  }

  /** Begins anew from what there is. */
  async #renew(said: string): Promise<void> {
    await this.#load(this.#id);
    this.tell(said);
    this.querySelector<HTMLElement>("h1")?.focus();
  }

  protected override wordsOf(problem: Problem): string {
    if (problem.status !== 422 || !problem.faults.length) return super.wordsOf(problem);
    return problem.faults.map(({ location, message }) => `${faultField(location)} : ${message}.`).join(" ");
  }

  async #published(id: string): Promise<Content | null> {
    this.#tag = "";
    try {
      const answer = await this.client.call(`/v1/contents/${encodeURIComponent(id)}`);
      this.#tag = answer.headers.get("ETag") ?? "";
      return (await answer.json()) as Content;
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }

  readonly #change = (form: Form): void => {
    this.#form = form;
    this.#merge &&= this.#merge.with(form);
    if (this.#cut && !tooLong(form).length) {
      this.#cut = false;
      this.problem = "";
    }
    this.requestUpdate();
    this.#watch?.look(form);
  };

  /** Saves the draft; gives whether it is saved. Where another has written meanwhile, shows both texts. */
  async #save(form = this.#form, match = this.#match): Promise<boolean> {
    const id = this.#id || idFor(form.title);
    const [over] = tooLong(form);
    this.#cut = Boolean(over);
    if (over) throw new Error(`${fieldName(over.field)} : ${bilingual(over.problem)}. ${bilingual(over.remedy)}`);
    try {
      const view = await this.client.json<View>(`/v1/contents/${encodeURIComponent(id)}/draft`, {
        method: "PUT", body: sent(form), headers: { "Content-Type": "application/json", ...(match ? { "If-Match": match } : {}) },
      });
      if (!this.#id) history.replaceState(null, "", addressOf(["contents", id]));
      this.#id = id;
      this.#versions = [view, ...this.#versions.filter(({ number }) => number !== view.number)];
      this.#base = formOf(view.value!);
      if (sent(form) === sent(this.#form)) this.#form = this.#base; // nothing was typed since
      this.#merge = this.#since = null;
      return true;
    } catch (error) {
      if (!(error instanceof Problem) || (error.status !== 412 && error.status !== 428)) throw error;
      await this.#meet();
      return false;
    }
  }

  async #meet(): Promise<void> {
    await this.#beside(await this.#read(this.#id));
  }

  /** Sets what another wrote, published or gave up meanwhile beside what is here; with nothing here, it takes its place. */
  async #beside(theirs: Content | undefined): Promise<void> {
    this.#overLive = false;
    if (!theirs) throw new Error(say("nothingLeft"));
    const { title, who } = meanwhile(this.#versions, this.#live, this.#dirty, this.caller.label ?? "");
    if (this.#dirty) {
      this.#showMerge(new Merge(this.#base, formOf(theirs), this.#form, title, who));
      return;
    }
    const before = this.#base;
    await this.#renew(`${title}.`);
    if (!differences(before, this.#base).length) return;
    this.#since = { title, before };
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(".since")?.focus());
  }

  #showMerge(merge: Merge): void {
    this.#merge = merge;
    this.requestUpdate();
    void this.updateComplete.then(() => this.#toMerge());
  }

  #toMerge(): void {
    this.querySelector<HTMLElement>("#conflict-title")?.focus();
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

  get #hand(): Hand {
    return {
      client: this.client, id: this.#id, form: this.#form, view: this.#open, asker: this.#asker, live: this.#live, reach: this.#watch?.reach ?? null, warnings: (this.#watch?.findings?.length ?? 0) + this.#own.length,
      roll: this.#roll, over: this.#overLive ? this.#tag : "", typed: this.#typed,
    };
  }

  /** What is found here, but for what the server says of the same fields. */
  get #own(): Finding[] {
    const dated = outOfTime(this.#form, this.#live).filter(({ field }) => !this.#watch?.faults.some(({ location }) => location === field));
    return [...tooLong(this.#form), ...dated];
  }

  /** Asks before a step, saves what is not, takes it, and reads all anew. */
  #take(step: Step): void {
    void this.attempt(async () => {
      const send = await step.ask(this.#hand);
      if (!send || ((this.#dirty || !this.#open) && step.saves && !(await this.#save()))) return; // nothing is saved before they agree
      const view = this.#open;
      try {
        const said = await send(this.#hand);
        this.#overLive = false;
        await this.#renew(said);
      } catch (error) {
        if (!(error instanceof Problem) || (error.status !== 412 && error.status !== 404)) throw error;
        const theirs = await this.#read(this.#id);
        if (error.status === 404 || this.#open?.etag !== view?.etag) { // another has written in the draft, published it or given it up
          await this.#beside(theirs);
          return;
        }
        const began = this.#versions.find(({ state, number }) => state === "published" && number < (this.#open?.number ?? 0))?.value;
        if (!this.#live) throw error;
        this.#overLive = true;
        this.#showMerge(new Merge(began ? formOf(began) : this.#base, formOf(this.#live), this.#form, say("conflictLive")));
      }
    });
  }

  #keep(): void {
    void this.attempt(async () => {
      if (!(await this.#save())) return;
      this.tell(say("saved"));
      this.requestUpdate();
    });
  }

  #restore(number: number): void {
    void this.attempt(async () => {
      await this.client.call(`/v1/contents/${encodeURIComponent(this.#id)}/versions/${number}/restoration`, { method: "POST" });
      await this.#renew(say("restoredSaid", { n: number }));
    });
  }

  override body(): TemplateResult | typeof nothing {
    if (this.#absent) return html`<div class="card nothing"><p>${say("noSuchHint")}</p><p><a class="button" href=${addressOf(["contents"])}>${say("allContents")}</a></p></div>`;
    if (!this.#shown || !this.#watch) return nothing;
    const own = this.#own;
    const { client } = this;
    const form = this.#form;
    return html`
      ${this.#standing()}
      ${this.#since ? drawSince({ ...this.#since, now: this.#base, roll: this.#roll }) : nothing}
      ${this.#merge ? drawMerge(this.#merge, this.#roll, {
        keep: () => void this.attempt(() => this.#settle(this.#merge!.result, say("merged"))),
        take: () => void this.attempt(() => (this.#open ? this.#settle(this.#merge!.theirs, say(this.#merge!.who ? "tookTheirs" : "tookLive")) : this.#renew(say("tookLive")))),
        changed: () => this.requestUpdate(),
      }) : nothing}
      <div class="editor">
        <div class="work">
          <section class="card" aria-labelledby="texts-title"><h2 id="texts-title">${say("texts")}</h2>${drawTexts(form, own, this.#change)}</section>
          ${drawFields({ form, own, published: this.#live, words: this.#words, roll: this.#roll, sought: this.#sought, change: this.#change, seek: (text) => {
            this.#sought = text;
            this.requestUpdate();
          }, tell: (text) => this.tell(text) })}
        </div>
        <div class="beside">
          ${drawGate(this.#watch, own)}
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
    const asker = open || this.#dirty || !live ? this.#asker : "";
    const yours = open?.approval && open.state === "submitted" && open.may.includes("publish");
    return html`<div class="standing">
      <p>${state ? badge(state) : nothing} ${open ? badge(open.state, say(state ? (open.state === "draft" ? "alsoDraft" : "alsoSubmitted") : open.state === "draft" ? "draft" : "submitted")) : nothing} ${gone ? badge("withdrawn") : nothing} ${!state && !open && !gone && !last ? badge("draft", say("nothingSaved")) : nothing}
        ${last ? html`<span class="hint">${stepWords(lastOf(last))}.</span>` : nothing}
        ${state && state !== "planned" ? html` <a href="/dashboards/#/contents/${encodeURIComponent(this.#id)}">${say("results")}</a>` : nothing}</p>
      ${last && lastOf(last).note && lastOf(last).what !== "restored" ? html`<blockquote>${lastOf(last).note}</blockquote>` : nothing}
      <p class="hint">${yours ? say("waitingYou") : mine ? say("waitingOther") : asker ? (asker === "contents.approval" ? say("contentsAsk") : say("submitText", { asker: askerOf(asker, (id) => this.#roll.name(id)) })) : open && state ? say("editLater") : !live ? say("firstDraft") : ""}</p>
    </div>`;
  }

  #bar(): TemplateResult {
    const open = this.#open;
    const { busy } = this;
    const dirty = this.#dirty;
    const merging = this.#merge ? (): void => this.#toMerge() : null; // what is kept is chosen first
    /** A button; where something is in the way, leads goes there instead. */
    const press = (label: string, act: () => void, kind = "quiet", leads: (() => void) | null = merging, off = false): TemplateResult =>
      html`<button type="button" class=${kind} aria-disabled=${busy || off || Boolean(leads)} ?data-leads=${!busy && leads} aria-describedby=${leads ? "dock-hint" : nothing} @click=${leads ?? act}>${label}</button>`;
    const take = (step: Step): (() => void) => () => this.#take(step);
    const approving = open?.approval && open.state === "submitted" && open.may.includes("publish") && !dirty;
    const waiting = open?.approval && open.state === "submitted" && !dirty;
    const stopped = !(this.#watch?.sound ?? true) || this.#own.some(({ severity }) => severity === "error");
    const standing = this.#live && this.#versions[0]?.state !== "withdrawn" ? liveState(this.#live) : "expired";
    return html`<div class="dock" role="group" aria-label=${say("states")}>
      <div class="seldom">
      ${standing !== "expired" ? press(say("withdraw"), take(withdraw), "quiet danger", null) : nothing}
      ${open ? press(say("discard"), take(discard)) : nothing}
      ${open?.may.includes("refuse") && !dirty ? press(say("giveBack"), take(giveBack)) : nothing}
      </div>
      <div class="often">
      <p class="hint" id="dock-hint">${merging ? say("mergeFirst") : stopped ? say("gateStops") : dirty ? say("changed") : open || this.#live ? say("unchanged") : ""}</p>
      ${press(say("save"), () => this.#keep(), "quiet", merging, !dirty && Boolean(open))}
      ${approving ? press(say("approve"), take(approve), "") : waiting || (!open && !dirty && this.#live) ? nothing
        : press(say(this.#asker ? "submit" : momentAhead(this.#form) ? "plan" : "publish"), take(publish), "", merging ?? (stopped ? () => this.#stop() : null))}
      </div>
    </div>`;
  }

  /** Goes to the first thing that prevents publication. */
  #stop(): void {
    this.tell(say("gateStops"));
    this.querySelector<HTMLElement>(".finding")?.focus();
  }
}

const momentAhead = ({ published_at }: Form): boolean => Boolean(published_at && new Date(published_at) > new Date());
