// What a reader asks of their feed, at once and back.

import type { Known } from "./api";
import type { Client } from "./client";
import type { Order } from "./pages";

export type Facet = "topic" | "source" | "author" | "kind" | "community";
export type Choice = "more" | "less" | "follow" | "hide";

export class Hand {
  #client: Client;
  #query: string;

  constructor(client: Client, agent = "") {
    this.#client = client;
    this.#query = agent ? `?agent=${encodeURIComponent(agent)}` : "";
  }

  known(): Promise<Known> {
    return this.#client.json<Known>(`/v1/me/profile${this.#query}`);
  }

  prefer(facet: Facet, name: string, choice: Choice): Promise<void> {
    return this.#write("PUT", `preferences/${facet}/${encodeURIComponent(name)}`, { choice });
  }

  takeBack(facet: Facet, name: string): Promise<void> {
    return this.#write("DELETE", `preferences/${facet}/${encodeURIComponent(name)}`);
  }

  hide(content: string): Promise<void> {
    return this.#write("PUT", `preferences/content/${encodeURIComponent(content)}`, { choice: "hide" });
  }

  bringBack(content: string): Promise<void> {
    return this.#write("DELETE", `preferences/content/${encodeURIComponent(content)}`);
  }

  unsave(content: string): Promise<void> {
    return this.#write("DELETE", `saved/${encodeURIComponent(content)}`);
  }

  order(order: Order): Promise<void> {
    return this.#write("PUT", "order", { order });
  }

  async #write(method: string, path: string, body?: unknown): Promise<void> {
    const sent = body ? { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {};
    await this.#client.call(`/v1/me/${path}${this.#query}`, { method, ...sent });
  }
}
