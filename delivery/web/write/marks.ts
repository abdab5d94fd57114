// The buttons above a text in Markdown: each puts marks around what is selected.

import { html, type TemplateResult } from "lit";
import { ask } from "../shell/ask";
import { say, type Word } from "./words";

/** Replaces what is selected, as if it had been typed: it can be undone. */
function type(area: HTMLTextAreaElement, text: string, selectFrom = text.length, selectTo = text.length): void {
  const start = area.selectionStart;
  area.focus();
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text);
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  area.setSelectionRange(start + selectFrom, start + selectTo);
}

const selected = (area: HTMLTextAreaElement): string => area.value.slice(area.selectionStart, area.selectionEnd);

function bold(area: HTMLTextAreaElement): void {
  const text = selected(area) || say("sampleBold");
  type(area, `**${text}**`, 2, 2 + text.length);
}

/** Puts a mark before each line that is selected. */
function lines(area: HTMLTextAreaElement, mark: string, sample: string): void {
  const from = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const until = area.value.indexOf("\n", area.selectionEnd);
  area.setSelectionRange(from, until < 0 ? area.value.length : until);
  const text = selected(area) || sample;
  const before = area.value.slice(0, from);
  const apart = before && !before.endsWith("\n\n") ? "\n" : ""; // a list or a heading stands after an empty line
  const marked = text.split("\n").map((line) => mark + line).join("\n");
  type(area, apart + marked, apart.length + mark.length, apart.length + marked.length);
}

async function link(area: HTMLTextAreaElement): Promise<void> {
  const text = selected(area);
  const found = await asked("linkTitle", "linkAddress", "linkText", undefined, text);
  if (found) type(area, `[${found.text.replace(/[[\]]/g, "\\$&")}](${found.address})`);
}

async function image(area: HTMLTextAreaElement): Promise<void> {
  const found = await asked("imageTitle", "imageAddress", "imageText", "imageNote", selected(area));
  if (found) type(area, `![${found.text.replace(/[[\]]/g, "\\$&").replace(/\s+/g, " ")}](${found.address})`);
}

async function asked(title: Word, label: Word, input: Word, note: Word | undefined, text: string): Promise<{ address: string; text: string } | null> {
  let address = "";
  const field = html`
    <label for="ask-address">${say(label)}</label>
    <input id="ask-address" type="text" inputmode="url" required autocomplete="off" spellcheck="false" pattern=${"\\S+"} placeholder="https://" @input=${(e: InputEvent) => (address = (e.target as HTMLInputElement).value.trim())}>
    ${note ? html`<p class="hint">${say(note)}</p>` : ""}`;
  const given = await ask({ title: say(title), text: field, input: say(input), least: 3, begun: text, yes: say("insert") });
  return given === null ? null : { address: address.replace(/[()\s]/g, encodeURIComponent), text: given };
}

const tools: [word: Word, use: (area: HTMLTextAreaElement) => void | Promise<void>][] = [
  ["bold", bold], ["list", (area) => lines(area, "- ", say("sampleLine"))], ["heading", (area) => lines(area, "## ", say("sampleHeading"))], ["link", link], ["image", image],
];

/** The buttons for the text area of an id. */
export const drawMarks = (id: string, label: string): TemplateResult => html`
  <div class="marks" role="group" aria-label="${say("tools")} : ${label}">
    ${tools.map(([word, use]) => html`<button type="button" class="quiet mark-${word}" aria-controls=${id} @click=${() => void use(document.getElementById(id) as HTMLTextAreaElement)}>${say(word)}</button>`)}
  </div>`;
