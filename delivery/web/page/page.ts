// The first page: anyone's feed with a service key, and one's own with a token.

import type { FilFeed } from "../feed/element";
import { Client, Problem } from "../sdk/client";
import { byId, make, show, tell } from "./dom";
import "./page.css";
import { speak, spoken } from "../words/spoken";
import { say, type Word } from "./words";

interface Agent {
  id: string;
  org?: string;
  site?: string;
  attributes?: Record<string, unknown>;
}

const kept = (name: string): string => sessionStorage.getItem("fil." + name) ?? "";
const keep = (name: string, value: string): void => (value ? sessionStorage.setItem("fil." + name, value) : sessionStorage.removeItem("fil." + name));
const input = (id: string): HTMLInputElement => byId<HTMLInputElement>(id);
const feed = byId<FilFeed>("feed");
const client = new Client();
let key = "";
let own = false; // the token is an agent's
let agentsNext = "";

// attempt runs what a person asked for and shows what went wrong.
async function attempt(work: () => unknown): Promise<void> {
  tell("problem", "");
  try {
    await work();
  } catch (error) {
    const status = error instanceof Problem ? error.status : -1;
    tell("problem", status === 0 ? say("network") : status === 401 ? say("badKey") : (error as Error).message);
    if (status === 401) disconnect();
  }
}

const refused = (error: unknown): boolean => error instanceof Problem && error.status === 403;

async function connect(given: string): Promise<void> {
  key = client.token = given;
  client.language = spoken.language;
  try {
    const { agent } = await client.json<{ agent: string }>("/v1/feed?limit=1");
    own = true;
    opened();
    choose(agent);
    return;
  } catch (error) {
    if (!refused(error)) throw error;
  }
  own = false;
  try {
    await findAgents(true);
  } catch (error) {
    if (!refused(error)) throw error;
    throw new Problem(403, say("otherKey"));
  }
  opened();
  show("picker", true);
  const first = kept("agent") || byId("agents").querySelector("button")?.value;
  if (first) choose(first);
}

function opened(): void {
  keep("key", key);
  show("connect", false);
  show("open", true);
  show("leave", true);
}

function disconnect(): void {
  for (const name of ["key", "agent"]) keep(name, "");
  void feed.forget();
  Object.assign(feed, { token: "", agent: "" });
  for (const id of ["open", "leave", "feed-part", "picker"]) show(id, false);
  input("key").value = "";
  input("act").checked = false;
  show("connect", true);
  input("key").focus();
}

async function findAgents(fresh: boolean): Promise<void> {
  const query = new URLSearchParams({ limit: "50" });
  if (input("q").value.trim()) query.set("q", input("q").value.trim());
  if (!fresh) query.set("after", agentsNext);
  const found = await client.json<{ agents?: Agent[]; next?: string }>(`/v1/agents?${query}`);
  agentsNext = found.next ?? "";
  const rows = (found.agents ?? []).map((agent) => {
    const job = agent.attributes?.["job"] ?? agent.attributes?.["grade"];
    const where = [agent.org?.split("/").slice(-2).join(" / "), agent.site].filter(Boolean).join(" · ");
    const button = make("button", { type: "button", value: agent.id }, [agent.id, job].filter(Boolean).join(" · "), ...(where ? [make("small", {}, where)] : []));
    button.addEventListener("click", () => void attempt(() => choose(agent.id)));
    return make("li", {}, button);
  });
  const list = byId("agents");
  if (fresh) list.replaceChildren(...rows);
  else list.append(...rows);
  markAgent();
  show("more-agents", agentsNext !== "");
  const n = list.children.length;
  byId("found").textContent = say(n ? "found" : "noAgent", { n });
  byId("found").className = n ? "hidden" : "hint";
}

function markAgent(): void {
  for (const button of byId("agents").querySelectorAll("button")) button.setAttribute("aria-current", String(button.value === feed.agent));
}

function choose(agent: string): void {
  if (!own) keep("agent", agent);
  show("feed-part", true);
  Object.assign(feed, { token: key, agent: own ? "" : agent, heading: say("feedOf", { agent }), observe: !own && !input("act").checked });
  markAgent();
  about();
}

function about(): void {
  byId("about").textContent = say(own ? "tellingOwn" : input("act").checked ? "telling" : "observing");
}

function translate(): void {
  document.documentElement.lang = feed.lang = client.language = spoken.language;
  if (!localStorage.getItem("fil.language")) feed.lang = ""; // not chosen here: the directory's goes first
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) element.textContent = say(element.dataset["text"] as Word);
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) element.setAttribute("aria-label", say(element.dataset["label"] as Word));
  byId("language").textContent = say("otherLanguage");
  byId("language").lang = spoken.language === "fr" ? "en" : "fr";
}

function submit(form: string, work: () => unknown): void {
  byId(form).addEventListener("submit", (e) => {
    e.preventDefault();
    void attempt(work);
  });
}

submit("key-form", () => connect(input("key").value.trim()));
submit("search", () => findAgents(true));
byId("leave").addEventListener("click", () => {
  tell("problem", "");
  disconnect();
});
byId("more-agents").addEventListener("click", () => void attempt(() => findAgents(false)));
byId("act").addEventListener("change", () => {
  feed.observe = !own && !input("act").checked;
  about();
});
byId("language").addEventListener("click", () => {
  speak(spoken.language === "fr" ? "en" : "fr");
  translate();
  if (!byId("feed-part").hidden) {
    feed.heading = say("feedOf", { agent: feed.agent });
    about();
  }
});

// "#key=…&agent=…" lets a command print a ready link: what follows # is never sent to a server. It leaves the
// address bar at once, and the history with it.
const ready = new URLSearchParams(location.hash.slice(1));
for (const name of ["key", "agent"]) if (ready.has(name)) keep(name, ready.get(name) ?? "");
if (ready.has("key")) history.replaceState(null, "", location.pathname);
translate();
if (kept("key")) {
  void attempt(() => connect(kept("key")).catch((error: unknown) => {
    show("connect", Boolean(byId("feed-part").hidden));
    throw error;
  }));
} else show("connect", true);
