// What went wrong, in words for people.

import { Problem } from "../sdk/client";
import { say } from "./words";

/** The words of what was thrown: what a proxy or the network answers is not in the page's language. */
export function told(error: unknown): string {
  if (!(error instanceof Problem)) return (error as Error).message;
  if (error.status === 0) return say("network");
  return error.status === 413 ? say("tooLarge") : error.message;
}
