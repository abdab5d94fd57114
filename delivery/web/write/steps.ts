// What was done to a content, told in sentences.

import type { Content, Step, View } from "../shell/api";
import { when } from "./moments";
import { say, type Word } from "./words";

export const stepWords = ({ what, label, at }: Step): string => say(`step_${what}` as Word, { who: label || say("someone"), when: when(at) });

/** What was done last. */
export const lastOf = (view: View): Step => view.steps.at(-1)!;

/** Who asks for a second person, by name. */
export const askerOf = (approval: string, name: (id: string) => string): string => (approval === "contents.approval" ? say("contentsAsks") : name(approval));

/** Where a published content stands now. */
export function liveState(content: Content, now = new Date()): "planned" | "live" | "expired" {
  if (new Date(content.published_at) > now) return "planned";
  return content.expires_at && new Date(content.expires_at) <= now ? "expired" : "live";
}
