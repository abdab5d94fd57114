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
import { counted, say } from "./words";

/** What a step is taken with. */
export interface Hand {
  client: Client;
  id: string;
  form: Form;
  view: View | undefined; // the draft under way
  live: Content | null;
  reach: Reach | null;
  warnings: number;
  roll: Roll;
  over: string; // ETag of what was published since the draft was begun, to publish over it; empty: it is not
  typed: Map<string, string>; // the words of steps that were refused, to be offered again
}

export interface Step {
  /** Whether what is written is saved first. */
  saves: boolean;
  /** Gives what to say after; empty when the person gave up. */
  take(hand: Hand): Promise<string>;
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

/** Asks for words and sends them; gives whether it did. Should they be refused, they are there the next time. */
async function worded(hand: Hand, question: Question, send: (text: string) => Promise<unknown>): Promise<boolean> {
  const key = `${hand.id} ${question.title}`;
  const text = await ask({ ...question, begun: hand.typed.get(key) ?? "" });
  if (text === null) return false;
  hand.typed.set(key, text);
  await send(text);
  return hand.typed.delete(key);
}

const submit: Step = {
  saves: true,
  async take(hand) {
    const { approval = "" } = hand.view ?? {};
    const text = approval === "contents.approval" ? say("contentsAsk") : say("submitText", { asker: askerOf(approval, (id) => hand.roll.name(id)) });
    const sent = await worded(hand, { title: say("submitTitle"), text, input: say("submitNote"), yes: say("send") }, (note) => post(hand, "draft/submission", noted(note)));
    return sent ? say("submittedSaid") : "";
  },
};

/** Publishes, or submits what needs a second person. */
export const publish: Step = {
  saves: true,
  async take(hand) {
    if (hand.view?.approval) return submit.take(hand);
    const { form, reach, warnings } = hand;
    const planned = Boolean(form.published_at && new Date(form.published_at) > new Date());
    const text = html`
      <p>${say("publishText", { title: form.title, when: planned ? when(form.published_at!) : say("now"), who: say("to", { who: hand.roll.words(form.audiences) }) })}</p>
      ${reach ? html`<p><strong>${reach.size === null ? say("sizeHidden") : say("size", { n: number(spoken.language, reach.size) })}</strong></p>` : nothing}
      ${warnings ? html`<p class="hint">${counted(warnings, "warningsOne", "warnings")}</p>` : nothing}`;
    if ((await ask({ title: say(planned ? "publishPlanned" : "publishTitle"), text, yes: say(planned ? "plan" : "publish") })) === null) return "";
    await post(hand, "draft/publication", {});
    return say(planned ? "plannedSaid" : "publishedSaid");
  },
};

export const approve: Step = {
  saves: false,
  async take(hand) {
    const sent = await worded(hand, { title: say("approveTitle"), input: say("approveNote"), yes: say("approve") }, (note) => post(hand, "draft/publication", noted(note)));
    return sent ? say("approvedSaid") : "";
  },
};

export const giveBack: Step = {
  saves: false,
  async take(hand) {
    const sent = await worded(hand, { title: say("giveBackTitle"), input: say("giveBackReason"), least: 3, yes: say("give") }, (reason) => post(hand, "draft/refusal", { reason }));
    return sent ? say("gaveBack") : "";
  },
};

export const discard: Step = {
  saves: false,
  async take(hand) {
    if ((await ask({ title: say("discardTitle"), text: say("discardText"), yes: say("discard") })) === null) return "";
    await hand.client.call(`/v1/contents/${encodeURIComponent(hand.id)}/draft`, { method: "DELETE", headers: read(hand) });
    return say("discardedSaid");
  },
};

export const withdraw: Step = {
  saves: false,
  async take(hand) {
    const sent = await worded(hand, { title: say("withdrawTitle"), text: say("withdrawText"), input: say("withdrawReason"), least: 3, yes: say("withdraw") }, (reason) => post(hand, "withdrawal", { reason }));
    return sent ? say("withdrawnSaid") : "";
  },
};
