// What the element takes from the page that it is in.

import { takeToken, tokenIn } from "../sdk/ahead";
import { Problem, type TokenSource } from "../sdk/client";
import { languageOf, type Language } from "../words/words";

const known = Symbol.for("fil.server");

/** The server that the script came from, which is the one to ask unless the page names another. */
export const serverOfScript: string = ((globalThis as Record<symbol, unknown>)[known] ??= (() => {
  const running = document.currentScript as HTMLScriptElement | null;
  const script = running ?? document.querySelector<HTMLScriptElement>('script[src*="fil-feed"]');
  return script?.src.replace(/\/(assets\/)?fil-feed[^/]*$/, "") ?? "";
})()) as string;

/** The language of an element: its own, that of the page around it, the browser's. */
export function languageAround(element: Element, own: string): Language {
  const around = (element.getRootNode() as ShadowRoot).host?.closest("[lang]") ?? element.parentElement?.closest("[lang]");
  return languageOf(own, around?.getAttribute("lang"), navigator.language);
}

/** The page's own server gave no token; the status is what it answered. */
export class NoToken extends Problem {}

/** Asks the page's own server for a token, with its cookies: a text, or JSON with a member "token". */
export function tokenFrom(address: string): TokenSource {
  return async () => {
    const answer = await takeToken(address);
    if (!answer.ok) throw new NoToken(answer.status, `${address}: ${answer.status}`);
    const token = tokenIn(await answer.text());
    if (!/^[!-~]+$/.test(token)) throw new NoToken(401, `${address}: not a token`); // as a page to sign in at
    return token;
  };
}
