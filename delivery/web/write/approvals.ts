// What waits for a second person.

import { html, nothing, type TemplateResult } from "lit";
import { Problem } from "../sdk/client";
import type { Content, ListOutputBody, View } from "../shell/api";
import { addressOf } from "../shell/place";
import { Screen } from "../shell/screen";
import { approve, giveBack, type Hand, type Step } from "./acts";
import { badge } from "./board";
import { itemOf } from "./card";
import { formOf, languagesOf, get, prefixOf, type Form } from "./content";
import { drawDifferences, drawSince } from "./differ";
import { languageName } from "./moments";
import { Roll } from "./roll";
import { askerOf, lastOf, meanwhile, stepWords } from "./steps";
import { say, type Word } from "./words";

/** A draft that was submitted, with what is published under its id. */
interface Waiting {
  view: View;
  live: Content | null;
  tag: string; // ETag of what is published
  bodies: Record<string, string>;
}

export class Approvals extends Screen {
  #all: Waiting[] | null = null;
  #roll = new Roll();
  /** What changed while a person read, by content: the text that they had read, or what was published meanwhile, which they may publish over. */
  readonly #since = new Map<string, { before?: Form; over: string }>();
  readonly #typed = new Map<string, string>();

  override get heading(): string {
    return say("approvals");
  }

  override async arrive(): Promise<void> {
    const [{ revisions }] = await Promise.all([this.client.json<ListOutputBody>("/v1/drafts"), this.#roll.load(this.client)]);
    const submitted = revisions.filter(({ state }) => state === "submitted").sort((a, b) => (lastOf(a).at < lastOf(b).at ? -1 : 1));
    this.#all = await Promise.all(submitted.map(async (view) => ({ view, ...(await this.#published(view.content)), bodies: await this.#bodies(view) })));
  }

  async #published(id: string): Promise<Pick<Waiting, "live" | "tag">> {
    try {
      const answer = await this.client.call(`/v1/contents/${encodeURIComponent(id)}`);
      return { live: (await answer.json()) as Content, tag: answer.headers.get("ETag") ?? "" };
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return { live: null, tag: "" };
      throw error;
    }
  }

  async #bodies(view: View): Promise<Record<string, string>> {
    const form = formOf(view.value!);
    const bodies = Object.fromEntries(languagesOf(form).map((tag) => [tag, (get(form, `${prefixOf(form, tag)}body`) as string | undefined) ?? ""]));
    return (await this.client.json<{ bodies: Record<string, string> }>("/v1/preview/text", { method: "POST", body: JSON.stringify({ bodies }), headers: { "Content-Type": "application/json" } })).bodies;
  }

  #take(step: Step, { view, live }: Waiting): void {
    void this.attempt(async () => {
      const id = view.content;
      try {
        const hand: Hand = { client: this.client, id, form: formOf(view.value!), view, asker: view.approval ?? "", live, reach: null, warnings: 0, roll: this.#roll, over: this.#since.get(id)?.over ?? "", typed: this.#typed };
        const send = await step.ask(hand);
        if (!send) return;
        const said = await send(hand);
        this.#since.delete(id);
        await this.arrive();
        this.tell(said);
        this.requestUpdate();
        this.querySelector<HTMLElement>("h1")?.focus();
      } catch (error) {
        if (!(error instanceof Problem) || ![404, 409, 412].includes(error.status)) throw error;
        await this.#overtaken(view, error);
      }
    });
  }

  /** Shows what became of a text while it was read, to be read before anything is decided. */
  async #overtaken(read: View, refused: Problem): Promise<void> {
    const id = read.content;
    await this.arrive();
    const now = this.#all!.find(({ view }) => view.content === id);
    if (!now) {
      const { revisions } = await this.client.json<ListOutputBody>(`/v1/contents/${encodeURIComponent(id)}/versions`);
      throw new Error(say("noLongerWaits", { title: read.value!.title, step: stepWords(lastOf(revisions[0]!)) }));
    }
    if (now.view.etag !== read.etag) this.#since.set(id, { before: formOf(read.value!), over: "" });
    else if (refused.status === 412 && now.tag) this.#since.set(id, { over: now.tag });
    else throw refused;
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`[data-content="${CSS.escape(id)}"] .since`)?.focus());
  }

  override body(): TemplateResult | typeof nothing {
    if (!this.#all) return nothing;
    if (!this.#all.length) return html`<div class="card nothing"><p><strong>${say("nothingWaits")}</strong></p><p class="hint">${say("nothingWaitsHint")}</p></div>`;
    const yours = this.#all.filter(({ view }) => view.may.includes("publish"));
    const others = this.#all.filter(({ view }) => !view.may.includes("publish"));
    const part = (title: Word, some: Waiting[]): TemplateResult | typeof nothing => (some.length ? html`<section><h2 class="part">${say(title)}</h2>${some.map((one) => this.#draw(one))}</section>` : nothing);
    return html`${part("forYou", yours)}${part("forOthers", others)}`;
  }

  #draw(one: Waiting): TemplateResult {
    const { view, live, bodies } = one;
    const form = formOf(view.value!);
    const may = view.may.includes("publish");
    const stopped = view.findings.some(({ severity }) => severity === "error");
    const last = lastOf(view);
    const since = this.#since.get(view.content);
    return html`<article class="card waits" data-content=${view.content}>
      <h3><a href=${addressOf(["contents", view.content])}>${form.title}</a></h3>
      <p class="hint">${stepWords(last)} · ${say("to", { who: this.#roll.words(form.audiences) })}${view.approval && !form.audiences?.includes(view.approval) ? ` · ${say("asks", { who: askerOf(view.approval, (id) => this.#roll.name(id)) })}` : ""}</p>
      ${last.note ? html`<blockquote>${last.note}</blockquote>` : nothing}
      ${since?.before ? drawSince({ title: meanwhile([view], live, false, this.caller.label ?? "").title, before: since.before, now: form, roll: this.#roll }) : nothing}
      ${since?.over ? html`<p class="notice since" tabindex="-1"><strong>${say("conflictLive")}.</strong> ${say("liveSince")}</p>` : nothing}
      ${live ? html`<h4>${say("whatChanges")}</h4>
        ${drawDifferences({ before: formOf(live), after: form, names: [say("nowPublished"), say("thisDraft")], roll: this.#roll, same: say("conflictNone"), caption: `${say("whatChanges")} : ${form.title}` })}`
        : html`<p>${badge("draft", say("newContent"))}</p>
        <div class="cards">${languagesOf(form).map((tag) => html`<div>${languagesOf(form).length > 1 ? html`<p class="hint tongue">${languageName(tag)}</p>` : nothing}<fil-card open .item=${itemOf(form, tag, bodies[tag] ?? "")}></fil-card></div>`)}</div>`}
      <p class="acts">
        ${may ? html`<button type="button" aria-disabled=${this.busy} @click=${() => this.#take(approve, one)}>${say("approve")}<span class="hidden"> : ${form.title}</span></button>` : nothing}
        <button type="button" class="quiet" aria-disabled=${this.busy} @click=${() => this.#take(giveBack, one)}>${say("giveBack")}<span class="hidden"> : ${form.title}</span></button>
        <a class="button quiet" href=${addressOf(["contents", view.content])}>${say("open")}<span class="hidden"> : ${form.title}</span></a>
      </p>
      ${may ? nothing : html`<p class="hint">${say(stopped ? "gateWaits" : "ownDraft")}</p>`}
    </article>`;
  }
}
