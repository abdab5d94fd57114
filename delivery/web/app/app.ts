// The feed by itself, in a page that installs as an app, and as a screen in a place without desks.
//
// "#token=…" or "#token-url=/…" (an address of this origin that gives a token) says how it is opened, and "#kiosk" that it is a
// screen: what follows # is never sent to a server. It leaves the address bar at once.

import type { FilFeed } from "../feed/element";
import { byId, show } from "../page/dom";
import "./app.css";
import { Kiosk } from "./kiosk";
import { language, words } from "./words";

/** What is used here of the Trusted Types that the page's policy asks for, where the browser has them. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): { createScriptURL(address: string): unknown };
}

const feed = byId<FilFeed>("feed");
const kept = (name: string): string => localStorage.getItem("fil.app." + name) ?? "";
const keep = (name: string, value: string): void => (value ? localStorage.setItem("fil.app." + name, value) : localStorage.removeItem("fil.app." + name));

function enter(): void {
  const address = kept("token-url");
  const known = kept("token") !== "" || address !== "";
  for (const id of ["feed", "leave", "print"]) show(id, known);
  show("enter", !known);
  if (known) Object.assign(feed, { token: kept("token"), tokenUrl: kept("token") ? "" : address, observe: kept("kiosk") !== "" });
  if (known && kept("kiosk")) new Kiosk(feed, byId("pause"), words);
}

async function leave(said: string): Promise<void> {
  for (const name of ["token", "token-url", "kiosk"]) keep(name, "");
  await feed.forget();
  Object.assign(feed, { token: "", tokenUrl: "" });
  byId("said").textContent = said;
  enter();
  byId("token").focus();
}

document.documentElement.lang = language;
for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) element.textContent = words[element.dataset["text"] as keyof typeof words];
byId("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  keep("token", byId<HTMLInputElement>("token").value.trim());
  byId<HTMLInputElement>("token").value = "";
  enter();
});
byId("leave").addEventListener("click", () => void leave(words.how));
byId("print").addEventListener("click", () => print());
feed.addEventListener("fil-problem", (event) => {
  if ((event as CustomEvent<{ status: number }>).detail.status === 401) void leave(words.expired);
});

const given = new URLSearchParams(location.hash.slice(1));
if (given.has("token") || given.has("token-url")) {
  const address = given.get("token-url") ?? "";
  keep("token", given.get("token") ?? "");
  keep("token-url", /^\/(?![/\\])/.test(address) ? address : ""); // of this origin
  keep("kiosk", given.has("kiosk") ? "1" : "");
  history.replaceState(null, "", location.pathname);
}
enter();
void install();

// Over plain HTTP to another machine there is no worker, and the app is not installed.
async function install(): Promise<void> {
  const address = "/app/worker.js";
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  const policy = types?.createPolicy("fil-app", { createScriptURL: () => address });
  await navigator.serviceWorker?.register((policy?.createScriptURL(address) ?? address) as string).catch(() => {});
}
