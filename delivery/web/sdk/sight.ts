// Tells what was really seen. A content is seen when half of it, or half of the window, has been in view for half a second
// of a page that is in front. Time spent counts while it stays so and somebody is there: it stops a minute after the last sign.

export type Act = (kind: "impression" | "dwell" | "read", content: string, seconds?: number) => void;

const seenAfter = 500; // milliseconds
const idleAfter = 60_000;
const leastDwell = 1; // seconds
const signs = ["pointerdown", "pointermove", "keydown", "wheel", "touchmove", "scroll"] as const;

interface Watched {
  content: string;
  inView: boolean;
  since: number; // when it began to count, 0 when it does not
  timer: number;
}

export class Sight {
  #act: Act;
  #cards = new Map<Element, Watched>();
  #ends = new Map<Element, { content: string; opened: number; needs: number; timer: number }>();
  #seen = new Set<string>();
  #spent = new Map<string, number>(); // milliseconds not yet told
  #lastSign = performance.now();
  #idle = 0;
  #stop = new AbortController();
  #observer: IntersectionObserver;

  constructor(act: Act) {
    this.#act = act;
    this.#observer = new IntersectionObserver((entries) => entries.forEach((e) => this.#moved(e)), { threshold: [0, 0.25, 0.5, 0.75, 1] });
    const options = { signal: this.#stop.signal, passive: true, capture: true };
    for (const sign of signs) addEventListener(sign, () => this.#sign(), options);
    document.addEventListener("visibilitychange", () => this.#turned(), options);
    this.#idle = setInterval(() => this.#isIdle() && this.#pause(), idleAfter / 4);
  }

  /** Watches a card; again for the same element changes nothing. */
  watch(card: Element, content: string): void {
    if (this.#cards.has(card)) return;
    this.#cards.set(card, { content, inView: false, since: 0, timer: 0 });
    this.#observer.observe(card);
  }

  /** Watches the end of a text that was opened: it is read when its end was in view after the seconds that it takes at least. */
  watchEnd(end: Element, content: string, seconds: number): void {
    if (this.#ends.has(end)) return;
    this.#ends.set(end, { content, opened: performance.now(), needs: seconds * 1000, timer: 0 });
    this.#observer.observe(end);
  }

  /** Forgets elements that are no longer in the page. */
  sweep(): void {
    for (const [card, watched] of this.#cards) {
      if (card.isConnected) continue;
      this.#count(watched, false);
      this.#observer.unobserve(card);
      this.#cards.delete(card);
    }
    for (const [end] of this.#ends) {
      if (end.isConnected) continue;
      this.#observer.unobserve(end);
      this.#ends.delete(end);
    }
  }

  /** Tells the time spent so far. */
  settle(): void {
    for (const watched of this.#cards.values()) {
      if (!watched.since) continue;
      this.#count(watched, false);
      this.#count(watched, true);
    }
    for (const [content, milliseconds] of this.#spent) {
      const seconds = Math.round(milliseconds / 100) / 10;
      if (seconds < leastDwell) continue;
      this.#spent.delete(content);
      this.#act("dwell", content, seconds);
    }
  }

  close(): void {
    this.#pause();
    this.settle();
    this.#stop.abort();
    clearInterval(this.#idle);
    this.#observer.disconnect();
    this.#cards.clear();
    this.#ends.clear();
  }

  #moved({ target, intersectionRatio, intersectionRect, isIntersecting, rootBounds }: IntersectionObserverEntry): void {
    const end = this.#ends.get(target);
    if (end) return this.#reached(target, end, isIntersecting);
    const watched = this.#cards.get(target);
    if (!watched) return;
    watched.inView = intersectionRatio >= 0.5 || (rootBounds !== null && intersectionRect.height >= rootBounds.height / 2);
    this.#count(watched, this.#inFront());
  }

  #reached(target: Element, end: { content: string; opened: number; needs: number; timer: number }, inView: boolean): void {
    clearTimeout(end.timer);
    if (!inView) return;
    end.timer = setTimeout(() => {
      if (!this.#inFront()) return;
      this.#ends.delete(target);
      this.#observer.unobserve(target);
      this.#act("read", end.content);
    }, Math.max(seenAfter, end.needs - (performance.now() - end.opened)));
  }

  #count(watched: Watched, may: boolean): void {
    if (watched.inView && may === Boolean(watched.since)) return; // as it was
    clearTimeout(watched.timer);
    const now = performance.now();
    if (watched.since) this.#spent.set(watched.content, (this.#spent.get(watched.content) ?? 0) + now - watched.since);
    watched.since = 0;
    if (!watched.inView || !may) return;
    watched.since = now;
    if (this.#seen.has(watched.content)) return;
    watched.timer = setTimeout(() => {
      if (!watched.since || !this.#inFront() || this.#seen.has(watched.content)) return;
      this.#seen.add(watched.content);
      this.#act("impression", watched.content);
    }, seenAfter);
  }

  #inFront(): boolean {
    return document.visibilityState === "visible" && !this.#isIdle();
  }

  #isIdle(): boolean {
    return performance.now() - this.#lastSign > idleAfter;
  }

  #sign(): void {
    const was = this.#isIdle();
    this.#lastSign = performance.now();
    if (was) this.#turned();
  }

  #turned(): void {
    if (document.visibilityState !== "visible") return this.#pause();
    this.#lastSign = performance.now();
    for (const watched of this.#cards.values()) this.#count(watched, true);
  }

  #pause(): void {
    for (const watched of this.#cards.values()) this.#count(watched, false);
  }
}
