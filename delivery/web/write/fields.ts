// What is said of a content beside its texts: what it is about, for whom, when, and how much it matters.

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import type { Content, Finding, Words } from "../shell/api";
import { kinds, priorityWords, put, type Form } from "./content";
import { fieldOf, momentOf, zoneWords } from "./moments";
import type { Roll } from "./roll";
import { describedBy, drawOriginal, idOf, invalid, notes } from "./texts";
import { say } from "./words";

/** What the fields are drawn with. */
export interface Desk {
  form: Form;
  own: Finding[]; // what is found without asking the server
  published: Content | null;
  words: Words;
  roll: Roll;
  sought: string; // in the names of audiences
  change(form: Form): void;
  seek(text: string): void;
  tell(text: string): void;
}

export const drawFields = (desk: Desk): TemplateResult => html`
  <section class="card" aria-labelledby="about-title"><h2 id="about-title">${say("about")}</h2>${drawAbout(desk)}</section>
  <section class="card" aria-labelledby="whom-title"><h2 id="whom-title">${say("whom")}</h2>${drawWhom(desk)}</section>
  <section class="card" aria-labelledby="when-title"><h2 id="when-title">${say("whenTitle")}</h2>
    <p class="hint">${say("localTime", { zone: zoneWords() })}</p>
    <div class="pair">${drawMoment(desk, "published_at", say("publishAt"), say("publishHint"))}${drawMoment(desk, "expires_at", say("expiresAt"), say("expiresHint"))}</div>
    ${desk.published ? drawRevised(desk) : nothing}
  </section>
  <section class="card" aria-labelledby="emphasis-title"><h2 id="emphasis-title">${say("emphasis")}</h2>
    <label for=${idOf("priority")}>${say("priority")}</label>
    <select id=${idOf("priority")} class="brief" @change=${(e: Event) => desk.change(put(desk.form, "priority", Number((e.target as HTMLSelectElement).value)))}>
      ${priorityWords().map((word, i) => html`<option value=${i - 3} ?selected=${i - 3 === (desk.form.priority ?? 0)}>${word}</option>`)}
    </select>
    <div class="pair">${drawMoment(desk, "pinned_until", say("pinnedUntil"), say("pinnedHint"))}${drawMoment(desk, "mandatory_until", say("mandatoryUntil"), say("mandatoryHint"))}</div>
  </section>`;

function drawAbout({ form, own, words, change, tell }: Desk): TemplateResult {
  const text = (path: "source" | "author" | "community", label: string, of: string[], hint = ""): TemplateResult => html`<div>
    <label for=${idOf(path)}>${label}</label>
    ${hint ? html`<p class="hint" id="${idOf(path)}-hint">${hint}</p>` : nothing}
    <input id=${idOf(path)} list=${of.length ? `${path}-list` : nothing} autocomplete="off" aria-invalid=${invalid(own, path)} aria-describedby=${describedBy(own, path, Boolean(hint))} .value=${form[path] ?? ""} @input=${(e: InputEvent) => change(put(form, path, (e.target as HTMLInputElement).value))}>
    ${notes(own, path)}
    ${of.length ? html`<datalist id="${path}-list">${of.map((one) => html`<option value=${one}></option>`)}</datalist>` : nothing}
  </div>`;
  return html`
    <div class="pair">
      <div><label for=${idOf("kind")}>${say("kind")}</label>
        <select id=${idOf("kind")} @change=${(e: Event) => change(put(form, "kind", (e.target as HTMLSelectElement).value))}>
          ${kinds.map((kind) => html`<option value=${kind} ?selected=${kind === form.kind}>${say(kind)}</option>`)}
        </select></div>
      <div>${drawOriginal(form, change)}</div>
    </div>
    ${drawTopics({ topics: form.topics ?? [], known: words.topics, change: (topics) => change(put(form, "topics", topics)), tell })}
    <div class="pair">${text("source", say("source"), words.sources)}${text("author", say("author"), [])}</div>
    ${text("community", say("community"), words.communities, say("communityHint"))}`;
}

