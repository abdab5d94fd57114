// What a reader is told of what went wrong: what it means to them, and the way out.

import { Problem } from "../sdk/client";
import type { Words } from "../words/words";
import { NoToken } from "./page";

/** Says an error; lapsed: the token that is refused was good before. */
export function reasonOf(error: unknown, words: Words, lapsed = true): string {
  if (error instanceof Problem && error.status === 0) return words.network;
  if (error instanceof Problem && error.status === 401) return lapsed ? words.expired : words.refused;
  if (error instanceof NoToken) return words.noAccess;
  return error instanceof Error ? error.message : String(error);
}
