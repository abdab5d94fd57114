// The steps of a content from its draft to its withdrawal: what is asked first, what is sent, what is said after.

import { html, nothing } from "lit";
import type { Client } from "../sdk/client";
import type { Content, Reach, View } from "../shell/api";
import { ask } from "../shell/ask";
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
  over: boolean; // publishes over what was published since the draft was begun
}

export interface Step {
  /** Whether what is written is saved first. */
  saves: boolean;
  /** Gives what to say after; empty when the person gave up. */
  take(hand: Hand): Promise<string>;
}

function post(hand: Hand, path: string, body: object, headers: Record<string, string> = {}): Promise<unknown> {
  return hand.client.call(`/v1/contents/${encodeURIComponent(hand.id)}/${path}`, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } });
}

const noted = (note: string): object => (note ? { note } : {});

const submit: Step = {
  saves: true,
  async take(hand) {
    const { approval = "" } = hand.view ?? {};
    const text = approval === "contents.approval" ? say("contentsAsk") : say("submitText", { asker: askerOf(approval, (id) => hand.roll.name(id)) });
    const note = await ask({ title: say("submitTitle"), text, input: say("submitNote"), yes: say("send") });
    if (note === null) return "";
    await post(hand, "draft/submission", noted(note));
    return say("submittedSaid");
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
    await post(hand, "draft/publication", {}, hand.over ? { "If-Match": "*" } : {});
    return say(planned ? "plannedSaid" : "publishedSaid");
  },
};

export const approve: Step = {
  saves: false,
  async take(hand) {
    const note = await ask({ title: say("approveTitle"), input: say("approveNote"), yes: say("approve") });
    if (note === null) return "";
    await post(hand, "draft/publication", noted(note), hand.over ? { "If-Match": "*" } : {});
    return say("approvedSaid");
  },
};

export const giveBack: Step = {
  saves: false,
  async take(hand) {
    const reason = await ask({ title: say("giveBackTitle"), input: say("giveBackReason"), least: 3, yes: say("give") });
    if (reason === null) return "";
    await post(hand, "draft/refusal", { reason });
    return say("gaveBack");
  },
};

export const discard: Step = {
  saves: false,
  async take(hand) {
    if ((await ask({ title: say("discardTitle"), text: say("discardText"), yes: say("discard") })) === null) return "";
    await hand.client.call(`/v1/contents/${encodeURIComponent(hand.id)}/draft`, { method: "DELETE" });
    return say("discardedSaid");
  },
};

export const withdraw: Step = {
  saves: false,
  async take(hand) {
    const reason = await ask({ title: say("withdrawTitle"), text: say("withdrawText"), input: say("withdrawReason"), least: 3, yes: say("withdraw") });
    if (reason === null) return "";
    await post(hand, "withdrawal", { reason });
    return say("withdrawnSaid");
  },
};
