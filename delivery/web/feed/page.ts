// What the element takes from the page that it is in.

import { Problem, type TokenSource } from "../sdk/client";

/** The server that the script came from, which is the one to ask unless the page names another. */
export const serverOfScript: string = (() => {
  const running = document.currentScript as HTMLScriptElement | null;
  const script = running ?? document.querySelector<HTMLScriptElement>('script[src*="fil-feed"]');
  return script?.src.replace(/\/(assets\/)?fil-feed[^/]*$/, "") ?? "";
})();

/** Asks the page's own server for a token, with its cookies: a text, or JSON with a member "token". */
export function tokenFrom(address: string): TokenSource {
  return async () => {
    const answer = await fetch(address, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) throw new Problem(answer.status >= 500 ? answer.status : 401, `${address}: ${answer.status}`);
    const text = (await answer.text()).trim();
    return text.startsWith("{") ? String((JSON.parse(text) as { token?: string }).token ?? "") : text;
  };
}
