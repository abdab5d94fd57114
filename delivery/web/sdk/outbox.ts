// Sends what a reader does: in batches, again when the network was away, and on leaving the page.

import { Problem, type Client } from "./client";
import type { Shelf } from "./shelf";

export type EngagementKind =
  | "impression" | "open" | "read" | "dwell" | "click" | "reaction" | "comment" | "share" | "save" | "follow" | "dismiss" | "acknowledge";

/** An engagement as a CloudEvent. Its source and id are its identity: sent twice, it counts once. */
export interface Engagement {
  specversion: "1.0";
  id: string;
  source: string;
  type: string;
  subject: string;
  time: string;
  datacontenttype: "application/json";
  data: { agent: string; content: string; dwell?: number; placed?: string };
}

const source = "fil-feed";
const every = 2000; // milliseconds between two sendings
const longestWait = 60_000; // when the network is away
const batch = 100;
const most = 500; // that wait; what is older goes first

export class Outbox {
  #client: Client;
  #shelf: Shelf;
  #key: string;
  #waiting: Engagement[] = [];
  #going = new Set<Engagement>(); // by requests that outlive the page
  #timer = 0;
  #wait = every;
  #sending: Promise<void> = Promise.resolve();

  constructor(client: Client, shelf: Shelf) {
    this.#client = client;
    this.#shelf = shelf;
    this.#key = "outbox " + client.server;
  }

  /** Sends one engagement at once. False: the network is away, and it waits. Throws what the server refuses. */
  async deliver(kind: EngagementKind, agent: string, content: string, placed?: string): Promise<boolean> {
    const event = engagement(kind, agent, content, undefined, placed);
    try {
      await this.#post([event], false);
      return true;
    } catch (error) {
      if (!(error instanceof Problem) || !error.passing) throw error;
      this.#waiting.push(event);
      void this.#shelf.put(this.#key, this.#waiting);
      this.#plan();
      return false;
    }
  }

  /** Takes up what an earlier page could not send for this agent; what waits for another reader of this browser goes away. */
  async resume(agent: string): Promise<void> {
    const kept = (await this.#shelf.get<Engagement[]>(this.#key)) ?? [];
    void this.#shelf.remove(this.#key);
    this.#waiting.unshift(...kept.filter((e) => e.data.agent === agent && !this.#waiting.some((w) => w.id === e.id)));
    this.#plan();
  }

  /** Notes an engagement, to be sent soon; placed is what the item of the feed said, if anything. */
  add(kind: EngagementKind, agent: string, content: string, dwell?: number, placed?: string): void {
    this.#waiting.push(engagement(kind, agent, content, dwell, placed));
    this.#waiting.splice(0, this.#waiting.length - most);
    this.#plan();
  }

  /** Sends what waits now. True when nothing waits any more. */
  async flush(leaving = false): Promise<boolean> {
    if (this.#waiting.length === 0) return true; // what an earlier page kept stays until it is taken up
    if (leaving) {
      // The page ends before an answer comes: what is sent is kept as well, and counts once if both arrive.
      void this.#shelf.put(this.#key, [...this.#waiting]);
      void this.#send(true);
      return false;
    }
    this.#sending = this.#sending.then(() => this.#send(false));
    await this.#sending;
    return this.#waiting.length === 0;
  }

  // Keepalive lets a request outlive its page, as a beacon would; a beacon could not carry the token.
  // A page that is left is hidden first and goes away next: what such a request carries is not sent by another.
  async #send(keepalive: boolean): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (let some = this.#next(); some.length > 0; some = this.#next()) {
      if (keepalive) for (const event of some) this.#going.add(event);
      try {
        await this.#post(some, keepalive);
      } catch (error) {
        if (!(error instanceof Problem) || error.passing || error.status === 401) {
          void this.#shelf.put(this.#key, this.#waiting);
          this.#wait = Math.min(2 * this.#wait, longestWait);
          return this.#plan();
        } // else the server will never take these
      } finally {
        if (keepalive) for (const event of some) this.#going.delete(event);
      }
      this.#waiting = this.#waiting.filter((e) => !some.includes(e));
    }
    this.#wait = every;
    if (this.#waiting.length === 0) void this.#shelf.remove(this.#key);
  }

  #next(): Engagement[] {
    return this.#waiting.filter((event) => !this.#going.has(event)).slice(0, batch);
  }

  async #post(events: Engagement[], keepalive: boolean): Promise<void> {
    const headers = { "Content-Type": "application/cloudevents-batch+json" };
    await this.#client.call("/v1/engagements", { method: "POST", headers, body: JSON.stringify(events), keepalive });
  }

  #plan(): void {
    if (this.#waiting.length > 0) this.#timer ||= setTimeout(() => void this.flush(), this.#wait);
  }
}

function engagement(kind: EngagementKind, agent: string, content: string, dwell?: number, placed?: string): Engagement {
  return {
    specversion: "1.0", id: unique(), source, type: `fil.engagement.${kind}`, subject: content, time: new Date().toISOString(),
    datacontenttype: "application/json", data: { agent, content, ...(dwell === undefined ? {} : { dwell }), ...(placed ? { placed } : {}) },
  };
}

// unique is there on plain HTTP too, where crypto.randomUUID is not.
function unique(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
