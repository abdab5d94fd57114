// Asks for a page of a feed before the script that draws it is there. The first request that is the same takes the answer;
// one that is not the same asks for itself.

// Of the page, since who asks and who takes are two scripts.
const ahead = ((globalThis as Record<symbol, unknown>)[Symbol.for("fil.ahead")] ??= new Map()) as Map<string, Promise<Response>>;

/** The headers of one who asks: who they are, and in which language problems are told. */
export function headersOf(token: string, language: string, others?: HeadersInit): Headers {
  const headers = new Headers(others);
  headers.set("Authorization", `Bearer ${token}`);
  if (language) headers.set("Accept-Language", language);
  return headers;
}

/** Every answer is the reader's alone: no cache keeps it, and no cookie goes with the question. */
export const alone: RequestInit = { cache: "no-store", credentials: "omit" };

const keyOf = (address: string, headers: Headers): string => JSON.stringify([new URL(address, location.href).href, ...headers]);

export function askAhead(address: string, headers: Headers): void {
  const answer = fetch(address, { ...alone, headers });
  answer.catch(() => {}); // told to who takes it
  ahead.set(keyOf(address, headers), answer);
}

/** The answer that was asked for ahead, once. */
export function takeAhead(address: string, headers: Headers): Promise<Response> | undefined {
  if (ahead.size === 0) return undefined;
  const key = keyOf(address, headers);
  const answer = ahead.get(key);
  ahead.delete(key);
  return answer;
}
