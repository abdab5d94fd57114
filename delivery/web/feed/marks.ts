// What a reader did with contents, kept in this browser: items tell what was acknowledged, not what was kept
// or liked. What was kept is learned now and then from its list.

import type { Shelf } from "../sdk/shelf";

export type Mark = "saved" | "reacted" | "acknowledged";

const most = 500; // of each
const learnedFor = 600_000; // milliseconds

export class Marks {
  #shelf: Shelf;
  #server: string;
  #agent = "";
  #learned = 0; // when the server last said what is saved, or the reader last changed it
  #ids: Record<Mark, string[]> = { saved: [], reacted: [], acknowledged: [] };

  constructor(shelf: Shelf, server: string) {
    this.#shelf = shelf;
    this.#server = server;
  }

  async open(agent: string): Promise<void> {
    this.#agent = agent;
    const kept = await this.#shelf.get<{ agent: string; learned?: number; ids: Record<Mark, string[]> }>(this.#key);
    if (kept?.agent !== agent) return;
    this.#ids = { ...this.#ids, ...kept.ids };
    this.#learned = kept.learned ?? 0;
  }

  /** Whether what is saved may have changed in another browser. */
  get old(): boolean {
    return Date.now() - this.#learned > learnedFor;
  }

  /** Takes what is saved from the server; there may be more when it is not all. */
  learn(saved: string[], all: boolean): void {
    this.#ids.saved = [...saved, ...(all ? [] : this.#ids.saved.filter((id) => !saved.includes(id)))];
    this.#put("saved");
  }

  has(mark: Mark, content: string): boolean {
    return this.#ids[mark].includes(content);
  }

  add(mark: Mark, content: string): void {
    if (this.has(mark, content)) return;
    this.#ids[mark] = [content, ...this.#ids[mark]].slice(0, most);
    this.#put(mark);
  }

  remove(mark: Mark, content: string): void {
    this.#ids[mark] = this.#ids[mark].filter((id) => id !== content);
    this.#put(mark);
  }

  // What was just saved is not known of the server at once: it is not asked for a while.
  #put(mark: Mark): void {
    if (mark === "saved") this.#learned = Date.now();
    void this.#shelf.put(this.#key, { agent: this.#agent, learned: this.#learned, ids: this.#ids });
  }

  forget(): Promise<void> {
    return this.#shelf.remove(this.#key);
  }

  get #key(): string {
    return "marks " + this.#server;
  }
}
