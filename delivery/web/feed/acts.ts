// What a reader does with cards: at once on the screen, then told to the server, and taken back if it refuses.

import type { FeedItem } from "../sdk/api";
import type { Facet } from "../sdk/hand";
import type { Order } from "../sdk/pages";
import type { Language, Words } from "../words/words";
import { untouched, type CardState, type Hands } from "./card";
import type { FilFeed } from "./element";
import type { Reader } from "./reader";
import { reasonOf } from "./said";

export class Acts implements Hands {
  readonly busy = new Set<string>();
  #feed: FilFeed;
  #reader: Reader;
  #states = new Map<string, CardState>();

  constructor(feed: FilFeed, reader: Reader) {
    this.#feed = feed;
    this.#reader = reader;
  }

  get words(): Words {
    return this.#feed.words;
  }

  get language(): Language {
    return this.#feed.language;
  }

  get level(): number {
    return this.#feed.level + 1;
  }

  get observing(): boolean {
    return this.#feed.observe || this.#feed.kiosk;
  }

  get printing(): boolean {
    return this.#feed.printing;
  }

  get away(): boolean {
    return this.#feed.away;
  }

  get kiosk(): boolean {
    return this.#feed.kiosk;
  }

  get rules(): string {
    return this.#feed.server + "/policy";
  }

  state(item: FeedItem): CardState {
    const { id } = item.content;
    const version = versionOf(item);
    let state = this.#states.get(version);
    const { marks } = this.#reader;
    if (!state) {
      this.#states.set(version, (state = untouched(item)));
      if (this.#feed.saved) marks.add("saved", id);
    }
    state.acknowledged ||= item.acknowledged || marks.has("acknowledged", version);
    state.saved = marks.has("saved", id);
    state.reacted ||= marks.has("reacted", id);
    return state;
  }

  asked = (facet: Facet, name: string): string | undefined => this.#reader.preference(facet, name);

  async choose(order: Order): Promise<void> {
    try {
      await this.#reader.choose(order);
      this.#feed.say(this.words.orderDone[order]);
    } catch (error) {
      this.#feed.say(reasonOf(error, this.words));
    }
  }

  standing(item: FeedItem): "gone" | "newer" | undefined {
    const { id } = item.content;
    return this.#reader.gone.has(id) ? "gone" : this.#reader.newer.has(id) ? "newer" : undefined;
  }

  update(item: FeedItem): void {
    const { open } = this.state(item);
    const newer = this.#reader.update(item.content.id);
    if (!newer) return;
    this.state(newer).open = open;
    void this.#focus(newer, "");
  }

  /** Closes all that was opened. */
  fold(): void {
    for (const state of this.#states.values()) Object.assign(state, { open: false, menu: false, why: "closed", note: undefined });
    this.#feed.requestUpdate();
  }

  toggle(item: FeedItem): void {
    const state = this.state(item);
    state.open = !state.open;
    if (state.open) this.#did("open", item);
    this.#feed.requestUpdate();
  }

  clicked(item: FeedItem, event: Event): void {
    if (!(event.target as Element).closest("a")) return;
    if (this.kiosk) event.preventDefault(); // a screen has no way back
    else this.#did("click", item);
  }

  acknowledge(item: FeedItem): void {
    const { words } = this;
    void this.#attempt("acknowledge", item, async (state) => {
      const told = await this.#reader.tell("acknowledge", item.content.id);
      this.#reader.marks.add("acknowledged", versionOf(item));
      state.acknowledged = true;
      state.note = told ? undefined : { text: words.acknowledgedLater };
      this.#feed.say(told ? words.acknowledged : words.acknowledgedLater);
      this.#out("acknowledge", item);
      await this.#focus(item, ""); // the button, which had the focus, is gone
    });
  }

  // It has no way back in the log of engagements: a second press does nothing.
  react(item: FeedItem): void {
    const state = this.state(item);
    if (state.reacted) return;
    state.reacted = true;
    this.#reader.marks.add("reacted", item.content.id);
    this.#did("reaction", item);
    this.#feed.say(this.words.reacted);
    this.#feed.requestUpdate();
  }

