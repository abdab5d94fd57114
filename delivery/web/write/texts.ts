// The texts of a content, its languages side by side.

import { html, nothing, type TemplateResult } from "lit";
import type { Finding } from "../shell/api";
import { ask } from "../shell/ask";
import { bilingual } from "../words/spoken";
import { get, languagesOf, originalOf, prefixOf, put, type Form } from "./content";
import { drawMarks } from "./marks";
import { languageName } from "./moments";
import { say } from "./words";

/** Languages that are offered; another may come from an import. */
const offered = ["fr", "en", "de", "es", "it", "pt", "nl", "pl", "ro", "ar", "tr", "uk", "zh", "br", "co", "eu", "gcf", "gcr", "rcf", "swb", "ty", "oc", "fsl"];

/** The id of the field of a path, for those who must find it. */
export const idOf = (path: string): string => `f-${path.replaceAll(".", "-")}`;

/** What is found of a field, under it. */
export const notes = (own: Finding[], path: string): TemplateResult | typeof nothing => {
  const found = own.filter(({ field }) => field === path);
  return found.length ? html`<p class=${found[0]!.severity === "error" ? "fault" : "hint caution"} id="${idOf(path)}-found">${found.map(({ problem, remedy }) => `${bilingual(problem)}. ${bilingual(remedy)}`).join(" ")}</p>` : nothing;
};

/** What describes a field: its hint, and what is found of it. */
export const describedBy = (own: Finding[], path: string, hinted = true): string | typeof nothing =>
  [hinted ? `${idOf(path)}-hint` : "", own.some(({ field }) => field === path) ? `${idOf(path)}-found` : ""].filter(Boolean).join(" ") || nothing;

export const invalid = (own: Finding[], path: string): "true" | typeof nothing => (own.some(({ field, severity }) => field === path && severity === "error") ? "true" : nothing);

export function drawTexts(form: Form, own: Finding[], change: (form: Form) => void): TemplateResult {
  const languages = languagesOf(form);
  const others = offered.filter((tag) => !languages.includes(tag));
  const add = (event: SubmitEvent): void => {
    event.preventDefault();
    const tag = new FormData(event.target as HTMLFormElement).get("tag")!.toString();
    change(put(form, `translations.${tag}`, { title: "" }));
    setTimeout(() => document.getElementById(idOf(`translations.${tag}.title`))?.focus());
  };
  return html`
    <div class="languages n${Math.min(languages.length, 3)}">${languages.map((tag) => drawLanguage(form, own, tag, change))}</div>
    <form class="adding" @submit=${add}>
      <label for="add-language">${say("addLanguage")}</label>
      <select id="add-language" name="tag">${others.map((tag) => html`<option value=${tag}>${languageName(tag)}</option>`)}</select>
      <button type="submit" class="quiet">${say("add")}</button>
    </form>`;
}

function drawLanguage(form: Form, own: Finding[], tag: string, change: (form: Form) => void): TemplateResult {
  const prefix = prefixOf(form, tag);
  const original = tag === originalOf(form);
  const many = languagesOf(form).length > 1;
  const name = languageName(tag);
  const value = (field: string): string => (get(form, prefix + field) as string | undefined) ?? "";
  const typed = (field: string) => (event: InputEvent): void => {
    const text = (event.target as HTMLInputElement).value;
    // A translation is there even while its title is empty.
    change(!original && field === "title" ? put(form, `translations.${tag}`, { ...form.translations![tag], title: text }) : put(form, prefix + field, text));
  };
  const remove = async (): Promise<void> => {
    if ((await ask({ title: say("removeLanguageTitle", { language: name }), text: say("removeLanguageText"), yes: say("removeLanguage") })) === null) return;
    const { [tag]: _, ...rest } = form.translations ?? {};
    change(put(form, "translations", Object.keys(rest).length ? rest : undefined));
    document.getElementById("add-language")?.focus();
  };
  const label = (text: string): TemplateResult => html`${text}${many ? html`<span class="hidden"> (${name})</span>` : nothing}`;
  const [title, summary, body] = [idOf(`${prefix}title`), idOf(`${prefix}summary`), idOf(`${prefix}body`)];
  return html`<fieldset>
    <legend class=${many ? "" : "hidden"}>${name}${original ? html` <small>(${say("original")})</small>` : nothing}</legend>
    <label for=${title}>${label(say("title"))}</label>
    <input id=${title} lang=${tag} required autocomplete="off" aria-invalid=${invalid(own, `${prefix}title`)} aria-describedby=${describedBy(own, `${prefix}title`, false)} .value=${value("title")} @input=${typed("title")}>
    ${notes(own, `${prefix}title`)}
    <label for=${summary}>${label(say("summary"))}</label>
    <p class="hint" id="${summary}-hint">${say("summaryHint")}</p>
    <textarea id=${summary} lang=${tag} rows="3" aria-invalid=${invalid(own, `${prefix}summary`)} aria-describedby=${describedBy(own, `${prefix}summary`)} .value=${value("summary")} @input=${typed("summary")}></textarea>
    ${notes(own, `${prefix}summary`)}
    <label for=${body}>${label(say("body"))}</label>
    <p class="hint" id="${body}-hint">${say("bodyHint")}</p>
    ${drawMarks(body, many ? `${say("body")} (${name})` : say("body"))}
    <textarea id=${body} class="body" lang=${tag} rows="14" aria-invalid=${invalid(own, `${prefix}body`)} aria-describedby=${describedBy(own, `${prefix}body`)} .value=${value("body")} @input=${typed("body")}></textarea>
    ${notes(own, `${prefix}body`)}
    ${original ? nothing : html`<p><button type="button" class="quiet" @click=${() => void remove()}>${say("removeLanguage")}<span class="hidden"> : ${name}</span></button></p>`}
  </fieldset>`;
}

/** The choice of the language that the first texts are in. */
export function drawOriginal(form: Form, change: (form: Form) => void): TemplateResult {
  const tags = [...new Set([originalOf(form), ...offered])].filter((tag) => tag === originalOf(form) || !form.translations?.[tag]);
  return html`
    <label for=${idOf("language")}>${say("language")}</label>
    <select id=${idOf("language")} .value=${originalOf(form)} @change=${(e: Event) => change(put(form, "language", (e.target as HTMLSelectElement).value))}>
      ${tags.map((tag) => html`<option value=${tag} ?selected=${tag === originalOf(form)}>${languageName(tag)}</option>`)}
    </select>`;
}
