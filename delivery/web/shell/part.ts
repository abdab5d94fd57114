// What every part of a page is: an element that is drawn again when the person changes the page's language.

import { LitElement } from "lit";

/** Said by the frame once the page's language has changed. */
export const languageChanged = "fil-language";

export abstract class Part extends LitElement {
  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener(languageChanged, this.#changed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener(languageChanged, this.#changed);
  }

  readonly #changed = (): void => this.translated();

  /** Draws it again. What the server said in the other language alone is asked for anew by who overrides this. */
  protected translated(): void {
    this.requestUpdate();
  }
}
