// One reader's feed as it is shown: what was loaded, what waits, what the reader does. It draws nothing.

import type { FeedItem, FeedPage, ItemExplanation } from "../sdk/api";
import { Client, Problem, type TokenSource } from "../sdk/client";
import { Hand, type Facet } from "../sdk/hand";
import { Outbox, type EngagementKind } from "../sdk/outbox";
import { feedPath, Pages, type Order } from "../sdk/pages";
import { Shelf } from "../sdk/shelf";
import { follow } from "../sdk/stream";
import { Marks } from "./marks";
import { NoToken } from "./page";

export interface ReaderOptions {
  server: string;
  token: TokenSource;
  /** Whose feed, with a service key. */
  agent: string;
  /** A stable name that the page gives its reader, so that what was kept is found off line without a token. */
  account: string;
  /** Language that the page asks contents in; empty: the agent's own. */
  language: string;
  /** Language of the interface. */
  spoken: string;
  order: Order | "";
  /** What the reader saved, in place of the feed. */
  saved: boolean;
  limit: number;
  /** Looks and does nothing: no engagement is told. */
  observing: boolean;
}

interface Kept {
  readers: string[];
  agent: string;
  order: Order;
  items: FeedItem[];
  at: string;
}

const mostKept = 200; // contents
const learnAfter = 2000; // milliseconds after the first page, which goes first
const mostAsked = 5; // contents that are missing, each time that the feed changed
const lookAfter = 300; // milliseconds after a change, for changes come together

export class Reader {
  phase: "loading" | "ready" | "more" | "failed" = "loading";
  items: FeedItem[] = [];
  problem: Problem | undefined;
  degraded = false;
  ended = false;
  order: Order = "ranked";
  agent = "";
  /** When what is shown was loaded, if it was kept from then; else empty. */
  keptAt = "";
  /** The token was good and is no longer, as far as can be told. */
  lapsed = false;
  /** Contents that arrived since. */
  news = 0;
  /** Of those shown: no longer in the feed, by id. */
  readonly gone = new Set<string>();
  /** Of those shown: as they are now, by id. */
  readonly newer = new Map<string, FeedItem>();
  readonly marks: Marks;

  #options: ReaderOptions;
  #client: Client;
  #pages: Pages;
  #shelf = new Shelf();
  #hand: Hand;
  #outbox: Outbox;
  #stop = new AbortController();
  #loading: AbortController | undefined;
  #stream: AbortController | undefined;
  #look = 0;
  #hidden = new Set<string>(); // by this page
  #newest = "";
  #begun = false; // a page has come from the server
  #preferences: Map<string, string> | undefined;
  #changed: () => void;

