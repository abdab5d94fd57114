// What a reader did with contents, kept in this browser: the API tells what was acknowledged, not what was kept or liked.

import type { Shelf } from "../sdk/shelf";

export type Mark = "saved" | "reacted" | "acknowledged";

const most = 500; // of each

export class Marks {
  #shelf: Shelf;
  #server: string;
  #agent = "";
  #ids: Record<Mark, string[]> = { saved: [], reacted: [], acknowledged: [] };

  constructor(shelf: Shelf, server: string) {
    this.#shelf = shelf;
    this.#server = server;
  }

  async open(agent: string): Promise<void> {
    this.#agent = agent;
    const kept = await this.#shelf.get<{ agent: string; ids: Record<Mark, string[]> }>(this.#key);
    if (kept?.agent === agent) this.#ids = { ...this.#ids, ...kept.ids };
  }

  has(mark: Mark, content: string): boolean {
    return this.#ids[mark].includes(content);
  }

  add(mark: Mark, content: string): void {
    if (this.has(mark, content)) return;
    this.#ids[mark] = [content, ...this.#ids[mark]].slice(0, most);
    void this.#shelf.put(this.#key, { agent: this.#agent, ids: this.#ids });
  }

  remove(mark: Mark, content: string): void {
    this.#ids[mark] = this.#ids[mark].filter((id) => id !== content);
    void this.#shelf.put(this.#key, { agent: this.#agent, ids: this.#ids });
  }

  forget(): Promise<void> {
    return this.#shelf.remove(this.#key);
  }

  get #key(): string {
    return "marks " + this.#server;
  }
}
