// What the server says of a content while it is written: what to mend, whom it reaches, how it looks. Asked once writing pauses.

import { Problem, type Client, type Fault } from "../sdk/client";
import type { CheckOutputBody, Finding, Reach } from "../shell/api";
import { get, languagesOf, named, prefixOf, sent, type Form } from "./content";
import { tooLong } from "./rules";
import { say } from "./words";

const pause = 500; // milliseconds without a change

type Learned = "check" | "reach" | "bodies";

export class Watch {
  /** What to mend; null while it is not known. */
  findings: Finding[] | null = null;
  /** What keeps the content from being read at all: fields to complete. */
  faults: Fault[] = [];
  /** Who asks for a second person before it is published; empty: nobody; null while it is not known. */
  approval: string | null = null;
  reach: Reach | null = null;
  /** The texts as safe HTML, by language. */
  bodies: Record<string, string> = {};

  #waiting: ReturnType<typeof setTimeout> | undefined;
  #stop = new AbortController();
  #seen = { check: "", reach: "", bodies: "" }; // what was asked about last
  #known = { ...this.#seen }; // what was answered

  /** changed is called with what was learned. */
  constructor(readonly client: Client, readonly changed: (what: Learned) => void) {}

  /** Whether nothing that is known keeps the content from being published. */
  get sound(): boolean {
    return !this.faults.length && !this.findings?.some(({ severity }) => severity === "error");
  }

  look(form: Form, at = pause): void {
    clearTimeout(this.#waiting);
    if (tooLong(form).length) { // it would not be read
      this.faults = [];
      this.#seen.check = this.#known.check = "";
      return;
    }
    this.#waiting = setTimeout(() => this.#ask(form), at);
  }

  /** Asks anew for what the server says in one language. */
  again(form: Form): void {
    if (this.faults.length) this.#seen.check = this.#known.check = "";
    this.look(form, 0);
  }

  end(): void {
    clearTimeout(this.#waiting);
    this.#stop.abort();
  }

  #ask(form: Form): void {
    const bodies = JSON.stringify(Object.fromEntries(languagesOf(form).map((tag) => [tag, (get(form, `${prefixOf(form, tag)}body`) as string | undefined) ?? ""])));
    const aim = JSON.stringify([form.id, form.audiences, form.perimeter, form.published_at?.slice(0, 10), form.title === ""]);
    void this.#once("check", sent(form), () => this.#check(form));
    void this.#once("bodies", bodies, async () => {
      const answer = await this.#post<{ bodies: Record<string, string> }>("/v1/preview/text", `{"bodies":${bodies}}`);
      return () => (this.bodies = answer.bodies);
    });
    void this.#once("reach", aim, async () => {
      const id = form.id ? { id: form.id } : {};
      const answer = await this.#post<Reach>("/v1/contents/reach", JSON.stringify({ ...id, title: form.title || "…", audiences: form.audiences, perimeter: form.perimeter, published_at: form.published_at }));
      return () => (this.reach = answer);
    });
  }

  /**
   * Asks unless that was asked already, and takes the answer unless another was asked for since. What goes wrong here is asked
   * again at the next change, and told when it is saved.
   */
  async #once(what: Learned, about: string, ask: () => Promise<() => unknown>): Promise<void> {
    if (this.#known[what] === about) this.changed(what); // it is again as it was
    if (this.#seen[what] === about) return;
    this.#seen[what] = about;
    this.#known[what] = "";
    try {
      const take = await ask();
      if (this.#seen[what] !== about) return;
      take();
      this.#known[what] = about;
      this.changed(what);
    } catch {
      if (this.#seen[what] === about) this.#seen[what] = "";
    }
  }

  async #check(form: Form): Promise<() => void> {
    const took = (findings: Finding[] | null, faults: Fault[]): (() => void) => () => void Object.assign(this, { findings, faults });
    try {
      // A text without a title yet is checked all the same.
      const { findings, approval = "" } = await this.#post<CheckOutputBody>("/v1/contents/check", named(form.title ? form : { ...form, title: "…" }));
      const take = took(findings, form.title ? [] : [{ location: "title", message: say("noTitle") }]);
      return () => {
        take();
        this.approval = approval;
      };
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 422) throw error;
      return took(null, error.faults);
    }
  }

  #post<T>(path: string, body: string): Promise<T> {
    return this.client.json<T>(path, { method: "POST", body, headers: { "Content-Type": "application/json" }, signal: this.#stop.signal });
  }
}
