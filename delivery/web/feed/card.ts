// Draws one content of the feed.

import { html, nothing, type TemplateResult } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import type { FeedItem, ItemExplanation } from "../sdk/api";
import type { Facet } from "../sdk/hand";
import { ago, day, moment, type Language, type Words } from "../words/words";
import { icon } from "./icons";
import { drawMenu } from "./menu";
import { drawWhy } from "./why";

/** What a reader did with one card in this page. */
export interface CardState {
  open: boolean;
  menu: boolean;
  why: "closed" | "loading" | ItemExplanation | Error;
  hidden: boolean;
  acknowledged: boolean;
  reacted: boolean;
  saved: boolean;
  note: { text: string; undo?: () => void } | undefined;
}

export const untouched = (item: FeedItem): CardState => ({
  open: false, menu: false, why: "closed", hidden: false, acknowledged: item.acknowledged, reacted: false, saved: false, note: undefined,
});

/** What a card may ask of the feed that it is in. */
export interface Hands {
  readonly words: Words;
  readonly language: Language;
  readonly level: number; // of the titles of cards
  readonly observing: boolean; // nothing may be done
  readonly away?: boolean; // the network: what cannot wait is not offered
  readonly kiosk?: boolean; // a screen that nobody holds
  readonly printing: boolean; // every text is open
  readonly busy: ReadonlySet<string>; // "verb content" under way
  readonly rules: string; // address of the page of rules
  asked(facet: Facet, name: string): string | undefined; // what the reader asked before
  standing?(item: FeedItem): "gone" | "newer" | undefined; // no longer in the feed, or shown as it was
  update?(item: FeedItem): void; // shows it as it is now
  toggle(item: FeedItem): void;
  clicked(item: FeedItem, event: Event): void;
  acknowledge(item: FeedItem): void;
  react(item: FeedItem): void;
  save(item: FeedItem): void;
  why(item: FeedItem): void;
  menu(item: FeedItem): void;
  hide(item: FeedItem): void;
  bringBack(item: FeedItem): void;
  prefer(item: FeedItem, facet: Facet, name: string, choice: "more" | "less" | "follow" | "nothing"): void;
}

const ahead = (iso: string | undefined): boolean => iso !== undefined && new Date(iso) > new Date();

export function drawCard(item: FeedItem, state: CardState, hands: Hands, place: { at: number; of: number }): TemplateResult {
  const { words } = hands;
  const { content } = item;
  const recalled = item.reminded_at !== undefined && !state.acknowledged;
  const must = ahead(content.mandatory_until) || item.reminded_at !== undefined; // a reminder may come after the deadline
  const due = must && !state.acknowledged;
  const id = `c${place.at}`;
  const standing = hands.standing?.(item);
  if (standing === "gone" && !state.hidden) {
    return html`<article class="card gone" data-id=${content.id} tabindex="0" aria-posinset=${place.at} aria-setsize=${place.of} aria-labelledby="${id}-gone"><p id="${id}-gone">${words.withdrawn(content.title)}</p></article>`;
  }
  if (state.hidden) {
    return html`<article class="card gone" data-id=${content.id} tabindex="0" aria-posinset=${place.at} aria-setsize=${place.of} aria-labelledby="${id}-gone">
      <p id="${id}-gone">${icon("hide")} ${words.hiddenSaid(content.title)}</p>
      <button type="button" class="plain" data-verb="undo" @click=${() => hands.bringBack(item)}>${words.undo}${about(words, content.title)}</button>
    </article>`;
  }
  return html`<article class="card ${content.kind}" data-id=${content.id} tabindex="0" aria-posinset=${place.at} aria-setsize=${place.of}
      aria-labelledby="${id}-title" aria-describedby=${content.summary ? `${id}-summary` : nothing}>
    <p class="badges">
      <span class="badge kind">${icon(content.kind)}${(words.kinds as Record<string, string>)[content.kind] ?? content.kind}</span>
      ${ahead(content.pinned_until) ? html`<span class="badge">${icon("pin")}${words.pinned}</span>` : nothing}
      ${recalled ? html`<span class="badge must">${words.reminder}</span>` : nothing}
      ${due ? html`<span class="badge must">${icon("clock")}${(ahead(content.mandatory_until) ? words.mustRead : words.mustHaveRead)(day(hands.language, content.mandatory_until!))}</span>` : nothing}
    </p>
    ${standing === "newer" ? html`<p class="note"><span>${words.newer}</span> <button type="button" class="plain" data-verb="update" @click=${() => hands.update?.(item)}>${words.showNewer}${about(words, content.title)}</button></p>` : nothing}
    ${heading(hands.level, `${id}-title`, content.title, content.language)}
    ${drawMeta(item, hands)}
    ${content.summary ? html`<p class="summary" id="${id}-summary" lang=${content.language}>${content.summary}</p>` : nothing}
    ${drawBody(item, state, hands, id)}
    ${must && standing !== "newer" ? drawAcknowledge(item, state, hands) : nothing}
    ${state.note ? html`<p class="note"><span>${state.note.text}</span> ${state.note.undo ? html`<button type="button" class="plain" data-verb="undo" @click=${state.note.undo}>${words.undo}</button>` : nothing}</p>` : nothing}
    ${drawActions(item, state, hands, id)}
    ${drawWhy(item, state, hands, id)}
    ${drawMenu(item, state, hands, id, due)}
  </article>`;
}

