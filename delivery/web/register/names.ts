// Who has acknowledged one content, and who has not.

import { html, nothing, type TemplateResult } from "lit";
import type { Client } from "../sdk/client";
import type { Named, Mandatory, Page, RemindOutputBody } from "./api";
import { ask } from "../shell/ask";
import { download } from "../shell/download";
import { addressOf, go, type Place } from "../shell/place";
import { spoken } from "../words/spoken";
import { day, moment, number } from "../words/words";
import { progress } from "./register";
import { say } from "./words";

const states = ["missing", "acknowledged", "former"] as const;
const none = { missing: "noneMissing", acknowledged: "noneAcknowledged", former: "noneFormer" } as const;
const tabs = { missing: "missingTab", acknowledged: "acknowledgedTab", former: "formerTab" } as const;

/** The names of one content, as the address asks for them. */
export class Names {
  readonly id: string;
  page: Page | null = null;

  constructor(
    readonly client: Client,
    readonly place: Place,
    readonly attempt: (work: () => unknown) => Promise<boolean>,
    readonly tell: (text: string) => void,
    readonly changed: () => void,
  ) {
    this.id = place.path[1] ?? "";
  }

  get title(): string | undefined {
    return this.page?.content.title;
  }

  get path(): string {
    return `/v1/register/contents/${encodeURIComponent(this.id)}`;
  }

  get filters(): { state: string; org: string; q: string } {
    const { query } = this.place;
    return { state: query.get("state") ?? "missing", org: query.get("org") ?? "", q: query.get("q") ?? "" };
  }

  query(more: Record<string, string> = {}): URLSearchParams {
    return new URLSearchParams(Object.entries({ ...this.filters, ...more }).filter(([, value]) => value));
  }

  async load(after = ""): Promise<void> {
    const page = await this.client.json<Page>(`${this.path}?${this.query({ after })}`);
    this.page = after && this.page ? { ...page, agents: [...this.page.agents, ...page.agents] } : page;
    this.changed();
  }

  async remind(): Promise<void> {
    const { org } = this.filters;
    const sure = await ask({ title: org ? say("remindOrg", { org }) : say("remindAll"), text: say("remindText"), yes: say("remind") });
    if (sure === null) return;
    await this.attempt(async () => {
      const done = await this.client.json<RemindOutputBody>(`${this.path}/reminders`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(org ? { org } : {}) });
      this.tell(done.agents === 1 ? say("remindedOne") : say("remindedNow", { n: number(spoken.language, done.agents) }));
      await this.load();
    });
  }
}

export function drawNames(names: Names): TemplateResult | typeof nothing {
  const { page } = names;
  if (!page) return nothing;
  const { content } = page;
  return html`
    <div class="card">
      <p>${content.deadline ? say("facts", { published: day(spoken.language, content.published_at ?? ""), deadline: moment(spoken.language, content.deadline) }) : say("factsNoDeadline", { published: day(spoken.language, content.published_at ?? "") })}
        ${content.revised_at ? say("revised", { revised: moment(spoken.language, content.revised_at) }) : ""}</p>
      <p class="total">${say("done")} : ${progress(content)}</p>
      <div class="acts">
        <button type="button" ?disabled=${content.missing === 0 || content.state !== "current"} @click=${() => names.remind()}>${say("remind")}</button>
        <button type="button" class="quiet" @click=${() => names.attempt(() => download(names.client, `${names.path}?${names.query({ format: "csv", lang: spoken.language })}`, `${names.id}-${names.filters.state}.csv`, "text/csv"))}>${say("csv")}</button>
        <button type="button" class="quiet" @click=${() => names.attempt(() => download(names.client, `${names.path}/attestation`, `${names.id}.html`, "text/html"))}>${say("sheet")}</button>
      </div>
      ${reminders(page, content)}
    </div>
    ${find(names)}
    <div class="card">${agents(names, page)}</div>`;
}

