// The panel where a reader makes, sees and closes the addresses at which other programs read their feed.

import { make } from "../page/dom";
import { AddressBook } from "../sdk/addresses";
import type { ListedSubscription, MadeSubscription, Subscriptions } from "../sdk/api";
import { Problem, type Client } from "../sdk/client";
import { day } from "../words/words";
import { language, words } from "./words";

const formats = [["rss", "RSS"], ["atom", "Atom"], ["json", "JSON Feed"]] as const;

export class Elsewhere {
  #root: HTMLElement;
  #said: HTMLElement;
  #book: AddressBook;
  #refused: () => void;

  /** Draws into root, says in said, and calls refused when the token no longer opens anything. */
  constructor(root: HTMLElement, said: HTMLElement, client: Client, refused: () => void) {
    this.#root = root;
    this.#said = said;
    this.#book = new AddressBook(client);
    this.#refused = refused;
  }

  async open(): Promise<void> {
    this.#root.replaceChildren(make("p", { textContent: words.loading, className: "hint" }));
    try {
      this.#draw(await this.#book.list());
    } catch (error) {
      const again = make("button", { type: "button", textContent: words.retry });
      again.addEventListener("click", () => void this.open());
      this.#root.replaceChildren(make("p", { className: "fault", role: "alert", textContent: this.#reason(error) }), again);
    }
  }

  #draw({ subscriptions, most }: Subscriptions, made?: MadeSubscription): void {
    if (most === 0) {
      this.#root.replaceChildren(make("p", { className: "panel", textContent: words.notOpen }));
      return;
    }
    const full = subscriptions.length >= most;
    const first = made ? this.#drawMade(made) : full ? make("p", { className: "panel", textContent: words.full(most) }) : this.#drawForm();
    this.#root.replaceChildren(first, this.#drawList(subscriptions));
    if (made) first.focus();
  }

  // read draws again what there is, and puts the focus on the list, whose row is gone.
  async #read(said: string, made?: MadeSubscription): Promise<void> {
    this.#draw(await this.#book.list(), made);
    if (!made) this.#root.querySelector<HTMLElement>("h3")?.focus();
    this.#said.textContent = said;
  }

  #drawForm(): HTMLElement {
    const input = make("input", { id: "where", maxLength: 60, autocomplete: "off", required: true }) as HTMLInputElement;
    input.setAttribute("aria-describedby", "where-hint where-fault");
    const fault = make("p", { id: "where-fault", className: "fault", role: "alert" });
    const button = make("button", { type: "submit", className: "strong", textContent: words.make }) as HTMLButtonElement;
    const form = make("form", { className: "panel", noValidate: true },
      labelFor("where", words.where), make("p", { id: "where-hint", className: "hint", textContent: words.whereHint }), input, fault, button);
    const refuse = (reason: string): void => {
      fault.textContent = reason;
      input.setAttribute("aria-invalid", "true");
      input.focus();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (button.getAttribute("aria-disabled")) return;
      fault.textContent = "";
      input.removeAttribute("aria-invalid");
      if (!input.value.trim()) return refuse(words.whereMissing);
      button.setAttribute("aria-disabled", "true");
      button.textContent = words.making;
      this.#book.make(input.value).then((made) => this.#read("", made)).catch((error: unknown) => refuse(this.#reason(error))).finally(() => {
        button.removeAttribute("aria-disabled");
        button.textContent = words.make;
      });
    });
    return form;
  }

  #drawMade(made: MadeSubscription): HTMLElement {
    const [main, ...others] = formats.map(([id, name]) => this.#drawAddress(id, name, made.addresses[id]));
    const done = make("button", { type: "button", textContent: words.done });
    done.addEventListener("click", () => void this.#read("").catch(() => this.open()));
    const box = make("section", { className: "panel made", tabIndex: -1 },
      make("h3", { id: "made-title", textContent: words.made(made.label) }), make("p", { textContent: words.madeHow }), main!,
      make("details", {}, make("summary", { textContent: words.others }), ...others), done);
    box.setAttribute("aria-labelledby", "made-title");
    return box;
  }

  #drawAddress(id: string, name: string, address: string): HTMLElement {
    const input = make("input", { id: "address-" + id, readOnly: true, value: address, spellcheck: false }) as HTMLInputElement;
    const button = make("button", { type: "button" }, words.copy, make("span", { className: "unseen", textContent: ` : ${words.address(name)}` }));
    input.addEventListener("focus", () => input.select());
    button.addEventListener("click", async () => {
      const done = await copy(input);
      this.#said.textContent = done ? words.copiedSaid(name) : words.notCopied;
      if (done) button.firstChild!.textContent = words.copied;
      else input.focus();
    });
    return make("div", {}, labelFor(input.id, words.address(name)), make("div", { className: "copy" }, input, button));
  }

  #drawList(all: ListedSubscription[]): HTMLElement {
    const title = make("h3", { tabIndex: -1, textContent: words.yours });
    if (all.length === 0) return make("section", {}, title, make("p", { className: "hint", textContent: words.none }));
    const rows = all.map((one) => {
      const button = shutting(words.shut, words.of(one.label));
      button.addEventListener("click", () => void this.#shut(words.shutTitle(one.label), words.shutText, words.shutYes, () => this.#book.close(one.id), words.shutSaid(one.label)));
      return make("li", {}, make("div", {}, make("strong", { textContent: one.label }), make("p", { className: "hint", textContent: `${words.since(day(language, one.made))} · ${useOf(one)}` })), button);
    });
    const list = make("section", {}, title, make("ul", { className: "addresses" }, ...rows));
    if (all.length > 1) {
      const button = shutting(words.shutAll);
      button.classList.add("last");
      button.addEventListener("click", () => void this.#shut(words.shutAllTitle, words.shutAllText, words.shutAllYes, () => this.#book.closeAll(), words.shutAllSaid));
      list.append(button);
    }
    return list;
  }

  async #shut(title: string, text: string, yes: string, act: () => Promise<void>, said: string): Promise<void> {
    if (!(await sure(title, text, yes))) return;
    try {
      await act();
      await this.#read(said);
    } catch (error) {
      const reason = this.#reason(error);
      this.#root.querySelector(".addresses")?.before(make("p", { className: "fault", role: "alert", textContent: reason }));
    }
  }

  #reason(error: unknown): string {
    if (error instanceof Problem && error.status === 401) this.#refused();
    if (error instanceof Problem && error.status > 0) return error.message;
    return words.network;
  }
}

