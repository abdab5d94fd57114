// <fil-card>: a content as feeds draw it, by the feed's own code and in its own style.

import { nothing, unsafeCSS, type TemplateResult } from "lit";
import styles from "../feed/feed.css?inline";
import { drawCard, untouched, type CardState, type Hands } from "../feed/card";
import type { FeedItem } from "../sdk/api";
import { Part } from "../shell/part";
import { tokenSheet } from "../theme/sheet";
import { spoken } from "../words/spoken";
import { wordsIn } from "../words/words";
import { get, originalOf, type Form } from "./content";
import { say } from "./words";

/** A content as an agent who reads a language is given it. html is its body, which the server has made safe. */
export function itemOf(form: Form, language: string, html: string): FeedItem {
  const prefix = language === originalOf(form) || !form.translations?.[language] ? "" : `translations.${language}.`;
  const text = (name: string): string => (get(form, prefix + name) as string | undefined) ?? "";
  const dated = (name: "pinned_until" | "mandatory_until" | "revised_at"): Record<string, string> => (form[name] ? { [name]: form[name] } : {});
  return {
    acknowledged: false, reasons: [], score: 0,
    content: {
      id: "preview", kind: form.kind, title: text("title") || say("untitled"), summary: text("summary"), body_html: html, language: prefix ? language : originalOf(form),
      topics: form.topics ?? [], source: form.source ?? "", author: form.author ?? "", published_at: form.published_at ?? new Date().toISOString(),
      ...dated("pinned_until"), ...dated("mandatory_until"), ...dated("revised_at"),
    },
  };
}

const still = (): void => {};

export class CardPreview extends Part {
  static override styles = [tokenSheet, unsafeCSS(styles), unsafeCSS(".actions, .meta time[title]::after { display: none; } .card { margin: 0; padding-bottom: 1.1rem; }")];
  static override properties = { item: { attribute: false }, open: { type: Boolean }, state: { state: true } };

  declare item: FeedItem | undefined;
  /** Whether the whole text is shown at first. */
  declare open: boolean;
  declare state: CardState | undefined;

  override render(): TemplateResult | typeof nothing {
    const { item } = this;
    if (!item) return nothing;
    this.state ??= { ...untouched(item), open: this.open };
    const change = (part: Partial<CardState>): void => void (this.state = { ...this.state!, ...part });
    const hands: Hands = {
      words: wordsIn(spoken.language), language: spoken.language, level: 3, observing: false, printing: false, busy: new Set(), rules: "#", asked: () => undefined,
      toggle: () => change({ open: !this.state!.open }),
      clicked: (_, event) => event.preventDefault(), // a link leads out of what is being written
      acknowledge: () => change({ note: { text: say("previewNote") } }),
      react: still, save: still, why: still, menu: still, hide: still, bringBack: still, prefer: still,
    };
    return drawCard(item, this.state, hands, { at: 1, of: 1 });
  }
}
