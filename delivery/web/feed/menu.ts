// What a reader may change of their feed, from one content of it.

import { html, nothing, type TemplateResult } from "lit";
import type { FeedItem } from "../sdk/api";
import type { CardState, Hands } from "./card";
import { icon } from "./icons";

const topicsShown = 3;

export function drawMenu(item: FeedItem, state: CardState, hands: Hands, id: string, due: boolean): TemplateResult {
  return html`<div class="panel menu" id="${id}-menu" role="group" aria-label=${hands.words.actionsTitle} ?hidden=${!state.menu}>${state.menu ? drawChoices(item, hands, due) : nothing}</div>`;
}

// A content that is to be acknowledged is not hidden before it is, since the reader has to find it again.
function drawChoices(item: FeedItem, hands: Hands, due: boolean): TemplateResult {
  const { words } = hands;
  const { topics, source } = item.content;
  const all = [...topics.slice(0, topicsShown).map((topic) => ["topic", topic] as const), ...(source ? [["source", source] as const] : [])];
  // Of the first alone, and of those of which it was asked, by which it is taken back.
  const degrees = (["more", "less"] as const).flatMap((degree) =>
    all.filter(([facet, name], i) => i === 0 || hands.asked(facet, name) === degree).map((of) => [degree, ...of] as const));
  const off = hands.away ? "true" : nothing;
  const press = (act: () => void): (() => void) => () => void (hands.away || act());
  return html`
    ${hands.away ? html`<p class="hint row">${words.needsNetwork}</p>` : nothing}
    ${degrees.map(([degree, facet, name]) => {
      const asked = hands.asked(facet, name) === degree;
      const like = degree === "more" ? words.moreLike : words.lessLike;
      return html`<button type="button" class="row" data-verb=${degree} aria-disabled=${off} @click=${press(() => hands.prefer(item, facet, name, asked ? "nothing" : degree))}>
        <span>${asked ? words.undoChoice(like) : like}</span> <small>${words.on[facet](name)}</small>${asked ? icon("check") : nothing}</button>`;
    })}
    ${all.map(([facet, name]) => {
      const followed = hands.asked(facet, name) === "follow";
      const what = words.on[facet](name);
      return html`<button type="button" class="row" data-verb="follow" aria-disabled=${off} @click=${press(() => hands.prefer(item, facet, name, followed ? "nothing" : "follow"))}>
        <span>${followed ? words.unfollow(what) : words.follow(what)}</span>${followed ? icon("check") : nothing}</button>`;
    })}
    ${due ? html`<p class="hint row">${words.hideLater}</p>`
    : html`<button type="button" class="row" data-verb="hide" aria-disabled=${off} @click=${press(() => hands.hide(item))}><span>${words.hide}</span>${icon("hide")}</button>`}`;
}