const labelFor = (id: string, text: string): HTMLElement => make("label", { htmlFor: id, textContent: text });

const shutting = (text: string, of = ""): HTMLElement => make("button", { type: "button", className: "quiet" }, text, make("span", { className: "unseen", textContent: of }));

function useOf({ made, last_used }: ListedSubscription): string {
  const long = 864e5;
  if (!last_used) return Date.now() - Date.parse(made) < 32 * long ? words.unused : words.idle;
  const days = Math.floor(Date.now() / long) - Math.floor(Date.parse(last_used) / long);
  return days <= 0 ? words.usedToday : days === 1 ? words.usedYesterday : words.usedOn(day(language, last_used));
}

// Over plain HTTP there is no clipboard to write to but by this old command.
async function copy(from: HTMLInputElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(from.value);
    return true;
  } catch {
    const before = document.activeElement as HTMLElement | null;
    from.select();
    const done = document.execCommand("copy");
    if (done) before?.focus();
    return done;
  }
}

// sure asks before what cannot be taken back. The focus returns to where it was.
function sure(title: string, text: string, yes: string): Promise<boolean> {
  const go = make("button", { type: "button", className: "strong", textContent: yes });
  const stay = make("button", { type: "button", textContent: words.cancel });
  const dialog = make("dialog", {}, make("h2", { id: "sure", textContent: title }), make("p", { textContent: text }), make("p", { className: "acts" }, go, stay)) as HTMLDialogElement;
  dialog.setAttribute("aria-labelledby", "sure");
  go.addEventListener("click", () => dialog.close("yes"));
  stay.addEventListener("click", () => dialog.close());
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    stay.focus();
  });
}
