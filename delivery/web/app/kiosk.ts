// A screen that nobody holds: it goes from content to content by itself, and stops when somebody is there, or says so.

import type { FilFeed } from "../feed/element";

const each = 12_000; // milliseconds on one content
const awayAfter = 60_000; // since somebody touched it

export class Kiosk {
  #feed: FilFeed;
  #button: HTMLElement;
  #words: { pause: string; play: string };
  #at = -1;
  #runs = true;
  #touched = -awayAfter;

  constructor(feed: FilFeed, button: HTMLElement, words: { pause: string; play: string }) {
    this.#feed = feed;
    this.#button = button;
    this.#words = words;
    document.documentElement.classList.add("kiosk");
    button.hidden = false;
    button.addEventListener("click", () => {
      this.#runs = !this.#runs;
      this.#touched = -awayAfter;
      this.#label();
    });
    for (const sign of ["pointerdown", "keydown", "wheel"]) {
      addEventListener(sign, (event) => {
        if (!event.composedPath().includes(button)) this.#touched = performance.now();
      }, { passive: true });
    }
    this.#label();
    setInterval(() => this.#step(), each);
  }

  #label(): void {
    this.#button.textContent = this.#runs ? this.#words.pause : this.#words.play;
  }

  #step(): void {
    if (!this.#runs || performance.now() - this.#touched < awayAfter) return;
    const cards = [...(this.#feed.shadowRoot?.querySelectorAll("article") ?? [])];
    this.#at++;
    if (this.#at >= cards.length || this.#at >= 20) {
      this.#at = -1;
      void this.#feed.refresh();
      return;
    }
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    cards[this.#at]?.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
  }
}
