// The addresses at which other programs read a reader's feed.

import type { MadeSubscription, Subscriptions } from "./api";
import type { Client } from "./client";

export class AddressBook {
  #client: Client;
  #query: string;

  constructor(client: Client, agent = "") {
    this.#client = client;
    this.#query = agent ? `?agent=${encodeURIComponent(agent)}` : "";
  }

  /** Those that serve, the oldest first. What they are is told by make alone. */
  list(): Promise<Subscriptions> {
    return this.#client.json<Subscriptions>(`/v1/feed/subscriptions${this.#query}`);
  }

  make(label: string): Promise<MadeSubscription> {
    return this.#client.json<MadeSubscription>(`/v1/feed/subscriptions${this.#query}`, {
      method: "POST", body: JSON.stringify({ label }), headers: { "Content-Type": "application/json" },
    });
  }

  async close(id: string): Promise<void> {
    await this.#client.call(`/v1/feed/subscriptions/${encodeURIComponent(id)}${this.#query}`, { method: "DELETE" });
  }

  async closeAll(): Promise<void> {
    await this.#client.call(`/v1/feed/subscriptions${this.#query}`, { method: "DELETE" });
  }
}
