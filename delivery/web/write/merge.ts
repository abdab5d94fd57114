// What another wrote meanwhile, and what one has: field by field, which to keep.

import { html, nothing, type TemplateResult } from "lit";
import { differences, fieldName, fieldText, get, put, type Form } from "./content";
import { drawBoth, drawText } from "./differ";
import type { Roll } from "./roll";
import { say } from "./words";

/** Two texts that were written at once. */
export class Merge {
  readonly paths: string[];
  readonly #mine: Set<string>; // fields of which one's own is kept

  /** base is what both began from: what only one of them changed is chosen at first. Without who, theirs is what is published. */
  constructor(readonly base: Form, readonly theirs: Form, readonly mine: Form, readonly title: string, readonly who = "") {
    this.paths = differences(theirs, mine);
    const touched = new Set(differences(base, mine));
    this.#mine = new Set(this.paths.filter((path) => touched.has(path)));
  }

  /** The same, when one has written on: what was chosen stays, but for what has changed since. */
  with(mine: Form): Merge {
    const next = new Merge(this.base, this.theirs, mine, this.title, this.who);
    const changed = new Set(differences(this.mine, mine));
    for (const path of this.paths) if (!changed.has(path)) next.choose(path, this.keeps(path));
    return next;
  }

  keeps(path: string): boolean {
    return this.#mine.has(path);
  }

  choose(path: string, mine: boolean): void {
    if (mine) this.#mine.add(path);
    else this.#mine.delete(path);
  }

  get result(): Form {
    return [...this.#mine].reduce((form, path) => put(form, path, get(this.mine, path)), this.theirs);
  }
}

export function drawMerge(merge: Merge, roll: Roll, acts: { keep: () => void; take: () => void; changed: () => void }): TemplateResult {
  const { paths, theirs, mine } = merge;
  const choice = (path: string, own: boolean, label: string, text: TemplateResult | string): TemplateResult => html`
    <label class="side"><span class="choice"><input type="radio" name="keep-${path}" .checked=${merge.keeps(path) === own} @change=${() => {
      merge.choose(path, own);
      acts.changed();
    }}> ${label}</span>${drawText(text)}</label>`;
  return html`<section class="card clash" aria-labelledby="conflict-title">
    <h2 id="conflict-title" tabindex="-1">${merge.title}</h2>
    <p>${paths.length ? say("conflictText") : say("conflictNone")}</p>
    ${paths.map((path) => {
      const [left, right] = [fieldText(path, theirs, roll), fieldText(path, mine, roll)];
      const [a, b] = left && right ? drawBoth(left, right) : [left, right];
      return html`<fieldset class="sides"><legend>${fieldName(path)}</legend>${choice(path, false, merge.who ? say("theirs", { who: merge.who }) : say("liveName"), a)}${choice(path, true, say("mine"), b)}</fieldset>`;
    })}
    <p class="acts">
      <button type="button" @click=${acts.keep}>${say("keepChosen")}</button>
      ${paths.length ? html`<button type="button" class="quiet" @click=${acts.take}>${say(merge.who ? "takeTheirs" : "takeLive")}</button>` : nothing}
    </p>
  </section>`;
}
