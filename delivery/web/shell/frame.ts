// The frame of the console and of the dashboards: who is asking, the sections, and the screen of the place one is at.

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { Client, Problem } from "../sdk/client";
import { speak, spoken } from "../words/spoken";
import type { CallerOutputBody } from "./api";
import { languageChanged } from "./part";
import { addressOf, leaving, placeOf, type Place } from "./place";
import { refusedKey, saying, type Screen } from "./screen";
import { told } from "./told";
import { say, type Word } from "./words";

/** A section: the first part of the address, and the element of its screen. */
export interface Section {
  path: string;
  label: () => string;
  tag: string;
  /** Whether it stands among the sections for this caller; a hidden one has an address all the same. */
  shown?: (caller: CallerOutputBody) => boolean;
}

const kept = "fil.office"; // the key, in this tab
const roles = ["communicator", "leader"] as const;

/**
 * Passes over a press of what may not be pressed now. A button that is busy is aria-disabled and never disabled, which would take the focus
 * from it; one with data-leads does something all the same: it leads to what is in the way.
 */
function idle(event: Event): void {
  if (!(event.target as Element).closest("[aria-disabled=true]:not([data-leads])")) return;
  event.preventDefault(); // a form is not sent either, by Enter in a field neither
  event.stopImmediatePropagation();
}

export abstract class Frame extends LitElement {
  static override properties = { caller: { state: true }, place: { state: true }, problem: { state: true }, busy: { state: true }, said: { state: true } };

  declare caller: CallerOutputBody | null;
  declare place: Place;
  declare problem: string;
  declare busy: boolean;
  declare said: string;
  readonly client = new Client({ language: spoken.language });
  #screen: Screen | null = null;
  #gone: ReturnType<typeof setTimeout> | undefined; // when what was said leaves

  /** The page's name among the pages of the house. */
  abstract readonly page: Word & ("console" | "dashboards");
  /** The first is where one comes in. */
  abstract readonly sections: Section[];
  /** Whose keys open the page. */
  readonly opens: readonly (typeof roles)[number][] = roles;

  constructor() {
    super();
    Object.assign(this, { caller: null, problem: "", busy: false, said: "" });
    this.place = placeOf("");
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // "#key=…" in a link opens the page; what follows # is never sent, and it leaves the address bar at once.
    const given = new URLSearchParams(location.hash.slice(1)).get("key");
    if (given) {
      sessionStorage.setItem(kept, given);
      history.replaceState(null, "", `${location.pathname}#/`);
    }
    addEventListener("hashchange", this.#moved);
    this.addEventListener("click", idle, { capture: true });
    this.addEventListener(refusedKey, () => this.#leave(say("badKey")));
    this.addEventListener(saying, (event) => void this.#say((event as CustomEvent<string>).detail));
    document.documentElement.lang = spoken.language;
    this.place = placeOf(location.hash);
    const key = sessionStorage.getItem(kept);
    if (key) void this.#enter(key);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#moved);
  }

  readonly #moved = (event: HashChangeEvent): void => {
    if (!dispatchEvent(new CustomEvent(leaving, { cancelable: true, detail: event.oldURL }))) return;
    const before = this.place.path.join("/");
    this.place = placeOf(location.hash);
    if (this.place.path.join("/") === before) return; // the same screen, asked otherwise
    void this.updateComplete.then(() => this.#screen?.updateComplete).then(() => {
      scrollTo(0, 0);
      this.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    });
  };

  async #enter(key: string): Promise<void> {
    this.busy = true;
    this.problem = "";
    this.client.token = key;
    try {
      const caller = await this.client.json<CallerOutputBody>("/v1/caller");
      if (!this.opens.some((role) => role === caller.role)) {
        this.#leave(say("otherRole", { roles: this.opens.map((role) => say(role)).join(say("or")) }));
        return;
      }
      sessionStorage.setItem(kept, key);
      this.caller = caller;
    } catch (error) {
      const status = error instanceof Problem ? error.status : -1;
      if (status === 401) this.#leave(say("badKey"));
      else this.problem = told(error);
    } finally {
      this.busy = false;
    }
  }