  /** Saves a content, or takes it back. It is told at once, for what is saved may be looked at next. */
  save(item: FeedItem): void {
    const { id } = item.content;
    const { words } = this;
    void this.#attempt("save", item, async (state) => {
      const { marks } = this.#reader;
      state.note = undefined;
      if (state.saved) {
        await this.#reader.unsave(id);
        marks.remove("saved", id);
        state.saved = false;
      } else {
        await this.#reader.tell("save", id);
        marks.add("saved", id);
        state.saved = true;
      }
      this.#feed.say(state.saved ? words.savedSaid : words.unsavedSaid);
      this.#out(state.saved ? "save" : "unsave", item);
    });
  }

  why(item: FeedItem): void {
    const state = this.state(item);
    if (state.why !== "closed") {
      state.why = "closed";
      this.#feed.requestUpdate();
      return;
    }
    Object.assign(state, { why: "loading", menu: false });
    this.#feed.requestUpdate();
    this.#reader.explanation(item.content.id)
      .then((found) => (state.why = found), (error: unknown) => (state.why = new Error(reasonOf(error, this.words))))
      .finally(() => this.#feed.requestUpdate());
  }

  menu(item: FeedItem): void {
    const state = this.state(item);
    const opens = !state.menu;
    for (const other of this.#states.values()) other.menu = false;
    state.menu = opens;
    if (opens) {
      state.why = "closed";
      this.#reader.learnPreferences().catch(() => {}); // then nothing is said to be followed
    }
    this.#feed.requestUpdate();
  }

  hide(item: FeedItem): void {
    const { id, title } = item.content;
    void this.#attempt("hide", item, async (state) => {
      Object.assign(state, { hidden: true, menu: false, note: undefined });
      this.#feed.say(this.words.hiddenSaid(title));
      await this.#focus(item, "[data-verb=undo]");
      try {
        await this.#reader.hide(id);
        this.#out("hide", item);
      } catch (error) {
        state.hidden = false;
        throw error;
      }
    });
  }

  bringBack(item: FeedItem): void {
    const { id, title } = item.content;
    void this.#attempt("bring back", item, async (state) => {
      await this.#reader.bringBack(id);
      state.hidden = false;
      this.#feed.say(this.words.undone(title));
      this.#out("bring-back", item);
      await this.#focus(item, "");
    });
  }

  prefer(item: FeedItem, facet: Facet, name: string, choice: "more" | "less" | "follow" | "nothing"): void {
    const { words } = this;
    const before = (this.asked(facet, name) ?? "nothing") as typeof choice;
    const what = facet === "topic" ? words.on.topic(name) : words.on.source(name);
    void this.#attempt("prefer", item, async (state) => {
      await this.#reader.prefer(facet, name, choice);
      const ended = before === "follow" ? words.unfollowed : () => words.takenBack;
      const text = { more: words.moreDone, less: words.lessDone, follow: words.followed, nothing: ended }[choice](what);
      const undo = (): void => void this.#attempt("prefer", item, async () => {
        await this.#reader.prefer(facet, name, before);
        state.note = { text: words.takenBack };
        this.#feed.say(words.takenBack);
        await this.#focus(item, "[data-verb=menu]");
      });
      Object.assign(state, { menu: false, note: { text, undo } });
      this.#feed.say(text);
      this.#out(choice, item);
      await this.#focus(item, "[data-verb=undo]");
    });
  }

  // attempt does one thing at a time with a card, and says on it what went wrong.
  async #attempt(verb: string, item: FeedItem, work: (state: CardState) => Promise<void>): Promise<void> {
    const key = `${verb} ${item.content.id}`;
    if (this.busy.has(key)) return;
    const state = this.state(item);
    this.busy.add(key);
    this.#feed.requestUpdate();
    try {
      await work(state);
    } catch (error) {
      state.note = { text: reasonOf(error, this.words) };
      this.#feed.say(state.note.text);
    } finally {
      this.busy.delete(key);
      this.#feed.requestUpdate();
    }
  }

  #did(kind: "open" | "click" | "reaction", item: FeedItem): void {
    this.#reader.note(kind, item.content.id);
    this.#out(kind, item);
  }

  #out(kind: string, { content }: FeedItem): void {
    this.#feed.dispatchEvent(new CustomEvent("fil-act", { bubbles: true, composed: true, detail: { kind, content: content.id } }));
  }

  async #focus(item: FeedItem, selector: string): Promise<void> {
    this.#feed.requestUpdate();
    await this.#feed.updateComplete;
    const card = this.#feed.card(item.content.id);
    (selector ? card?.querySelector<HTMLElement>(selector) : card)?.focus({ preventScroll: true });
  }
}

// versionOf tells a content from what it was before it was revised, which is to be read and acknowledged anew.
const versionOf = ({ content }: FeedItem): string => (content.revised_at ? `${content.id} ${content.revised_at}` : content.id);
