// Asks for a page of a feed before the script that draws it is there. The first request that is the same takes the answer;
// one that is not the same asks for itself.

interface Asked {
  token: Promise<string>;
  answer: Promise<Response>;
}

// Of the page, since who asks and who takes are two scripts.
const ahead = ((globalThis as Record<symbol, unknown>)[Symbol.for("fil.ahead")] ??= { tokens: new Map(), feeds: new Map() }) as {
  tokens: Map<string, Promise<Response>>;
  feeds: Map<string, Asked>;
};

const whole = (address: string): string => new URL(address, location.href).href;

/** What is the reader's alone: no cache keeps it, and no cookie goes with the question. */
export const alone: RequestInit = { cache: "no-store", credentials: "omit" };

export function headersOf(token: string, language: string, others?: HeadersInit): Headers {
  const headers = new Headers(others);
  headers.set("Authorization", `Bearer ${token}`);
  if (language) headers.set("Accept-Language", language);
  return headers;
}

export const askToken = (address: string): Promise<Response> => fetch(address, { credentials: "same-origin", cache: "no-store" });

/** Asks for a token, which takeToken gives once; what it says, for askFeed. */
export async function askTokenAhead(address: string): Promise<string> {
  const answer = askToken(address);
  ahead.tokens.set(whole(address), answer);
  if (!(await answer).ok) throw new Error("no token");
  return tokenIn(await (await answer).clone().text());
}

export function takeToken(address: string): Promise<Response> {
  const key = whole(address);
  const answer = ahead.tokens.get(key);
  ahead.tokens.delete(key);
  return answer ?? askToken(address);
}

/** The token of an answer: a text, or JSON with a member "token". */
export function tokenIn(answer: string): string {
  const text = answer.trim();
  try {
    return text.startsWith("{") ? String((JSON.parse(text) as { token?: string }).token ?? "") : text;
  } catch {
    return "";
  }
}

export function askFeed(address: string, token: Promise<string>, language: string): void {
  const answer = token.then((known) => fetch(address, { ...alone, headers: headersOf(known, language) }));
  answer.catch(() => {}); // told to who takes it
  ahead.feeds.set(whole(address) + " " + language, { token, answer });
}

/** What was asked for ahead with this token, once. */
export async function takeFeed(address: string, token: string, language: string): Promise<Response | undefined> {
  const key = whole(address) + " " + language;
  const asked = ahead.feeds.get(key);
  ahead.feeds.delete(key);
  return asked && (await asked.token.catch(() => "")) === token ? asked.answer : undefined;
}
