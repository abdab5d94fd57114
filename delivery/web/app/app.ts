// The feed by itself, in a page that installs as an app, and as a screen in a place without desks.
//
// "#token=…" or "#token-url=/…" (an address of this origin that gives a token) says how it is opened, and "#kiosk" that it is a
// screen: what follows # is never sent to a server. It leaves the address bar at once.

import type { FilFeed } from "../feed/element";
import { tokenFrom } from "../feed/page";
import { byId, show } from "../page/dom";
import { Client } from "../sdk/client";
import "./app.css";
import { Elsewhere } from "./elsewhere";
import { Kiosk } from "./kiosk";
import { language, wordOf, words } from "./words";

/** What is used here of the Trusted Types that the page's policy asks for, where the browser has them. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): { createScriptURL(address: string): unknown };
}

type View = "feed" | "saved" | "elsewhere";

const feed = byId<FilFeed>("feed");
const kept = (name: string): string => localStorage.getItem("fil.app." + name) ?? "";
const keep = (name: string, value: string): void => (value ? localStorage.setItem("fil.app." + name, value) : localStorage.removeItem("fil.app." + name));
let screen: Kiosk | undefined;
const tabs = [...document.querySelectorAll<HTMLElement>("[data-view]")];

function enter(): void {
  const address = kept("token-url");
  const known = kept("token") !== "" || address !== "";
  const kiosk = known && kept("kiosk") !== ""; // nobody holds a screen: who touches it must not sign it out
  for (const id of ["leave", "views"]) show(id, known && !kiosk);
  show("enter", !known);
  if (known) Object.assign(feed, { token: kept("token"), tokenUrl: kept("token") ? "" : address, kiosk });
  turn(known ? "feed" : undefined);
  screen?.close();
  screen = kiosk ? new Kiosk(feed, byId("pause"), words) : undefined;
}

// turn shows one view; none before a token is there.
function turn(view: View | undefined): void {
  for (const tab of tabs) {
    if (tab.dataset["view"] === view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  show("feed", view === "feed" || view === "saved");
  show("elsewhere", view === "elsewhere");
  show("print", (view === "feed" || view === "saved") && !kept("kiosk"));
  byId("elsewhere-said").textContent = "";
  if (view === "feed" || view === "saved") feed.saved = view === "saved";
  if (view === "elsewhere") void panel().open();
}

function panel(): Elsewhere {
  const client = new Client({ token: kept("token") || tokenFrom(kept("token-url")), language });
  return new Elsewhere(byId("elsewhere-body"), byId("elsewhere-said"), client, () => void leave(words.expired));
}

async function leave(said: string): Promise<void> {
  if (!feed.token && !feed.tokenUrl) enter(); // whose feed is to be forgotten
  for (const name of ["token", "token-url", "kiosk"]) keep(name, "");
  await customElements.whenDefined("fil-feed");
  await feed.updateComplete;
  await feed.forget();
  Object.assign(feed, { token: "", tokenUrl: "" });
  byId("elsewhere-body").replaceChildren();
  byId("said").textContent = said;
  enter();
  byId("token").focus();
}

// take takes what a link brings, whether it opens the page or finds it open; false when it brings nothing.
function take(): boolean {
  const given = new URLSearchParams(location.hash.slice(1));
  const leaves = given.has("leave");
  if (!leaves && !given.has("token") && !given.has("token-url")) return false;
  history.replaceState(null, "", location.pathname);
  if (leaves) {
    void leave(words.how);
    return true;
  }
  const address = given.get("token-url") ?? "";
  keep("token", given.get("token") ?? "");
  keep("token-url", /^\/(?![/\\])/.test(address) ? address : ""); // of this origin
  keep("kiosk", given.has("kiosk") ? "1" : "");
  enter();
  return true;
}

document.documentElement.lang = language;
document.title = words.title;
byId("views").setAttribute("aria-label", words.views);
for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) element.textContent = wordOf(element.dataset["text"]);
byId("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  keep("token", byId<HTMLInputElement>("token").value.trim());
  byId<HTMLInputElement>("token").value = "";
  enter();
});
for (const tab of tabs) tab.addEventListener("click", () => turn(tab.dataset["view"] as View));
byId("leave").addEventListener("click", () => void leave(words.how));
byId("print").addEventListener("click", () => print());
feed.addEventListener("fil-problem", (event) => {
  const { status, expired } = (event as CustomEvent<{ status: number; expired: boolean }>).detail;
  if (status === 401) void leave(expired ? words.expired : words.refused);
});

addEventListener("hashchange", take);
if (!take()) enter();
void install();

// Over plain HTTP to another machine there is no worker, and the app is not installed.
async function install(): Promise<void> {
  const address = "/app/worker.js";
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  const policy = types?.createPolicy("fil-app", { createScriptURL: () => address });
  await navigator.serviceWorker?.register((policy?.createScriptURL(address) ?? address) as string).catch(() => {});
}
