// Whether an attestation was signed here and has not been changed.

import { html, nothing, render, type TemplateResult } from "lit";
import type { Client } from "../sdk/client";
import type { VerifyOutputBody } from "./api";
import { spoken } from "../words/spoken";
import { moment } from "../words/words";
import { say } from "./words";

export function verification(client: Client, attempt: (work: () => unknown) => Promise<boolean>): TemplateResult {
  const verify = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    void attempt(async () => {
      const verdict = await client.json<VerifyOutputBody>("/v1/register/verify", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ attestation: new FormData(form).get("attestation") }),
      });
      render(said(verdict), form.querySelector<HTMLElement>(".verdict")!);
    });
  };
  return html`
    <details class="card">
      <summary>${say("verify")}</summary>
      <form @submit=${verify}>
        <label for="register-attestation">${say("verifyLabel")}</label>
        <p class="hint" id="register-attestation-hint">${say("verifyHint")}</p>
        <textarea id="register-attestation" name="attestation" rows="4" required maxlength="16384" spellcheck="false" aria-describedby="register-attestation-hint"></textarea>
        <p><button type="submit">${say("verifyDo")}</button></p>
        <div class="verdict" aria-live="polite"></div>
      </form>
    </details>`;
}

function said({ valid, detail, code, attestation }: VerifyOutputBody): TemplateResult {
  const at = attestation && moment(spoken.language, attestation.acknowledged_at ?? attestation.issued_at);
  return html`
    <div class="notice ${valid ? "" : "problem"}">
      <p>${detail}</p>
      ${attestation ? html`<p>${attestation.agent ? say("verifyOf", { title: attestation.title, agent: attestation.agent, at: at! }) : say("verifySheet", { title: attestation.title, at: at! })}</p>` : nothing}
      ${code ? html`<p>${say("verifyCode", { code })}</p>` : nothing}
    </div>`;
}
