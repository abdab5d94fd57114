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

/**
 * Gives the text that was asked for, trimmed ("" when none was), or null when the person gave up: by the button, by Escape, or however else
 * the dialog was closed. The focus returns to where it was.
 */
export function ask({ title, text, yes, input, least = 0, begun = "" }: Question): Promise<string | null> {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "ask-title");
  // Not the dialog's returnValue, which a browser sets by itself when it closes one by Escape.
  let given: string | null = null;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    given = dialog.querySelector<HTMLTextAreaElement>("#ask-text")?.value.trim() ?? "";
    dialog.close();
  };
  // The browser's own rule counts spaces.
  const judge = ({ target }: InputEvent): void => {
    const area = target as HTMLTextAreaElement;
    area.setCustomValidity(area.value.trim().length < least ? say("leastText", { n: least }) : "");
  };
  render(html`
    <form @submit=${submit}>
      <h2 id="ask-title">${title}</h2>
      ${text ? html`<div>${text}</div>` : nothing}
      ${input ? html`<label for="ask-text">${input}</label><textarea id="ask-text" name="text" rows="3" maxlength="500" minlength=${least} ?required=${least > 0} .value=${begun} @input=${judge}></textarea>` : nothing}
      <p class="acts">
        <button type="submit">${yes ?? say("yes")}</button>
        <button type="button" class="quiet" @click=${() => dialog.close()}>${say("cancel")}</button>
      </p>
    </form>`, dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(given);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
