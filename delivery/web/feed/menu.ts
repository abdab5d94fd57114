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
  const [facet, name] = topics[0] ? (["topic", topics[0]] as const) : (["source", source] as const);
  const subject = name ? words.on[facet](name) : "";
  const choices = [...topics.slice(0, topicsShown).map((topic) => ["topic", topic] as const), ...(source ? [["source", source] as const] : [])];
  return html`
    ${name ? html`
      <button type="button" class="row" data-verb="more" @click=${() => hands.prefer(item, facet, name, "more")}><span>${words.moreLike}</span> <small>${subject}</small></button>
      <button type="button" class="row" data-verb="less" @click=${() => hands.prefer(item, facet, name, "less")}><span>${words.lessLike}</span> <small>${subject}</small></button>` : nothing}
    ${choices.map(([kind, value]) => {
      const followed = hands.follows(kind, value);
      const what = words.on[kind](value);
      return html`<button type="button" class="row" data-verb="follow" @click=${() => hands.prefer(item, kind, value, followed ? "nothing" : "follow")}>
        <span>${followed ? words.unfollow(what) : words.follow(what)}</span>${followed ? icon("check") : nothing}</button>`;
    })}
    ${due ? html`<p class="hint row">${words.hideLater}</p>` : html`<button type="button" class="row" data-verb="hide" @click=${() => hands.hide(item)}><span>${words.hide}</span>${icon("hide")}</button>`}`;
}
