// Reads a feed page by page.

import type { FeedItem, FeedPage, ItemExplanation } from "./api";
import type { Client } from "./client";

export type Order = "ranked" | "chronological";

export interface PagesOptions {
  /** Whose feed, with a service key; empty for the token's own. */
  agent?: string;
  /** Empty: as the agent chose. */
  order?: Order | "";
  /** What the reader saved, the last saved first, in place of the feed. */
  saved?: boolean;
  /** Contents a page, from 1 to 100; 20 when it is no such number. */
  limit?: number;
  /** Language that contents are asked in; empty: the agent's own. */
  language?: string;
}

/**
 * One walk down a feed. A cursor carries what remains, so that a page neither repeats nor skips what was there when the walk
 * began; ids that were given are remembered all the same, for a walk that begins anew joins the present one.
 */
export class Pages {
  #client: Client;
  #options: PagesOptions;
  #next: string | undefined = "";
  #given = new Set<string>();
  #etag = "";
  #explain = "";

  constructor(client: Client, options: PagesOptions = {}) {
    this.#client = client;
    this.#options = options;
  }

  get ended(): boolean {
    return this.#next === undefined;
  }

  /** The items after those given so far, and the page they came in. */
  async more(signal?: AbortSignal): Promise<{ page: FeedPage; items: FeedItem[] }> {
    const answer = await this.#client.call(this.#path(this.#next ?? ""), { signal: signal ?? null });
    const page = (await answer.json()) as FeedPage;
    if (this.#next === "") this.#etag = answer.headers.get("ETag") ?? "";
    this.#next = page.next;
    this.#explain = page.explain;
    const items = page.items.filter(({ content }) => !this.#given.has(content.id));
    for (const { content } of items) this.#given.add(content.id);
    return { page, items };
  }

  /** The first page as it is now, or undefined if it is as it was. */
  async fresh(): Promise<FeedPage | undefined> {
    const answer = await this.#client.call(this.#path(""), this.#etag ? { headers: { "If-None-Match": this.#etag } } : {});
    if (answer.status === 304) return undefined;
    this.#etag = answer.headers.get("ETag") ?? "";
    return (await answer.json()) as FeedPage;
  }

  /** Why a content stands where it does, in whole. */
  explanation(content: string): Promise<ItemExplanation> {
    return this.#client.json<ItemExplanation>(this.#explain.replace("{content}", encodeURIComponent(content)));
  }

  #path(cursor: string): string {
    return feedPath(this.#options, cursor);
  }
}

/** An order that there is; else none, which is the one that the agent chose. */
export const orderOf = (order = ""): Order | "" => (order === "ranked" || order === "chronological" ? order : "");

/** Contents that a page may have, the nearest to what is asked. */
export const limitOf = (limit = 20): number => Math.min(100, Math.max(1, Math.trunc(limit) || 20));

/** Where a page of a feed is asked for; the first without a cursor. */
export function feedPath({ agent, order, saved, limit, language }: PagesOptions = {}, cursor = ""): string {
  const query = new URLSearchParams({ limit: String(limitOf(limit)) });
  if (orderOf(order)) query.set("order", orderOf(order));
  if (language) query.set("lang", language);
  if (saved) query.set("saved", "true");
  if (cursor) query.set("cursor", cursor);
  return `${agent ? `/v1/agents/${encodeURIComponent(agent)}/feed` : "/v1/feed"}?${query}`;
}