  #leave(problem = ""): void {
    sessionStorage.removeItem(kept);
    this.client.token = "";
    this.caller = this.#screen = null;
    this.problem = problem;
    void this.updateComplete.then(() => this.querySelector<HTMLInputElement>("#key")?.focus());
  }

  async #say(text: string): Promise<void> {
    this.said = ""; // so that the same words are heard again
    clearTimeout(this.#gone);
    await this.updateComplete;
    this.said = text;
    this.#gone = setTimeout(() => (this.said = ""), 6000);
  }

  #translate(): void {
    speak(spoken.language === "fr" ? "en" : "fr");
    document.documentElement.lang = this.client.language = spoken.language;
    this.requestUpdate();
    dispatchEvent(new Event(languageChanged));
  }

  /** The screen of the place: the same one while the section is the same. */
  #draw(caller: CallerOutputBody): Screen | TemplateResult {
    const [first] = this.place.path;
    const section = first ? this.sections.find(({ path }) => path === first) : this.sections[0];
    if (!section) {
      this.#screen = null;
      return html`<h1 tabindex="-1">${say("nothingHere")}</h1><p><a href="#/">${say("home")}</a></p>`;
    }
    if (this.#screen?.localName !== section.tag) this.#screen = document.createElement(section.tag) as Screen;
    return Object.assign(this.#screen, { client: this.client, caller, place: this.place });
  }

  override render(): TemplateResult {
    return html`
      <a class="skip" href="#main" @click=${this.#skip}>${say("skip")}</a>
      <header class="top">
        <div class="wide">
          <p class="brand"><img src="/assets/icon.svg" alt="" width="28" height="28"> Fil <span>${say(this.page)}</span></p>
          <div class="tools">
            ${this.caller ? this.#who(this.caller) : nothing}
            <button type="button" class="quiet" lang=${spoken.language === "fr" ? "en" : "fr"} @click=${this.#translate}>${say("otherLanguage")}</button>
            ${this.caller ? html`<button type="button" class="quiet" @click=${() => this.#leave()}>${say("leave")}</button>` : nothing}
          </div>
        </div>
        ${this.caller ? this.#navigation(this.caller) : nothing}
      </header>
      <main id="main" class="wide" tabindex="-1">${this.caller ? this.#draw(this.caller) : this.#entrance()}</main>
      <p class="saying" role="status">${this.said}</p>`;
  }

  readonly #skip = (event: Event): void => {
    event.preventDefault(); // # is the place
    this.querySelector<HTMLElement>("#main")?.focus();
  };

  #who({ label, perimeter }: CallerOutputBody): TemplateResult {
    return html`<p class="who">${label || say("keyLabel")}${perimeter ? html`<br><small>${say("within", { perimeter })}</small>` : nothing}</p>`;
  }

  #navigation(caller: CallerOutputBody): TemplateResult {
    const here = this.place.path[0] ?? this.sections[0]?.path;
    const other = this.page === "console" ? "dashboards" : "console";
    return html`
      <nav class="wide" aria-label=${say("navigation")}>
        <ul>
          ${this.sections.filter(({ shown }) => shown?.(caller) ?? true).map(({ path, label }) => html`
            <li><a href=${addressOf([path])} aria-current=${path === here ? "page" : nothing}>${label()}</a></li>`)}
          ${other === "console" && caller.role !== "communicator" ? nothing : html`<li class="apart"><a href="/${other}/">${say(other)}</a></li>`}
        </ul>
      </nav>`;
  }

  #entrance(): TemplateResult {
    const open = (event: SubmitEvent): void => {
      event.preventDefault();
      void this.#enter(this.querySelector<HTMLInputElement>("#key")!.value.trim()).then(() => this.updateComplete).then(() => this.#screen?.updateComplete).then(() => {
        if (this.caller) this.querySelector<HTMLElement>("h1")?.focus(); // the field that had it is gone
      });
    };
    return html`
      <form class="card narrow" @submit=${open}>
        <h1>${say("keyTitle")}</h1>
        ${this.problem ? html`<p class="notice problem" role="alert">${this.problem}</p>` : nothing}
        <label for="key">${say("keyLabel")}</label>
        <p class="hint" id="key-hint">${say("keyHint")} ${say("keyKept")}</p>
        <input id="key" name="key" type="password" autocomplete="current-password" spellcheck="false" autocapitalize="none" required aria-describedby="key-hint">
        <p><button type="submit" aria-disabled=${this.busy}>${say("open")}</button></p>
      </form>`;
  }
}

