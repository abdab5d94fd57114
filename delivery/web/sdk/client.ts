// Speaks to the API: who is asking, in which language, and what went wrong.

import { alone, headersOf, takeFeed } from "./ahead";

/** A token, or what gives one. A function is called with true after the server refused the token it gave before. */
export type TokenSource = string | ((refused: boolean) => string | Promise<string>);

/** One thing that is wrong with what was sent: the path of the field, and what to do. */
export interface Fault {
  location: string;
  message: string;
}

/** The edit that a write would have undone: the key, its name among people, and when. */
export interface Edit {
  by?: string;
  label?: string;
  at: string;
}

/** A request that was not answered with what was asked. Status 0: no answer came. */
export class Problem extends Error {
  /** Seconds after which it may be tried again, as Retry-After says; 0 when it does not. */
  readonly after: number;

  constructor(readonly status: number, message: string, after = 0, readonly faults: Fault[] = [], readonly edit?: Edit) {
    super(message);
    this.name = "Problem";
    this.after = after;
  }

  /** Whether the same request may succeed later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export interface ClientOptions {
  /** Origin of the Fil server, such as https://fil.example; empty for the page's own. */
  server?: string;
  token?: TokenSource;
  /** BCP 47; the language of problems, and of contents when the agent's record names none. */
  language?: string;
}

/** One server, asked in the name of one person. */
export class Client {
  readonly server: string;
  language: string;
  #source: TokenSource;
  #token = "";

  constructor({ server = "", token = "", language = "" }: ClientOptions = {}) {
    this.server = server.replace(/\/+$/, "");
    this.language = language;
    this.#source = token;
  }

  /** Asks anew for the token at the next request. */
  set token(source: TokenSource) {
    this.#source = source;
    this.#token = "";
  }

  /** Whether there is a token, or a way to one. */
  get ready(): boolean {
    return this.#source !== "";
  }

  /** The subject that a signed token names, unverified: it tells readers of one browser apart and nothing else. */
  async subject(): Promise<string> {
    return String((await this.#claims()).sub ?? "");
  }

  /** Whether the token says itself that its time has passed. */
  async expired(): Promise<boolean> {
    return Number((await this.#claims()).exp ?? Infinity) * 1000 < Date.now();
  }

  // What a signed token says, unverified; nothing for one that says nothing.
  async #claims(): Promise<{ sub?: unknown; exp?: unknown }> {
    const [, claims] = (await this.#bearer(false)).split(".");
    try {
      return JSON.parse(atob(claims!.replace(/-/g, "+").replace(/_/g, "/")));
    } catch {
      return {};
    }
  }

  async #bearer(refused: boolean): Promise<string> {
    if (typeof this.#source === "string") return this.#source;
    if (refused || !this.#token) this.#token = await this.#source(refused);
    return this.#token;
  }

  /** Answers a success or 304, and throws a Problem otherwise. After a 401 a token that a function gave is asked for once more. */
  async call(path: string, init: RequestInit = {}): Promise<Response> {
    let answer = await this.#send(path, init, false);
    if (answer.status === 401 && typeof this.#source === "function") answer = await this.#send(path, init, true);
    if (answer.ok || answer.status === 304) return answer;
    throw await problemOf(answer);
  }

  async json<T>(path: string, init?: RequestInit): Promise<T> {
    return (await (await this.call(path, init)).json()) as T;
  }

  async #send(path: string, init: RequestInit, refused: boolean): Promise<Response> {
    try {
      const token = await this.#bearer(refused);
      const taken = init.method || init.headers ? undefined : await takeFeed(this.server + path, token, this.language);
      return taken ?? (await fetch(this.server + path, { ...alone, ...init, headers: headersOf(token, this.language, init.headers) }));
    } catch (error) {
      if (error instanceof Problem || (error instanceof Error && error.name === "AbortError")) throw error;
      throw new Problem(0, error instanceof Error ? error.message : String(error));
    }
  }
}

// problemOf reads RFC 9457.
async function problemOf(answer: Response): Promise<Problem> {
  const said = (await answer.json().catch(() => ({}))) as { title?: string; detail?: string; errors?: Partial<Fault>[]; edit?: Edit };
  const parts = [said.detail ?? said.title ?? answer.statusText, ...(said.errors ?? []).map((e) => e.message)];
  const faults = (said.errors ?? []).map(({ location = "", message = "" }) => ({ location, message }));
  return new Problem(answer.status, parts.filter(Boolean).join(" "), Number(answer.headers.get("Retry-After")) || 0, faults, said.edit);
}
