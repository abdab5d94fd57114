// The script that a page includes, when it is not asked to be one that never changes: it begins what takes longest on a slow
// link, the token and the feed, beside the script of the element rather than after it. They are asked as the element will ask
// them, word for word; where they cannot be, as for an element that comes later, the element asks for itself.

import { askFeed, askTokenAhead } from "../sdk/ahead";
import { feedPath, type Order } from "../sdk/pages";
import { openShelf } from "../sdk/shelf";
import { languageAround, serverOfScript } from "./page";

function begin(feed: Element): void {
  const of = (name: string): string => feed.getAttribute(name) ?? "";
  const token = of("token") ? Promise.resolve(of("token")) : of("token-url") ? askTokenAhead(of("token-url")) : undefined;
  if (!token) return;
  void openShelf();
  const server = (of("server") || serverOfScript).replace(/\/+$/, "");
  const language = of("lang");
  const path = feedPath({ agent: of("agent"), order: of("order") as Order, saved: feed.hasAttribute("saved"), limit: Number(of("limit") || 20), language });
  askFeed(server + path, token, language || languageAround(feed, language));
}

if (!customElements.get("fil-feed")) {
  const feed = document.querySelector("fil-feed");
  if (feed) begin(feed);
  // Where another version answers, as while the server is renewed, its element does as well.
  const part = (name: string): Promise<unknown> => import(/* @vite-ignore */ `${serverOfScript}/assets/${name}`);
  void part("fil-feed.DIGEST.js").catch(() => part("fil-feed.js"));
}
