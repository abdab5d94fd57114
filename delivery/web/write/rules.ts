// What keeps a content from being published, or does not do what its writer may think, and is known without asking the server: texts
// past what it takes, and moments that come too late.

import { past } from "../shell/size";
import type { Content, Finding } from "../shell/api";
import { spoken } from "../words/spoken";
import { number } from "../words/words";
import { get, languagesOf, prefixOf, sent, type Form } from "./content";
import { say, type Word } from "./words";

// Bytes that the server takes.
const most = { title: 512, summary: 4 << 10, body: 48 << 10, source: 256, author: 256, community: 256 };
const whole = 80 << 10;

function finding(field: string, severity: "error" | "warning", problem: string, remedy: string): Finding {
  return { field, severity, rule: "own", line: 1, column: 1, problem: { fr: problem, en: problem }, remedy: { fr: remedy, en: remedy } };
}

/** The texts that are too long to be saved. */
export function tooLong(form: Form): Finding[] {
  const found: Finding[] = [];
  const look = (path: string, bytes: number): void => {
    const over = past((get(form, path) as string | undefined) ?? "", bytes);
    if (over) found.push(finding(path, "error", say("tooLong"), say(over === 1 ? "cutOne" : "cut", { n: number(spoken.language, over) })));
  };
  for (const tag of languagesOf(form)) for (const name of ["title", "summary", "body"] as const) look(prefixOf(form, tag) + name, most[name]);
  for (const name of ["source", "author", "community"] as const) look(name, most[name]);
  const over = found.length ? 0 : past(sent(form), whole);
  if (!over) return found;
  const bodies = languagesOf(form).map((tag) => `${prefixOf(form, tag)}body`).sort((a, b) => String(get(form, b) ?? "").length - String(get(form, a) ?? "").length);
  return [finding(bodies[0]!, "error", say("allTooLong"), say("cut", { n: number(spoken.language, over) }))];
}

/** The moments that keep what is asked from happening. What is published may keep a deadline that has passed since. */
export function outOfTime(form: Form, published: Content | null, now = new Date()): Finding[] {
  const at = (name: "published_at" | "expires_at" | "pinned_until" | "mandatory_until"): Date | undefined => (form[name] ? new Date(form[name]) : undefined);
  const [begins, ends, pinned, deadline] = [at("published_at"), at("expires_at"), at("pinned_until"), at("mandatory_until")];
  const found: Finding[] = [];
  const add = (field: string, severity: "error" | "warning", problem: Word, remedy: Word = "laterOrNone"): void => void found.push(finding(field, severity, say(problem), say(remedy)));
  if (ends && ends <= now) add("expires_at", "error", "endPast");
  const open = !ends || ends > now;
  if (pinned && pinned <= now) add("pinned_until", "warning", "pinPast");
  else if (pinned && begins && pinned <= begins) add("pinned_until", "warning", "pinBefore");
  else if (pinned && open && ends && pinned > ends) add("pinned_until", "warning", "goneBefore", "soonerOrLater");
  if (deadline && deadline <= now) add("mandatory_until", published?.mandatory_until === form.mandatory_until ? "warning" : "error", "deadlinePast");
  else if (deadline && begins && deadline <= begins) add("mandatory_until", "error", "deadlineBefore");
  else if (deadline && open && ends && deadline > ends) add("mandatory_until", "warning", "goneBefore", "soonerOrLater");
  return found;
}
