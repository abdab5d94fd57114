// Asks which agents to count: an axis, then some of its values.

import { html, nothing, render, type TemplateResult } from "lit";
import { say as sayShell } from "../shell/words";
import type { Axis } from "./axes";
import { whereOf } from "./question";
import { say } from "./words";

/** A value that may be chosen, and how it is said. */
export interface Choice {
  value: string;
  name: string;
}

/** Gives a condition such as "category:A,B", or null when the person gave up. choices gives the values of an axis. */
export function askFilter(axes: Axis[], choices: (axis: Axis) => Promise<Choice[]>): Promise<string | null> {
  const dialog = document.createElement("dialog");
  dialog.className = "filter";
  dialog.setAttribute("aria-labelledby", "filter-title");
  let axis = axes[0]!, found: Choice[] | null = null, problem = "";
  const load = async (): Promise<void> => {
    const asked = axis;
    found = null;
    problem = "";
    draw();
    try {
      const values = await choices(asked);
      if (asked === axis) found = values;
    } catch (error) {
      problem = (error as Error).message;
    }
    draw();
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const values = new FormData(event.target as HTMLFormElement).getAll("value").map(String);
    if (values.length) return dialog.close(whereOf(axis.name, values));
    problem = say("filterPick");
    draw();
    dialog.querySelector<HTMLInputElement>("[name=value]")?.focus();
  };
  const values = (): TemplateResult => {
    if (!found) return html`<p class="hint" role="status">${problem ? nothing : say("loading")}</p>`;
    if (!found.length) return html`<p>${say("filterNone")}</p>`;
    return html`
      <fieldset>
        <legend>${say("filterValues")}</legend>
        <div class="values">${found.map(({ value, name }) => html`<label><input type="checkbox" name="value" .value=${value}> <span>${name}</span></label>`)}</div>
      </fieldset>`;
  };
  const draw = (): void => void render(html`
    <form @submit=${submit}>
      <h2 id="filter-title">${say("filterTitle")}</h2>
      <label for="filter-axis">${say("filterBy")}</label>
      <select id="filter-axis" @change=${(event: Event) => {
        axis = axes[(event.target as HTMLSelectElement).selectedIndex]!;
        void load();
      }}>${axes.map((one) => html`<option value=${one.name}>${one.label()}</option>`)}</select>
      ${values()}
      ${problem ? html`<p class="fault" role="alert">${problem}</p>` : nothing}
      <p class="acts"><button type="submit" ?disabled=${!found?.length}>${say("apply")}</button><button type="button" class="quiet" @click=${() => dialog.close("")}>${sayShell("cancel")}</button></p>
    </form>`, dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("cancel", () => (dialog.returnValue = ""));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    document.body.append(dialog);
    draw();
    dialog.showModal();
    void load();
  });
}
