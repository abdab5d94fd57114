// What stands beside the texts while they are written: what to mend, how it looks, whom it reaches.

import { html, nothing, type TemplateResult } from "lit";
import type { Finding, Reach, Rival } from "../shell/api";
import { addressOf } from "../shell/place";
import { bilingual, spoken } from "../words/spoken";
import { number } from "../words/words";
import { itemOf } from "./card";
import { fieldName, languagesOf, originalOf, type Form } from "./content";
import { dayOf, daysTo, dayWords, fullDay, languageName, when } from "./moments";
import { idOf } from "./texts";
import type { Watch } from "./watch";
import { counted, say } from "./words";

/** Puts the focus in a field, at a line and column of its text. */
function reach(field: string, line = 1, column = 1): void {
  const path = field.replace(/\[.*$/, "");
  const element = document.getElementById(idOf(path)) ?? document.getElementById(idOf(path.replace(/[^.]+$/, "title"))) ?? document.getElementById(idOf(path.split(".")[0]!));
  element?.focus();
  if (!(element instanceof HTMLTextAreaElement)) return;
  const lines = element.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const from = start + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
  element.setSelectionRange(from, start + (lines[line - 1]?.length ?? 0));
  element.scrollTop = (element.scrollHeight * Math.max(0, line - 3)) / lines.length;
}

/** The name of the field of a fault, such as "topics[2]". */
export const faultField = (location: string): string => fieldName(location.replace(/\[.*$/, ""));

const upper = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** What to mend: what the server found, and what was found here. */
export function drawGate(watch: Watch, own: Finding[]): TemplateResult {
  const { faults } = watch;
  const findings = watch.findings || own.length ? [...own, ...(watch.findings ?? [])] : null;
  const errors = findings?.filter(({ severity }) => severity === "error") ?? [];
  const others = findings?.filter(({ severity }) => severity !== "error") ?? [];
  const stops = errors.length + faults.length;
  const said = [stops ? counted(stops, "gateError", "gateErrors") : "", others.length ? counted(others.length, "gateWarning", "gateWarnings") : ""].filter(Boolean).join(", ");
  return html`<section class="card gate ${stops ? "stopped" : ""}" aria-labelledby="gate-title">
    <h2 id="gate-title">${say("gate")}</h2>
    <p role="status" class=${stops ? "fault" : "hint"}>${findings || faults.length ? said || say("gateOk") : say("checking")}</p>
    ${stops + others.length ? html`<ul class="findings">
      ${faults.map(({ location, message }) => html`<li class="error"><button type="button" class="quiet finding" @click=${() => reach(location)}><span class="where"><span class="badge bad">${say("complete")}</span> ${faultField(location)}</span> ${upper(message)}.</button></li>`)}
      ${[...errors, ...others].map(drawFinding)}
    </ul>` : nothing}
  </section>`;
}

function drawFinding(found: Finding): TemplateResult {
  const stops = found.severity === "error";
  const where = fieldName(found.field) + (found.line > 1 || found.field.endsWith("body") ? `, ${say("line", { n: found.line })}` : "");
  return html`<li class=${found.severity}>
    <button type="button" class="quiet finding" @click=${() => reach(found.field, found.line, found.column)}>
      <span class="where"><span class="badge ${stops ? "bad" : "waiting"}">${say(stops ? "stops" : "advice")}</span> ${where}</span>
      <span class="problem-words">${upper(bilingual(found.problem))}${found.extract ? html` : <q>${found.extract}</q>` : "."}</span>
      <span class="remedy">${bilingual(found.remedy)}${found.criterion ? html` <small>(${say("criterion", { n: found.criterion })})</small>` : nothing}</span>
    </button>
  </li>`;
}

/** How the preview is looked at. */
export interface Look {
  language: string;
  narrow: boolean;
}

export function drawPreview(form: Form, watch: Watch, look: Look, change: (look: Look) => void): TemplateResult {
  const languages = languagesOf(form);
  const language = languages.includes(look.language) ? look.language : originalOf(form);
  const radio = (name: string, label: string, on: boolean, to: Partial<Look>): TemplateResult => html`<label><input type="radio" name=${name} .checked=${on} @change=${() => change({ ...look, ...to })}><span>${label}</span></label>`;
  return html`<section class="card preview" aria-labelledby="preview-title">
    <h2 id="preview-title">${say("preview")}</h2>
    <p class="hint">${say("previewHint")}</p>
    <div class="looks">
      ${languages.length > 1 ? html`<fieldset class="switch"><legend class="hidden">${say("readerLanguage")}</legend>${languages.map((tag) => radio("preview-language", languageName(tag), tag === language, { language: tag }))}</fieldset>` : nothing}
      <fieldset class="switch"><legend class="hidden">${say("previewSize")}</legend>${radio("preview-size", say("previewWide"), !look.narrow, { narrow: false })}${radio("preview-size", say("previewNarrow"), look.narrow, { narrow: true })}</fieldset>
    </div>
    <div class="stage ${look.narrow ? "phone" : ""}">
      ${form.title || watch.bodies[language] ? html`<fil-card lang=${spoken.language} .item=${itemOf(form, language, watch.bodies[language] ?? "")}></fil-card>` : html`<p class="hint">${say("previewEmpty")}</p>`}
    </div>
    <p class="hint">${say("previewOthers", { language: languageName(originalOf(form)) })}</p>
  </section>`;
}

const seen = 4; // rivals that are named at first

export function drawReach(known: Reach | null, all: boolean, showAll: () => void): TemplateResult {
  const n = (value: number): string => number(spoken.language, value);
  if (!known) return html`<section class="card reach" aria-labelledby="reach-title"><h2 id="reach-title">${say("reach")}</h2><p class="hint">${say("checking")}</p></section>`;
  const day = dayOf(known.day);
  const named = daysTo(day) === 0 ? say("today") : say("thatDay", { day: fullDay(day) });
  // Without a number in common nothing says that they are for the same people.
  const same = known.rivals.filter(({ shared }) => shared !== null);
  const begins = (one: Rival): boolean => Boolean(one.published_at) && dayWords(new Date(one.published_at!)) === dayWords(day);
  const sameDay = same.filter(begins);
  const older = same.filter((one) => !begins(one));
  const [first, others] = [sameDay.length, older.length];
  const unseen = known.others ?? 0; // of other perimeters, or of everyone
  const list = (some: Rival[]): TemplateResult | typeof nothing => (some.length ? html`<ul class="rivals">${some.map((one) => html`<li>
        <a href=${addressOf(["contents", one.id])}>${one.title}</a>${one.state === "published" ? "" : html` <span class="badge">${say("stillDraft")}</span>`}
        <span class="hint">${[one.source, one.published_at ? when(one.published_at) : "", shared(one, n)].filter(Boolean).join(" · ")}</span>
      </li>`)}</ul>` : nothing);
  const still = others === 1 ? say("reachLiveOne") : say("reachLive", { n: n(others) });
  const [near, far] = all ? [sameDay, older] : [sameDay.slice(0, seen), older.slice(0, Math.max(0, seen - first))];
  return html`<section class="card reach" aria-labelledby="reach-title">
    <h2 id="reach-title">${say("reach")}</h2>
    <div role="status">
      <p class="sized">${known.size === null ? say("reachHidden") : say("reachSize", { n: n(known.size) })}</p>
      <p class=${first > 2 ? "notice" : ""}>${!first && unseen ? say(unseen === 1 ? "reachUnseenOne" : "reachUnseen", { n: n(unseen) }) : first ? (first === 1 ? say("reachDayOne", { day: named }) : say("reachDay", { day: named, n: n(first) })) : say("reachNone", { day: daysTo(day) === 0 ? named.toLowerCase() : dayWords(day) })}</p>
    </div>
    ${list(near)}
    ${others ? html`${far.length ? html`<h3>${still}</h3>` : html`<p class="hint">${still}</p>`}${list(far)}` : nothing}
    ${unseen && first ? html`<p class="hint">${say(unseen === 1 ? "reachAlsoUnseenOne" : "reachAlsoUnseen", { n: n(unseen) })}</p>` : nothing}
    ${near.length + far.length < same.length ? html`<p><button type="button" class="quiet" @click=${showAll}>${say("showAll", { n: same.length })}</button></p>` : nothing}
  </section>`;
}

function shared({ shared: common, bound }: Rival, n: (value: number) => string): string {
  if (common === null) return say("sharedUnknown");
  return say(bound === "at_most" ? "sharedMost" : bound === "at_least" ? "sharedLeast" : "shared", { n: n(common) });
}
