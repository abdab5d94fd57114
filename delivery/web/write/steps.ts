// What was done to a content, told in sentences.

import type { Content, Step, View } from "../shell/api";
import { differences, formOf } from "./content";
import { when } from "./moments";
import { say, type Word } from "./words";

export const stepWords = ({ what, label, at }: Step): string => say(`step_${what}` as Word, { who: label || say("someone"), when: when(at) });

/** What was done last. */
export const lastOf = (view: View): Step => view.steps.at(-1)!;

/** Who asks for a second person, by name. */
export const askerOf = (approval: string, name: (id: string) => string): string => (approval === "contents.approval" ? say("contentsAsks") : name(approval));

const conflicts: Partial<Record<string, Word>> = { discarded: "conflictDiscarded", published: "conflictPublished", withdrawn: "conflictWithdrawn" };

/** What another did while one wrote or read, or oneself in another tab, and who has a draft of their own. The versions are the newest first; me is the name of the caller's key. */
export function meanwhile([last]: View[], live: Content | null, writing: boolean, me: string): { title: string; who?: string } {
  const { label = "", at = "" } = last ? lastOf(last) : {};
  const own = label !== "" && label === me;
  const doing = own ? say("elsewhere") : say(writing ? "whileWriting" : "whileReading");
  const told = { who: own ? say("youDid") : label || say("someone"), has: say(own ? "youHave" : "has"), when: when(at), doing };
  if (last?.state === "draft" || last?.state === "submitted") return { title: say("conflict", told), who: own ? say("otherTab") : told.who };
  // An import leaves no version: what is live is then not what was published last.
  const imported = last?.state === "published" && !(live && last.value && !differences(formOf(live), formOf(last.value)).length);
  const word = last && !imported ? conflicts[last.state] : undefined;
  return { title: word ? say(word, told) : say("conflictLive") };
}

/** Where a published content stands now. */
export function liveState(content: Content, now = new Date()): "planned" | "live" | "expired" {
  if (new Date(content.published_at) > now) return "planned";
  return content.expires_at && new Date(content.expires_at) <= now ? "expired" : "live";
}
