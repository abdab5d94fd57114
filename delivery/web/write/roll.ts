// The audiences that the key sees, by their names.

import type { Client } from "../sdk/client";
import type { AudiencesPageBody } from "../shell/api";
import { say } from "./words";

const most = 2000; // audiences read at once

export class Roll {
  readonly #names = new Map<string, string>();

  async load(client: Client): Promise<void> {
    for (let after = ""; this.#names.size < most; ) {
      const page = await client.json<AudiencesPageBody>(`/v1/audiences?limit=100&after=${encodeURIComponent(after)}`);
      for (const { id, name } of page.audiences) this.#names.set(id, name || id);
      if (!(after = page.next ?? "")) return;
    }
  }

  name(id: string): string {
    return this.#names.get(id) ?? say("hiddenAudience");
  }

  /** Ids in the order of their names. */
  all(): string[] {
    return [...this.#names].sort(([, a], [, b]) => a.localeCompare(b, "fr")).map(([id]) => id);
  }

  /** Whom a content is for, in a few words. */
  words(audiences: string[] | undefined): string {
    if (!audiences?.length) return say("everyone");
    const names = audiences.slice(0, 2).map((id) => this.name(id)).join(", ");
    return audiences.length > 2 ? say("andMore", { names, n: audiences.length - 2 }) : names;
  }
}
