// A screen that nobody holds: it goes from content to content by itself, and stops when somebody is there, or says so.

import type { FilFeed } from "../feed/element";

const each = 12_000; // milliseconds on one content
const awayAfter = 60_000; // since somebody touched it
const pausedAfter = 300_000; // likewise, when they stopped it

export class Kiosk {
  #feed: FilFeed;
  #button: HTMLElement;
  #words: { pause: string; play: string };
  #at = -1;
  #runs = true;
  #touched = -awayAfter;
  #used = false; // somebody touched it since it last went to its top
  #stop = new AbortController();
  #timer = 0;

  constructor(feed: FilFeed, button: HTMLElement, words: { pause: string; play: string }) {
    this.#feed = feed;
    this.#button = button;
    this.#words = words;
    document.documentElement.classList.add("kiosk");
    button.hidden = false;
    const { signal } = this.#stop;
    button.addEventListener("click", () => {
      this.#runs = !this.#runs;
      this.#touched = this.#runs ? -awayAfter : performance.now();
      this.#label();
    }, { signal });
    for (const sign of ["pointerdown", "pointermove", "keydown", "wheel"]) {
      addEventListener(sign, (event) => {
        if (event.composedPath().includes(button)) return;
        this.#touched = performance.now();
        this.#used = true;
      }, { passive: true, signal });
    }
    this.#label();
    this.#timer = setInterval(() => this.#step(), each);
  }

  /** The page is a screen no more. */
  close(): void {
    this.#stop.abort();
    clearInterval(this.#timer);
    this.#button.hidden = true;
    document.documentElement.classList.remove("kiosk");
  }

  // Who comes next finds the screen as it was before somebody used it.
  #begin(): void {
    this.#runs = true;
    this.#used = false;
    this.#at = -1;
    this.#label();
    this.#feed.fold();
    scrollTo({ top: 0 });
  }

  #label(): void {
    this.#button.textContent = this.#runs ? this.#words.pause : this.#words.play;
  }

  #step(): void {
    if (performance.now() - this.#touched < (this.#runs ? awayAfter : pausedAfter)) return;
    if (this.#used || !this.#runs) return this.#begin();
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
