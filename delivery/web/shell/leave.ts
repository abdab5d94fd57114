// Asks before a place is left with what was not saved: by a link, by the browser's arrows, or by closing the page.

import { ask, type Question } from "./ask";
import { leaving } from "./place";

/**
 * Watches until what it gives is called. While `unsaved` says so, to leave for an address where `stays` is false is asked first. What gives
 * up what was not saved is called before one goes: without it, nothing is watched any more.
 */
export function watchLeaving(unsaved: () => boolean, stays: (hash: string) => boolean, question: () => Question, given?: () => void): () => void {
  const close = (event: BeforeUnloadEvent): void => {
    if (unsaved()) event.preventDefault();
  };
  const leave = (event: Event): void => {
    if (!unsaved() || stays(location.hash)) return;
    event.preventDefault();
    const wanted = location.hash;
    history.pushState(null, "", (event as CustomEvent<string>).detail); // the address is put back until the answer is known
    void ask(question()).then((answer) => {
      if (answer === null) return;
      (given ?? stop)();
      location.hash = wanted;
    });
  };
  const stop = (): void => {
    removeEventListener("beforeunload", close);
    removeEventListener(leaving, leave);
  };
  addEventListener("beforeunload", close);
  addEventListener(leaving, leave);
  return stop;
}