function reminders(page: Page, content: Mandatory): TemplateResult {
  const line = ({ at, org, by, label }: Page["reminders"][number]): string => {
    const values = { at: moment(spoken.language, at), who: label || by, org: org ?? "" };
    return org ? say("reminderOrg", values) : say("reminderLine", values);
  };
  return html`
    <details class="reminders">
      <summary>${say("reminders")} (${page.reminders.length})</summary>
      ${page.reminders.length ? html`<ul>${page.reminders.map((one) => html`<li>${line(one)}</li>`)}</ul>` : html`<p>${say("noReminder")}</p>`}
    </details>
    ${content.remind_from && !content.may_remind ? html`<p class="hint">${say("remindLater", { at: moment(spoken.language, content.remind_from) })}</p>` : nothing}`;
}

function find(names: Names): TemplateResult {
  const { state, org, q } = names.filters;
  const there = (values: Record<string, string>): string => addressOf(["register", names.id], { ...names.filters, ...values });
  const search = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    go(there({ org: String(form.get("org")).trim(), q: String(form.get("q")).trim() }), true);
  };
  return html`
    <form class="find" role="search" @submit=${search}>
      <ul class="choices">${states.map((one) => html`<li><a href=${there({ state: one === "missing" ? "" : one })} aria-current=${one === state ? "true" : nothing}>${say(tabs[one])}</a></li>`)}</ul>
      <p><label for="register-org">${say("org")}</label><input id="register-org" name="org" .value=${org} autocomplete="off" spellcheck="false" maxlength="512"></p>
      <p><label for="register-q">${say("agentId")}</label><input id="register-q" name="q" .value=${q} autocomplete="off" spellcheck="false" maxlength="128"></p>
      <p><button type="submit">${say("search")}</button></p>
    </form>`;
}

function agents(names: Names, page: Page): TemplateResult {
  const { state } = page, { org, q } = names.filters;
  if (!page.agents.length) return html`<p>${org || q ? say("noneFound") : say(none[state])}</p>`;
  return html`
    <div class="scroll">
      <table class="stacks">
        <caption class="hidden">${say(tabs[state])}</caption>
        <thead><tr><th scope="col">${say("agent")}</th><th scope="col">${say("org")}</th><th scope="col">${say("site")}</th>${state === "missing"
          ? html`<th scope="col">${say("reminded")}</th>`
          : html`<th scope="col">${say("when")}</th><th scope="col">${say("how")}</th><th scope="col">${say("acts")}</th>`}</tr></thead>
        <tbody>${page.agents.map((one) => row(names, one, state))}</tbody>
      </table>
    </div>
    ${page.next ? html`<p><button type="button" class="quiet" @click=${() => names.attempt(() => names.load(page.next))}>${say("more")}</button></p>` : nothing}`;
}

function row(names: Names, one: Named, state: Page["state"]): TemplateResult {
  const attest = (): Promise<boolean> => names.attempt(() => download(names.client, `${names.path}/attestation?agent=${encodeURIComponent(one.agent)}`, `${names.id}-${one.agent}.html`, "text/html"));
  return html`
    <tr>
      <th scope="row">${one.agent}${one.known ? "" : html`<br><small>${say("gone")}</small>`}</th>
      <td data-head=${say("org")}>${one.org ?? ""}</td>
      <td data-head=${say("site")}>${one.site ?? ""}</td>
      ${state === "missing"
        ? html`<td data-head=${say("reminded")}>${one.reminded_at ? moment(spoken.language, one.reminded_at) : ""}</td>`
        : html`
          <td data-head=${say("when")}>${one.acknowledged_at ? moment(spoken.language, one.acknowledged_at) : ""}</td>
          <td data-head=${say("how")}>${one.by === "service" ? say("byService", { who: one.witness_label || one.witness || "" }) : say("byAgent")}</td>
          <td data-head=${say("acts")}><button type="button" class="quiet small" aria-label=${say("attestOf", { agent: one.agent })} @click=${attest}>${say("attest")}</button></td>`}
    </tr>`;
}