/** Topics as chips that are taken off, and a field that adds one, with those in use as suggestions. */
function drawTopics({ topics, known, change, tell }: { topics: string[]; known: string[]; change: (topics: string[]) => void; tell: (text: string) => void }): TemplateResult {
  const id = idOf("topics");
  const field = (): HTMLInputElement => document.getElementById(id) as HTMLInputElement;
  const add = (): void => {
    const topic = field().value.trim();
    field().value = "";
    field().focus();
    if (topic && !topics.includes(topic)) {
      change([...topics, topic]);
      tell(topic);
    }
  };
  const remove = (topic: string): void => {
    change(topics.filter((one) => one !== topic));
    field().focus();
  };
  return html`
    <label for=${id}>${say("topics")}</label>
    <p class="hint" id="${id}-hint">${say("topicsHint")}</p>
    ${topics.length ? html`<ul class="chips">${topics.map((topic) => html`<li>${topic}<button type="button" class="quiet" aria-label=${say("removeTopic", { name: topic })} @click=${() => remove(topic)}>×</button></li>`)}</ul>` : nothing}
    <div class="row">
      <input id=${id} list="topics-list" maxlength="100" autocomplete="off" aria-describedby="${id}-hint" @keydown=${(e: KeyboardEvent) => {
        if (e.key !== "Enter") return;
        e.preventDefault();
        add();
      }}>
      <button type="button" class="quiet" @click=${add}>${say("addTopic")}</button>
    </div>
    <datalist id="topics-list">${known.filter((one) => !topics.includes(one)).map((one) => html`<option value=${one}></option>`)}</datalist>`;
}

const shown = 12; // audiences that are not ticked

function drawWhom({ form, roll, sought, change, seek }: Desk): TemplateResult {
  const ticked = form.audiences ?? [];
  const fits = (id: string): boolean => roll.name(id).toLocaleLowerCase().includes(sought.toLocaleLowerCase());
  const found = roll.all().filter(fits);
  const near = found.filter((id) => !ticked.includes(id)).slice(0, shown);
  const left = found.filter((id) => !ticked.includes(id)).length - near.length;
  // In the order of names, whether ticked or not: nothing moves from under who ticks.
  const listed = [...roll.all().filter((id) => ticked.includes(id) || near.includes(id)), ...ticked.filter((id) => !roll.all().includes(id))];
  const tick = (id: string, on: boolean): void => change(put(form, "audiences", on ? [...ticked, id] : ticked.filter((one) => one !== id)));
  const box = (id: string): TemplateResult => html`<li><label class="tick"><input type="checkbox" .checked=${live(ticked.includes(id))} @change=${(e: Event) => tick(id, (e.target as HTMLInputElement).checked)}> ${roll.name(id)}</label></li>`;
  return html`
    <fieldset id=${idOf("audiences")} tabindex="-1" aria-describedby="whom-hint">
      <legend class="hidden">${say("whom")}</legend>
      <p class="hint" id="whom-hint">${say("whomHint")}</p>
      <p class="chosen"><strong>${ticked.length ? (ticked.length > 1 ? say("chosen", { n: ticked.length }) : say("chosenOne")) : say("chosenNone")}</strong></p>
      <label for="find-audience">${say("findAudience")}</label>
      <input id="find-audience" type="search" class="brief" autocomplete="off" .value=${sought} @input=${(e: InputEvent) => seek((e.target as HTMLInputElement).value)}>
      ${listed.length ? html`<ul class="ticks">${repeat(listed, (id) => id, box)}</ul>` : nothing}
      ${left > 0 ? html`<p class="hint">${say("audiencesLeft", { n: left })}</p>` : nothing}
      ${found.length ? nothing : html`<p class="hint" role="status">${say("noAudience")}</p>`}
    </fieldset>
    ${form.perimeter ? html`<p>${say("within", { name: roll.name(form.perimeter) })}</p>` : nothing}`;
}

function drawMoment({ form, own, change }: Desk, path: "published_at" | "expires_at" | "pinned_until" | "mandatory_until", label: string, hint: string): TemplateResult {
  const id = idOf(path);
  return html`<div>
    <label for=${id}>${label}</label>
    <p class="hint" id="${id}-hint">${hint}</p>
    <div class="row moment">
      <input id=${id} type="datetime-local" aria-invalid=${invalid(own, path)} aria-describedby=${describedBy(own, path)} .value=${fieldOf(form[path])} @change=${(e: Event) => change(put(form, path, momentOf((e.target as HTMLInputElement).value)))}>
      ${form[path] ? html`<button type="button" class="quiet" aria-label="${say("reset")} : ${label}" @click=${() => change(put(form, path, undefined))}>×</button>` : nothing}
    </div>
    ${notes(own, path)}
  </div>`;
}

function drawRevised({ form, published, change }: Desk): TemplateResult {
  const on = form.revised_at !== published?.revised_at;
  return html`<label class="tick"><input type="checkbox" aria-describedby="revised-hint" .checked=${on} @change=${(e: Event) =>
    change(put(form, "revised_at", (e.target as HTMLInputElement).checked ? new Date().toISOString() : published?.revised_at))}> ${say("revised")}</label>
    <p class="hint" id="revised-hint">${say("revisedHint")}</p>`;
}