/** What a button is about, for those who hear it out of its card. */
export const about = (words: Words, title: string): TemplateResult => html`<span class="unseen">${words.about(title)}</span>`;

function heading(level: number, id: string, title: string, language: string): TemplateResult {
  switch (level) {
    case 2: return html`<h2 class="card-title" id=${id} lang=${language}>${title}</h2>`;
    case 4: return html`<h4 class="card-title" id=${id} lang=${language}>${title}</h4>`;
    default: return html`<h3 class="card-title" id=${id} lang=${language}>${title}</h3>`;
  }
}

function drawMeta({ content }: FeedItem, { language, words, printing }: Hands): TemplateResult {
  const when = printing ? moment : ago; // a sheet of paper is read another day
  const revised = content.revised_at ? words.revised(when(language, content.revised_at)) : "";
  const said = [revised, content.source || content.author, ...content.topics].filter(Boolean);
  return html`<p class="meta"><time datetime=${content.published_at} title=${moment(language, content.published_at)}>${when(language, content.published_at)}</time>${said.map((text) => html`<span class="dot" aria-hidden="true"> · </span><span>${text}</span>`)}</p>`;
}

// The server makes body_html safe: no script, style or image; see delivery/markdown.go.
function drawBody(item: FeedItem, state: CardState, hands: Hands, id: string): TemplateResult | typeof nothing {
  const { content } = item;
  if (!content.body_html) return nothing;
  const open = state.open || hands.printing;
  const label = state.open ? hands.words.fold : ((hands.words.opened as Record<string, string>)[content.kind] ?? hands.words.read);
  return html`<div class="body" id="${id}-body" ?hidden=${!open} lang=${content.language} @click=${(e: Event) => hands.clicked(item, e)}>
      ${open ? html`${unsafeHTML(content.body_html)}${content.source && content.author ? html`<p class="hint" lang=${hands.language}>${content.author}</p>` : nothing}${state.open ? html`<span class="end" data-end=${content.id}></span>` : nothing}` : nothing}
    </div>
    <p class="unfold"><button type="button" class="plain" data-verb="read" aria-expanded=${state.open} aria-controls="${id}-body" @click=${() => hands.toggle(item)}>${label}${about(hands.words, content.title)}${icon(state.open ? "up" : "down")}</button></p>`;
}

function drawAcknowledge(item: FeedItem, state: CardState, hands: Hands): TemplateResult | typeof nothing {
  const { words } = hands;
  if (state.acknowledged) return html`<p class="acknowledged">${icon("check")}${words.acknowledged}</p>`;
  if (hands.observing) return nothing;
  const busy = hands.busy.has(`acknowledge ${item.content.id}`);
  return html`<p class="acknowledge"><button type="button" class="strong" data-verb="acknowledge" aria-disabled=${busy} @click=${() => hands.acknowledge(item)}>${icon("check")}${words.acknowledge}${about(words, item.content.title)}</button></p>`;
}

function drawActions(item: FeedItem, state: CardState, hands: Hands, id: string): TemplateResult | typeof nothing {
  const { words, observing } = hands;
  if (hands.kiosk) return nothing;
  const { title, kind } = item.content;
  const kept = hands.away && state.saved; // taking it back cannot wait
  const whyOpen = state.why !== "closed";
  return html`<div class="actions">
    ${observing ? nothing : html`
      <button type="button" class="quiet" data-verb="react" aria-pressed=${state.reacted} @click=${() => hands.react(item)}>${icon("react")}${(words.react as Record<string, string>)[kind] ?? words.react.news}${about(words, title)}</button>
      <button type="button" class="quiet" data-verb="save" aria-pressed=${state.saved} aria-disabled=${kept ? "true" : nothing} @click=${() => kept || hands.save(item)}>${icon("save")}${state.saved ? words.saved : words.save}${about(words, title)}</button>`}
    <button type="button" class="quiet" data-verb="why" aria-expanded=${whyOpen} aria-controls="${id}-why" @click=${() => hands.why(item)}>${icon("why")}${words.why}${about(words, title)}</button>
    ${observing ? nothing : html`<button type="button" class="quiet" data-verb="menu" aria-expanded=${state.menu} aria-controls="${id}-menu" @click=${() => hands.menu(item)}>${icon("adjust")}${words.actions}${about(words, title)}</button>`}
  </div>`;
}
