// The name of an audience, who answers for it, and the rest that is not about who is in it.

import { html, nothing, type TemplateResult } from "lit";
import type { Audience } from "../shell/api";
import { spoken } from "../words/spoken";
import { number } from "../words/words";
import type { Catalogue } from "./catalogue";
import { idsOf } from "./draft";
import { say, type Word } from "./words";

export interface Settings {
  draft: Audience;
  /** Never saved: its id may be chosen. */
  fresh: boolean;
  /** The caller's perimeter; empty for none. */
  bound: string;
  catalogue: Catalogue;
  /** What the server, or the screen, found wrong, by field. */
  faults: Record<string, string>;
  change: (change: Partial<Audience>) => void;
}

const fault = (faults: Settings["faults"], field: string): TemplateResult | typeof nothing => (faults[field] ? html`<p class="fault" id="fault-${field}">${faults[field]}</p>` : nothing);

/** What it is called, and who answers for it. */
export function identity({ draft, fresh, faults, change }: Settings): TemplateResult {
  const text = (field: "name" | "id" | "owner", hint?: Word, required = false): TemplateResult => html`
    <label for="of-${field}">${say(field)}</label>
    ${hint ? html`<p class="hint" id="hint-${field}">${say(hint)}</p>` : nothing}
    <input id="of-${field}" maxlength="128" autocomplete="off" spellcheck=${field === "id" ? "false" : nothing} ?required=${required}
      aria-invalid=${faults[field] ? "true" : "false"} aria-describedby=${[hint && `hint-${field}`, faults[field] && `fault-${field}`].filter(Boolean).join(" ") || nothing}
      .value=${draft[field] ?? ""} @input=${(event: Event) => change({ [field]: (event.target as HTMLInputElement).value })}>
    ${fault(faults, field)}`;
  return html`
    <section class="card settings">
      <h2 class="hidden">${say("identity")}</h2>
      <div class="grid">
        <div>${text("name", undefined, true)}${fresh ? text("id", "idHint", true) : html`<p class="hint">${say("idFixed", { id: draft.id })}</p>`}</div>
        <div>${text("owner")}<p class="hint">${say("ownerHint")}</p></div>
      </div>
    </section>`;
}

/** What else may be asked of it: approval, announcements, a perimeter, and agents added one by one. */
export function options({ draft, bound, catalogue, faults, change }: Settings): TemplateResult {
  const flag = (field: "approval" | "announce"): TemplateResult => html`
    <label class="check"><input type="checkbox" .checked=${draft[field] ?? false} @change=${(event: Event) => change({ [field]: (event.target as HTMLInputElement).checked })}>${say(field)}</label>`;
  const ids = draft.members ?? [];
  return html`
    <section class="card settings">
      <h2>${say("options")}</h2>
      ${flag("approval")}${flag("announce")}
      ${bound ? html`<p class="hint">${say("perimeterKey", { perimeter: catalogue.audience(bound) })}</p>` : html`
        <label for="of-perimeter">${say("perimeter")}</label><p class="hint" id="hint-perimeter">${say("perimeterHint")}</p>
        <select class="medium" id="of-perimeter" aria-describedby="hint-perimeter" .value=${draft.perimeter ?? ""} @change=${(event: Event) => change({ perimeter: (event.target as HTMLSelectElement).value })}>
          <option value="">${say("noPerimeter")}</option>
          ${catalogue.audiences.filter(({ id }) => id !== draft.id).map(({ id, name }) => html`<option value=${id} ?selected=${id === draft.perimeter}>${name || id}</option>`)}
        </select>`}
      ${fault(faults, "perimeter")}
      <details ?open=${ids.length > 0 || Boolean(faults["members"])}>
        <summary>${say("members")} <span class="badge">${ids.length === 0 ? say("membersNone") : ids.length === 1 ? say("membersOne") : say("membersCount", { count: number(spoken.language, ids.length) })}</span></summary>
        <p class="hint" id="hint-members">${say("membersHint")}</p>
        <textarea class="code" rows="5" spellcheck="false" aria-label=${say("members")} aria-describedby="hint-members" .value=${ids.join("\n")} @change=${(event: Event) => change({ members: idsOf((event.target as HTMLTextAreaElement).value) })}></textarea>
        ${fault(faults, "members")}
      </details>
    </section>`;
}