  constructor(options: ReaderOptions, changed: () => void) {
    this.#options = options;
    this.#changed = changed;
    this.#client = new Client({ server: options.server, token: options.token, language: options.language || options.spoken });
    this.#pages = this.#walk();
    this.#hand = new Hand(this.#client, options.agent);
    this.#outbox = new Outbox(this.#client, this.#shelf);
    this.marks = new Marks(this.#shelf, options.server);
    addEventListener("online", () => void this.#outbox.flush(), { signal: this.#stop.signal });
  }

  close(): void {
    this.#stop.abort();
    this.#stream?.abort();
    this.#loading?.abort();
    clearTimeout(this.#look);
  }

  /** Loads the feed from its beginning; what is shown stays until the new one is there. */
  async open(): Promise<void> {
    this.#loading?.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const first = !this.#begun;
    this.phase = "loading";
    this.#changed();
    const pages = this.#walk();
    try {
      const { page, items } = await pages.more(signal);
      if (first) await this.#meet(page.agent);
      if (signal.aborted) return;
      this.#begun = this.lapsed = true;
      this.#pages = pages;
      this.#show(page, items);
      if (first) this.listen(document.visibilityState === "visible");
      if (first && !this.#options.observing && !this.#options.saved) setTimeout(() => void this.#learnSaved().catch(() => {}), learnAfter);
    } catch (error) {
      if (signal.aborted) return;
      await this.#fail(error);
    }
  }

  /** Loads what comes next. */
  async more(): Promise<void> {
    if (this.phase !== "ready" || this.ended || this.keptAt) return;
    this.phase = "more";
    this.problem = undefined;
    this.#changed();
    const pages = this.#pages;
    const { signal } = this.#loading!;
    try {
      const { items } = await pages.more(signal);
      if (pages !== this.#pages) return;
      this.items = [...this.items, ...items];
      this.ended = pages.ended;
      this.#keep();
    } catch (error) {
      if (signal.aborted || pages !== this.#pages) return;
      this.problem = asProblem(error);
    }
    this.phase = "ready";
    this.#changed();
  }

  /**
   * Follows what changes, or stops. A page that is not in front has no stream: a browser opens six connections to a server at most,
   * and a reader may have more tabs than that.
   */
  listen(on: boolean): void {
    this.#stream?.abort();
    this.#stream = undefined;
    if (!on || !this.#begun || this.#options.saved || this.#stop.signal.aborted) return;
    this.#stream = new AbortController();
    void follow(this.#client, this.#options.agent, () => this.#soon(), this.#stream.signal);
  }

  /** Reads in another order from now on. */
  async choose(order: Order): Promise<void> {
    const before = this.order;
    this.#options.order = this.order = order;
    const asked = this.#options.observing ? Promise.resolve() : this.#hand.order(order);
    const [kept] = await Promise.allSettled([asked, this.open()]);
    if (this.problem) {
      this.#options.order = this.order = before; // what is shown is still in it
      this.#changed();
      throw this.problem;
    }
    if (kept.status === "rejected") throw kept.reason;
  }

  explanation(content: string): Promise<ItemExplanation> {
    return this.#pages.explanation(content);
  }

  /** Notes what was done, to be told soon. */
  note(kind: EngagementKind, content: string, seconds?: number): void {
    if (!this.#options.observing && this.agent) this.#outbox.add(kind, this.agent, content, seconds, this.#placer(content));
  }

  /** Tells at once; false when it will be told later. */
  tell(kind: EngagementKind, content: string): Promise<boolean> {
    return this.#outbox.deliver(kind, this.agent, content, this.#placer(content));
  }

  // Where an experiment weaves two lists, acts say again which of them placed the content.
  #placer(content: string): string | undefined {
    return this.items.find((item) => item.content.id === content)?.placed;
  }

  leave(): void {
    if (!this.#options.observing) void this.#outbox.flush(true);
  }

  unsave = (content: string): Promise<void> => this.#hand.unsave(content);
  hide = (content: string): Promise<void> => this.#hand.hide(content).then(() => void this.#hidden.add(content));
  bringBack = (content: string): Promise<void> => this.#hand.bringBack(content);

  /** Reads once what the reader asked before. */
  async learnPreferences(): Promise<void> {
    if (this.#preferences) return;
    const { preferences } = await this.#hand.known();
    this.#preferences ??= new Map(preferences.map((p) => [`${p.facet} ${p.name}`, p.choice]));
    this.#changed();
  }

  preference(facet: Facet, name: string): string | undefined {
    return this.#preferences?.get(`${facet} ${name}`);
  }

  async prefer(facet: Facet, name: string, choice: string): Promise<void> {
    if (choice === "nothing") await this.#hand.takeBack(facet, name);
    else await this.#hand.prefer(facet, name, choice as "more");
    this.#preferences ??= new Map();
    this.#preferences.set(`${facet} ${name}`, choice);
  }

  // Items do not say that they are saved, and the reader may have saved them elsewhere.
  async #learnSaved(): Promise<void> {
    if (this.#stop.signal.aborted || !this.marks.old) return;
    const { agent, language } = this.#options;
    const { items, next } = await this.#client.json<FeedPage>(feedPath({ agent, language, saved: true, limit: 100 }), { signal: this.#stop.signal });
    this.marks.learn(items.map(({ content }) => content.id), !next);
    this.#changed();
  }

  /** Shows a content as it is now. */
  update(content: string): FeedItem | undefined {
    const newer = this.newer.get(content);
    if (!newer) return undefined;
    this.newer.delete(content);
    this.items = this.items.map((item) => (item.content.id === content ? newer : item));
    void this.#keep();
    this.#changed();
    return newer;
  }

  #walk(): Pages {
    return new Pages(this.#client, this.#options);
  }

  // meet takes up what this browser keeps of a reader.
  async #meet(agent: string): Promise<void> {
    await Promise.all([this.marks.open(agent), this.#options.observing || this.#outbox.resume(agent)]);
  }

  #show(page: FeedPage, items: FeedItem[]): void {
    Object.assign(this, { phase: "ready", problem: undefined, keptAt: "", news: 0, agent: page.agent, items, ended: this.#pages.ended });
    this.gone.clear();
    this.newer.clear();
    this.degraded = page.degraded !== undefined;
    this.order = page.explain.includes("order=chronological") || this.degraded ? "chronological" : "ranked";
    this.#newest = items.reduce((latest, { content }) => (content.published_at > latest ? content.published_at : latest), "");
    this.#keep();
    this.#changed();
  }

  async #fail(error: unknown): Promise<void> {
    const problem = asProblem(error);
    // A reader who was refused is shown nothing that was kept; one whom nothing answered is.
    const away = problem.status === 0 || (problem instanceof NoToken && problem.passing);
    const kept = away && this.items.length === 0 ? await this.#kept() : undefined;
    if (problem.status === 401) this.lapsed ||= await this.#client.expired().catch(() => false);
    this.problem = problem;
    if (kept) {
      await this.#meet(kept.agent);
      Object.assign(this, { agent: kept.agent, items: kept.items, order: kept.order, keptAt: kept.at, ended: true, problem: undefined });
    }
    this.phase = this.items.length > 0 ? "ready" : "failed";
    this.#changed();
  }

  // What is kept is for one reader at a time: another one's feed takes its place.
  async #keep(): Promise<void> {
    const { account, agent } = this.#options;
    const readers = [account, agent, await this.#client.subject().catch(() => ""), this.agent].filter(Boolean);
    const value: Kept = { readers, agent: this.agent, order: this.order, items: this.items.filter(({ content }) => !this.gone.has(content.id)).slice(0, mostKept), at: new Date().toISOString() };
    remember(this.#options.server, this.agent);
    await this.#shelf.put(this.#keptAs, value);
  }

  get #keptAs(): string {
    return (this.#options.saved ? "saved " : "feed ") + this.#options.server;
  }

  async #kept(): Promise<Kept | undefined> {
    const kept = await this.#shelf.get<Kept>(this.#keptAs);
    const { account, agent, server } = this.#options;
    const names = account || agent ? [account, agent] : [(await this.#client.subject().catch(() => "")) || remembered(server)];
    return kept?.readers.some((reader) => names.includes(reader)) ? kept : undefined;
  }

  /** Erases what this browser keeps of the reader, as on signing out. */
  async forget(): Promise<void> {
    await Promise.all([this.#shelf.remove("feed " + this.#options.server), this.#shelf.remove("saved " + this.#options.server), this.#shelf.remove("outbox " + this.#options.server), this.marks.forget()]);
  }

  #soon(): void {
    clearTimeout(this.#look);
    this.#look = setTimeout(() => void this.#arrived().catch(() => {}), lookAfter);
  }

  // A content has arrived if it is not shown and is newer than all that is, or is pinned or mandatory: one that only moved up
  // from further down is no news.
  async #arrived(): Promise<void> {
    const pages = this.#pages;
    const page = await pages.fresh();
    if (!page || pages !== this.#pages || this.keptAt) return;
    const shown = new Set(this.items.map(({ content }) => content.id));
    const now = new Date().toISOString();
    this.news = page.items.filter(({ content }) => !shown.has(content.id) &&
      (content.published_at > this.#newest || (content.pinned_until ?? "") > now || (content.mandatory_until ?? "") > now)).length;
    const there = new Map(page.items.map((item) => [item.content.id, item]));
    this.newer.clear();
    for (const item of this.items) {
      const fresh = there.get(item.content.id);
      if (fresh && textOf(fresh) !== textOf(item)) this.newer.set(item.content.id, fresh);
      if (fresh) this.gone.delete(item.content.id);
    }
    this.#changed();
    if (!page.degraded) await this.#lookFor(pages, page, there);
  }

  // A content that left the first page may have gone down, or be hidden: the server is asked, which says 404 of one that the
  // agent may read no more. One below all that is still there was only pushed down by what came, unless the page is the whole feed.
  async #lookFor(pages: Pages, page: FeedPage, there: Map<string, FeedItem>): Promise<void> {
    const last = page.next ? this.items.findLastIndex(({ content }) => there.has(content.id)) : this.items.length;
    const missing = this.items.slice(0, last).map(({ content }) => content.id).filter((id) => !there.has(id) && !this.gone.has(id) && !this.#hidden.has(id));
    for (const id of missing.slice(0, mostAsked)) {
      const answer = await this.explanation(id).catch((error: unknown) => error);
      if (pages !== this.#pages) return;
      if (answer instanceof Problem && answer.status === 404) this.gone.add(id);
    }
    if (missing.length === 0) return;
    void this.#keep();
    this.#changed();
  }
}

const textOf = ({ content: c }: FeedItem): string => JSON.stringify([c.revised_at, c.title, c.summary, c.body_html, c.mandatory_until]);

const asProblem = (error: unknown): Problem => (error instanceof Problem ? error : new Problem(-1, error instanceof Error ? error.message : String(error)));

// A tab remembers whose feed it showed, for when no token can be had to say so.
function remember(server: string, agent: string): void {
  try {
    sessionStorage.setItem("fil.reader " + server, agent);
  } catch {
    // a browser that keeps nothing
  }
}

function remembered(server: string): string {
  try {
    return sessionStorage.getItem("fil.reader " + server) ?? "";
  } catch {
    return "";
  }
}
