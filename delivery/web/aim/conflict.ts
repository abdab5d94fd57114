// Another person saved the audience meanwhile: who, when, what differs, and the choice between the two.

import { html, nothing, type TemplateResult } from "lit";
import type { Edit } from "../sdk/client";
import type { Audience } from "../shell/api";
import { spoken } from "../words/spoken";
import { ago } from "../words/words";
import { differing, partLabel, partWords } from "./draft";
import { say } from "./words";

export interface Conflict {
  /** What is saved now; null when it was deleted. */
  theirs: Audience | null;
  etag: string;
  edit: Edit | undefined;
}

/** me is the name of the caller's key: what it wrote was written in another tab. */
export function conflict({ theirs, edit }: Conflict, mine: Audience, me: string, named: (id: string) => string, keep: () => void, take: () => void): TemplateResult {
  return html`
    <section class="card conflict" aria-labelledby="conflict-title" tabindex="-1">
      <h2 id="conflict-title">${say("conflictTitle")}</h2>
      <p>${theirs ? say(edit?.label && edit.label === me ? "conflictOwn" : "conflictWho", { who: edit?.label || say("conflictSomeone"), when: edit ? ago(spoken.language, edit.at) : "" }) : say("conflictGone")}</p>
      ${theirs ? html`
        <div class="scroll" role="region" aria-label=${say("conflictField")} tabindex="0"><table>
          <caption class="hidden">${say("conflictField")}</caption>
          <thead><tr><th scope="col">${say("conflictField")}</th><th scope="col">${say("conflictTheirs")}</th><th scope="col">${say("conflictMineYours")}</th></tr></thead>
          <tbody>${differing(theirs, mine).map((part) => html`
            <tr><th scope="row">${partLabel(part)}</th>${[theirs, mine].map((one) => html`<td class=${part === "rule" ? "code" : ""}>${partWords(one, part, named)}</td>`)}</tr>`)}</tbody>
        </table></div>` : nothing}
      <p class="acts">
        <button type="button" @click=${keep}>${say("keepMine")}</button>
        ${theirs ? html`<button type="button" class="quiet" @click=${take}>${say("takeTheirs")}</button>` : nothing}
      </p>
    </section>`;
}
