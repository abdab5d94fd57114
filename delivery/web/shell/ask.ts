// Asks a person before an act that cannot be taken back, in a dialog of the browser's own.

import { html, nothing, render, type TemplateResult } from "lit";
import { say } from "./words";

export interface Question {
  title: string;
  text?: string | TemplateResult;
  /** The words of the button that goes ahead; say what it does. */
  yes?: string;
  /** Asks for a text beside: its label. */
  input?: string;
  /** Least characters of that text. */
  least?: number;
  /** The text that is there at first. */
  begun?: string;
}

/** Gives the text that was asked for ("" when none was), or null when the person gave up. The focus returns to where it was. */
export function ask({ title, text, yes, input, least = 0, begun = "" }: Question): Promise<string | null> {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "ask-title");
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    dialog.close(new FormData(event.target as HTMLFormElement).get("text")?.toString() ?? "");
  };
  render(html`
    <form @submit=${submit}>
      <h2 id="ask-title">${title}</h2>
      ${text ? html`<div>${text}</div>` : nothing}
      ${input ? html`<label for="ask-text">${input}</label><textarea id="ask-text" name="text" rows="3" maxlength="500" minlength=${least} ?required=${least > 0} .value=${begun}></textarea>` : nothing}
      <p class="acts">
        <button type="submit">${yes ?? say("yes")}</button>
        <button type="button" class="quiet" @click=${() => dialog.close("\0")}>${say("cancel")}</button>
      </p>
    </form>`, dialog);
  dialog.addEventListener("cancel", () => (dialog.returnValue = "\0"));
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "\0" ? null : dialog.returnValue);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
