// The first page: anyone's feed with a service key, one's own with a token, and the figures of a content.

import type { FilFeed } from "../feed/element";
import { Client, Problem } from "../sdk/client";
import type { FeedItem } from "../sdk/api";
import { byId, make, show, tell } from "./dom";
import { figures } from "./figures";
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
const titles = new Map<string, string>();
let key = "";
let own = false; // the token is an agent's
let agentsNext = "";

// attempt runs what a person asked for and shows what went wrong.
async function attempt(work: () => unknown, where = "problem"): Promise<void> {
  tell(where, "");
  try {
    await work();
  } catch (error) {
    const status = error instanceof Problem ? error.status : -1;
    tell(where, status === 0 ? say("network") : status === 401 ? say("badKey") : (error as Error).message);
    if (status === 401 && where === "problem") disconnect();
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
    input("figures-key").value = key;
    opened();
    tell("problem", say("figuresOnly"));
    return;
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
  for (const name of ["key", "agent", "figures"]) keep(name, "");
  void feed.forget();
  Object.assign(feed, { token: "", agent: "" });
  for (const id of ["open", "leave", "feed-part", "picker"]) show(id, false);
  byId("report").replaceChildren();
  input("key").value = input("figures-key").value = "";
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

feed.addEventListener("fil-load", (event) => {
  const { items } = (event as CustomEvent<{ items: FeedItem[] }>).detail;
  for (const { content } of items) titles.set(content.id, content.title);
  byId("contents").replaceChildren(...items.map(({ content }) => make("option", { value: content.id }, content.title)));
  input("content").value ||= items[0]?.content.id ?? "";
});
feed.addEventListener("fil-act", (event) => (input("content").value = (event as CustomEvent<{ content: string }>).detail.content));

function translate(): void {
  document.documentElement.lang = feed.lang = client.language = spoken.language;
  if (!localStorage.getItem("fil.language")) feed.lang = ""; // not chosen here: the directory's goes first
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) element.textContent = say(element.dataset["text"] as Word);
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) element.setAttribute("aria-label", say(element.dataset["label"] as Word));
  byId("language").textContent = say("otherLanguage");
  byId("language").lang = spoken.language === "fr" ? "en" : "fr";
}

function submit(form: string, work: () => unknown, where?: string): void {
  byId(form).addEventListener("submit", (e) => {
    e.preventDefault();
    void attempt(work, where);
  });
}

submit("key-form", () => connect(input("key").value.trim()));
submit("search", () => findAgents(true));
submit("figures-form", async () => {
  const given = input("figures-key").value.trim();
  await figures(new Client({ token: given, language: spoken.language }), (content) => titles.get(content) ?? "");
  keep("figures", given);
}, "figures-problem");
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
  byId("report").replaceChildren();
  if (!byId("feed-part").hidden) {
    feed.heading = say("feedOf", { agent: feed.agent });
    about();
  }
});

// "#key=…&figures=…&agent=…" lets a command print a ready link: what follows # is never sent to a server. It leaves the
// address bar at once, and the history with it.
const ready = new URLSearchParams(location.hash.slice(1));
for (const name of ["key", "figures", "agent"]) if (ready.has(name)) keep(name, ready.get(name) ?? "");
if (ready.has("key")) history.replaceState(null, "", location.pathname);
input("figures-key").value = kept("figures");
translate();
if (kept("key")) {
  void attempt(() => connect(kept("key")).catch((error: unknown) => {
    show("connect", Boolean(byId("feed-part").hidden));
    throw error;
  }));
} else show("connect", true);
