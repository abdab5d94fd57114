// The steps of a content from its draft to its withdrawal: what is asked first, what is sent, what is said after.

import { html, nothing } from "lit";
import type { Client } from "../sdk/client";
import type { Content, Reach, View } from "../shell/api";
import { ask, type Question } from "../shell/ask";
import { spoken } from "../words/spoken";
import { number } from "../words/words";
import type { Form } from "./content";
import { when } from "./moments";
import type { Roll } from "./roll";
import { askerOf } from "./steps";
import { counted, say, type Word } from "./words";

/** What a step is taken with. */
export interface Hand {
  client: Client;
  id: string;
  form: Form;
  view: View | undefined; // the draft under way
  asker: string; // who asks for a second person: an audience, or the configuration; empty: nobody
  live: Content | null;
  reach: Reach | null;
  warnings: number;
  roll: Roll;
  over: string; // ETag of what was published since the draft was begun, to publish over it; empty: it is not
  typed: Map<string, string>; // the words of steps that were refused, to be offered again
}

/** Takes a step that the person agreed to; gives what to say after. */
export type Send = (hand: Hand) => Promise<string>;

export interface Step {
  /** Whether what is written is saved once the person has agreed. */
  saves: boolean;
  /** Asks the person; null when they gave up, and nothing was saved or sent. */
  ask(hand: Hand): Promise<Send | null>;
}

function post(hand: Hand, path: string, body: object): Promise<unknown> {
  return hand.client.call(`/v1/contents/${encodeURIComponent(hand.id)}/${path}`, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...read(hand) } });
}

/** Names what the person has before them: nothing is done to another text. */
function read({ view, over }: Hand): Record<string, string> {
  const tags = [view?.etag, over].filter(Boolean).join(", ");
  return tags ? { "If-Match": tags } : {};
}

const noted = (note: string): object => (note ? { note } : {});

/** Asks for words, to be sent. Should they be refused, they are there the next time. */
async function worded(hand: Hand, question: Question, send: (hand: Hand, text: string) => Promise<unknown>, said: Word): Promise<Send | null> {
  const key = `${hand.id} ${question.title}`;
  const text = await ask({ ...question, begun: hand.typed.get(key) ?? "" });
  if (text === null) return null;
  hand.typed.set(key, text);
  return async (now) => {
    await send(now, text);
    hand.typed.delete(key);
    return say(said);
  };
}

const submit: Step = {
  saves: true,
  async ask(hand) {
    const text = hand.asker === "contents.approval" ? say("contentsAsk") : say("submitText", { asker: askerOf(hand.asker, (id) => hand.roll.name(id)) });
    return worded(hand, { title: say("submitTitle"), text, input: say("submitNote"), yes: say("send") }, (now, note) => post(now, "draft/submission", noted(note)), "submittedSaid");
  },
};

/** Publishes, or submits what needs a second person. */
export const publish: Step = {
  saves: true,
  async ask(hand) {
    if (hand.asker) return submit.ask(hand);
    const { form, reach, warnings } = hand;
    const planned = Boolean(form.published_at && new Date(form.published_at) > new Date());
    const text = html`
      <p>${say("publishText", { title: form.title, when: planned ? when(form.published_at!) : say("now"), who: say("to", { who: hand.roll.words(form.audiences) }) })}</p>
      ${reach ? html`<p><strong>${reach.size === null ? say("sizeHidden") : say("size", { n: number(spoken.language, reach.size) })}</strong></p>` : nothing}
      ${warnings ? html`<p class="hint">${counted(warnings, "warningsOne", "warnings")}</p>` : nothing}`;
    if ((await ask({ title: say(planned ? "publishPlanned" : "publishTitle"), text, yes: say(planned ? "plan" : "publish") })) === null) return null;
    return async (now) => {
      await post(now, "draft/publication", {});
      return say(planned ? "plannedSaid" : "publishedSaid");
    };
  },
};

export const approve: Step = {
  saves: false,
  ask: (hand) => worded(hand, { title: say("approveTitle"), input: say("approveNote"), yes: say("approve") }, (now, note) => post(now, "draft/publication", noted(note)), "approvedSaid"),
};

export const giveBack: Step = {
  saves: false,
  ask: (hand) => worded(hand, { title: say("giveBackTitle"), input: say("giveBackReason"), least: 3, yes: say("give") }, (now, reason) => post(now, "draft/refusal", { reason }), "gaveBack"),
};

export const discard: Step = {
  saves: false,
  async ask() {
    if ((await ask({ title: say("discardTitle"), text: say("discardText"), yes: say("discard") })) === null) return null;
    return async (now) => {
      await now.client.call(`/v1/contents/${encodeURIComponent(now.id)}/draft`, { method: "DELETE", headers: read(now) });
      return say("discardedSaid");
    };
  },
};

export const withdraw: Step = {
  saves: false,
  ask: (hand) => worded(hand, { title: say("withdrawTitle"), text: say("withdrawText"), input: say("withdrawReason"), least: 3, yes: say("withdraw") }, (now, reason) => post(now, "withdrawal", { reason }), "withdrawnSaid"),
};
