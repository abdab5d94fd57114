// The first page: one module, no build, no library. It asks the API for all it shows and keeps keys in the tab only.

const texts = {
  fr: {
    skip: "Aller au contenu", tagline: "Chaque communication, à qui elle sert", leave: "Changer de clé", otherLanguage: "English",
    connectTitle: "Ouvrir un fil", keyLabel: "Clé ou jeton", open: "Ouvrir",
    keyHint: "Le jeton d'un agent ouvre son fil. Une clé de service permet de choisir un agent. « fil up » affiche celles qu'il a faites.",
    keyKept: "La clé reste dans cet onglet et n'est envoyée qu'à ce serveur.",
    asideLabel: "Agent et chiffres", feedTitle: "Fil", feedOf: "Fil de {agent}", order: "Ordre", ranked: "Pour vous", chronological: "Chronologique",
    refresh: "Le fil a changé : afficher", more: "Afficher la suite", end: "Vous êtes à la fin du fil.",
    degraded: "Le fil est affiché du plus récent au plus ancien, le temps d'une panne : ce qui a été lu, écarté ou reconnu n'est pas connu pour l'instant.",
    empty: "Rien pour cet agent en ce moment : aucune communication en cours ne lui est destinée.",
    pickerTitle: "Agents", searchLabel: "Chercher par identifiant, organisation ou site", search: "Chercher", moreAgents: "Plus d'agents",
    found: "{n} agents affichés", noAgent: "Aucun agent ne correspond.",
    act: "Agir au nom de l'agent : transmettre affichages, ouvertures et prises de connaissance",
    about: "Classé selon la politique {policy}.", aboutOrder: "Du plus récent au plus ancien.",
    observing: "Vous regardez sans laisser de trace.", telling: "Affichages et ouvertures sont transmis pour le compte de l'agent.", tellingOwn: "Vos affichages et ouvertures sont transmis pour améliorer votre fil et compter les lecteurs.",
    figuresTitle: "Chiffres d'une communication", contentLabel: "Identifiant de la communication", byLabel: "Répartir par (facultatif)",
    figuresKeyLabel: "Clé de communicant ou de direction", show: "Afficher les chiffres", toFigures: "Chiffres", of: " : {title}",
    read: "Lire", why: "Pourquoi ici ?", full: "Explication complète", pinned: "Épinglé", mustRead: "À lire avant le {date}",
    acknowledge: "J'ai pris connaissance", acknowledged: "Prise de connaissance transmise.", needsAct: "Cochez « Agir au nom de l'agent » pour pouvoir le dire à sa place.",
    degree: "Degré et mode de contribution de l'algorithme", data: "Données utilisées et leurs sources", parameters: "Paramètres et leurs poids", operations: "Opérations effectuées",
    parameter: "Paramètre", value: "Valeur", weight: "Poids", contribution: "Contribution", total: "Score", source: "source : {source}",
    figure: "Chiffre", number: "Nombre", withheld: "retenu", totals: "Ensemble", rowsBy: "Par {by}", none: "(sans)", noRows: "Aucune ligne.",
    whyWithheld: "Retenu : le chiffre porte sur moins de 10 agents, ou en ferait connaître un par soustraction.",
    network: "Le serveur ne répond pas. Vérifiez qu'il tourne, puis réessayez.", badKey: "Cette clé est inconnue, révoquée ou expirée.",
    figuresOnly: "Cette clé ne lit pas les fils : elle ouvre les chiffres.", loaded: "{n} communications affichées",
    kinds: { news: "Actualité", alert: "Alerte", event: "Événement", survey: "Enquête", recognition: "Reconnaissance", document: "Document" },
    figures: {
      targeted: "Agents visés", shown: "Agents à qui elle a été affichée", opened: "Agents qui l'ont ouverte", readers: "Agents qui l'ont lue", acknowledged: "Agents qui en ont pris connaissance",
      impressions: "Affichages", opens: "Ouvertures", reads: "Lectures", dwell_median_seconds: "Temps médian passé (s)", clicks: "Clics", reactions: "Réactions",
      comments: "Commentaires", shares: "Partages", saves: "Mises de côté", follows: "Abonnements", dismissals: "Mises à l’écart", dwells: "Mesures de temps passé", acknowledgements: "Prises de connaissance",
    },
  },
  en: {
    skip: "Skip to content", tagline: "Each message, to whom it serves", leave: "Change key", otherLanguage: "Français",
    connectTitle: "Open a feed", keyLabel: "Key or token", open: "Open",
    keyHint: "An agent's token opens their feed. A service key lets you choose an agent. “fil up” prints those it made.",
    keyKept: "The key stays in this tab and is sent to this server only.",
    asideLabel: "Agent and figures", feedTitle: "Feed", feedOf: "Feed of {agent}", order: "Order", ranked: "For you", chronological: "Chronological",
    refresh: "The feed has changed: show", more: "Show more", end: "You are at the end of the feed.",
    degraded: "The feed is shown newest first while something is out of order: what was read, dismissed or acknowledged is not known for now.",
    empty: "Nothing for this agent at the moment: no message being published is for them.",
    pickerTitle: "Agents", searchLabel: "Search by id, organisation or site", search: "Search", moreAgents: "More agents",
    found: "{n} agents shown", noAgent: "No agent fits.",
    act: "Act on the agent's behalf: send impressions, opens and acknowledgements",
    about: "Ranked under the policy {policy}.", aboutOrder: "From the newest to the oldest.",
    observing: "You are looking without leaving a trace.", telling: "Impressions and opens are sent on the agent's behalf.", tellingOwn: "Your impressions and opens are sent, to improve your feed and count readers.",
    figuresTitle: "Figures of a message", contentLabel: "Id of the message", byLabel: "Cut by (optional)",
    figuresKeyLabel: "Communicator's or leader's key", show: "Show figures", toFigures: "Figures", of: ": {title}",
    read: "Read", why: "Why here?", full: "Full explanation", pinned: "Pinned", mustRead: "Read before {date}",
    acknowledge: "I have read and understood", acknowledged: "Acknowledgement sent.", needsAct: "Tick “Act on the agent's behalf” to say so for them.",
    degree: "Degree and mode of contribution of the algorithm", data: "Data used and their sources", parameters: "Parameters and their weights", operations: "Operations carried out",
    parameter: "Parameter", value: "Value", weight: "Weight", contribution: "Contribution", total: "Score", source: "source: {source}",
    figure: "Figure", number: "Number", withheld: "withheld", totals: "In all", rowsBy: "By {by}", none: "(none)", noRows: "No row.",
    whyWithheld: "Withheld: the figure is about fewer than 10 agents, or would give one away by subtraction.",
    network: "The server does not answer. Check that it runs, then try again.", badKey: "This key is unknown, revoked or expired.",
    figuresOnly: "This key reads no feed: it opens figures.", loaded: "{n} messages shown",
    kinds: { news: "News", alert: "Alert", event: "Event", survey: "Survey", recognition: "Recognition", document: "Document" },
    figures: {
      targeted: "Agents aimed at", shown: "Agents shown it", opened: "Agents who opened it", readers: "Agents who read it", acknowledged: "Agents who acknowledged it",
      impressions: "Impressions", opens: "Opens", reads: "Reads", dwell_median_seconds: "Median time spent (s)", clicks: "Clicks", reactions: "Reactions",
      comments: "Comments", shares: "Shares", saves: "Saves", follows: "Follows", dismissals: "Dismissals", dwells: "Measures of time spent", acknowledgements: "Acknowledgements",
    },
  },
};

const $ = (id) => document.getElementById(id);
const stored = (name) => sessionStorage.getItem("fil." + name) ?? "";
const store = (name, value) => (value ? sessionStorage.setItem("fil." + name, value) : sessionStorage.removeItem("fil." + name));

let language = localStorage.getItem("fil.language") === "en" ? "en" : "fr";
const say = (name, values = {}) => Object.entries(values).reduce((text, [k, v]) => text.replace(`{${k}}`, () => v), texts[language][name]);

// What is shown now. `own` is true with an agent's token; `turn` tells answers of an earlier choice from the present one.
const now = { key: "", own: false, agent: "", next: "", etag: "", ids: [], shown: [], policy: "", turn: 0, stream: null, lastEvent: "" };

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const number = (n) => n.toLocaleString(language, { maximumFractionDigits: 2 });
const day = (iso) => new Date(iso).toLocaleDateString(language, { day: "numeric", month: "long", year: "numeric" });

// ---------------------------------------------------------------------------------------------------------- the API

class Problem extends Error {
  constructor(status, text) { super(text); this.status = status; }
}

async function call(path, { key = now.key, headers = {}, ...options } = {}) {
  const all = { Authorization: `Bearer ${key}`, "Accept-Language": language, ...headers };
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", ...options, headers: all });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(0, say("network"));
  }
  if (answer.ok || answer.status === 304) return answer;
  const problem = await answer.json().catch(() => ({}));
  const details = (problem.errors ?? []).map((e) => e.message);
  throw new Problem(answer.status, [answer.status === 401 ? say("badKey") : problem.detail ?? problem.title ?? answer.statusText, ...details].join(" "));
}

const feedPath = () => (now.own ? "/v1/feed" : `/v1/agents/${encodeURIComponent(now.agent)}/feed`);
const chosenOrder = () => document.querySelector("input[name=order]:checked").value;

function page(cursor = "", headers = {}) {
  const query = new URLSearchParams({ limit: "20", order: chosenOrder() });
  if (cursor) query.set("cursor", cursor);
  if (localStorage.getItem("fil.language")) query.set("lang", language); // chosen here: it goes before the directory's
  return call(`${feedPath()}?${query}`, { headers });
}

function tell(id, text) {
  $(id).textContent = text;
  $(id).hidden = !text;
}

// attempt runs what a person asked for and shows what went wrong.
async function attempt(work, where = "problem") {
  tell(where, "");
  try {
    await work();
  } catch (error) {
    if (error.name === "AbortError") return;
    tell(where, error.message);
    if (error.status === 401 && where === "problem") disconnect();
  }
}

// ---------------------------------------------------------------------------------------------------------- opening

async function connect(key) {
  now.key = key;
  try {
    const mine = await (await call("/v1/feed?limit=1")).json();
    Object.assign(now, { own: true, agent: mine.agent });
    opened();
    await choose(now.agent);
    return;
  } catch (error) {
    if (error.status !== 403) throw error;
  }
  now.own = false;
  try {
    await findAgents(true);
  } catch (error) {
    if (error.status !== 403) throw error;
    $("figures-key").value = key;
    opened();
    tell("problem", say("figuresOnly"));
    return;
  }
  opened();
  $("picker").hidden = false;
  const first = stored("agent") || $("agents").querySelector("button")?.value;
  if (first) await choose(first);
}

function opened() {
  store("key", now.key);
  $("connect").hidden = true;
  $("open").hidden = $("leave").hidden = false;
}

function disconnect() {
  now.turn++;
  now.stream?.abort();
  for (const name of ["key", "agent", "figures"]) store(name, "");
  Object.assign(now, { key: "", own: false, agent: "" });
  $("open").hidden = $("leave").hidden = $("feed").hidden = $("picker").hidden = true;
  $("items").replaceChildren();
  $("report").replaceChildren();
  $("key").value = $("figures-key").value = "";
  $("act").checked = false;
  $("connect").hidden = false;
  $("key").focus();
}

let agentsNext = "";
async function findAgents(fresh) {
  const query = new URLSearchParams({ limit: "50" });
  if ($("q").value.trim()) query.set("q", $("q").value.trim());
  if (!fresh) query.set("after", agentsNext);
  const found = await (await call(`/v1/agents?${query}`)).json();
  agentsNext = found.next ?? "";
  const rows = (found.agents ?? []).map((agent) => {
    const job = agent.attributes?.job ?? agent.attributes?.grade;
    const where = [agent.org?.split("/").slice(-2).join(" / "), agent.site].filter(Boolean).join(" · ");
    const button = make("button", { type: "button", value: agent.id }, [agent.id, job].filter(Boolean).join(" · "), ...(where ? [make("small", {}, where)] : []));
    button.addEventListener("click", () => attempt(() => choose(agent.id)));
    return make("li", {}, button);
  });
  if (fresh) $("agents").replaceChildren(...rows); else $("agents").append(...rows);
  markAgent();
  $("more-agents").hidden = !agentsNext;
  $("found").textContent = say($("agents").children.length ? "found" : "noAgent", { n: $("agents").children.length });
  $("found").className = $("agents").children.length ? "hidden" : "hint";
}

function markAgent() {
  for (const button of $("agents").querySelectorAll("button")) button.setAttribute("aria-current", String(button.value === now.agent));
}

// --------------------------------------------------------------------------------------------------------- the feed

async function choose(agent) {
  now.agent = agent;
  if (!now.own) store("agent", agent);
  markAgent();
  await load();
  follow();
}

async function load() {
  const turn = ++now.turn;
  flush();
  const answer = await page();
  const feed = await answer.json();
  if (turn !== now.turn) return;
  Object.assign(now, { etag: answer.headers.get("ETag") ?? "", ids: [], shown: [], policy: feed.policy, explain: feed.explain });
  seen.disconnect();
  $("items").replaceChildren();
  $("contents").replaceChildren();
  $("refresh").hidden = true;
  $("feed").hidden = false;
  $("degraded").hidden = !feed.degraded;
  $("feed-title").textContent = say("feedOf", { agent: now.agent });
  add(feed);
  now.first = signature(feed);
  about();
}

// signature is what a reader would see move: the order, the titles, what is asked of them.
const signature = (feed) => JSON.stringify(feed.items.map(({ content: c }) => [c.id, c.title, c.summary, c.body_html, c.pinned_until, c.mandatory_until]));

function add(feed) {
  for (const item of feed.items) {
    now.shown.push(item);
    now.ids.push(item.content.id);
    const card = draw(item);
    $("items").append(card);
    seen.observe(card);
    $("contents").append(make("option", { value: item.content.id }, item.content.title));
  }
  now.next = feed.next ?? "";
  $("more").hidden = !now.next;
  $("end").hidden = Boolean(now.next) || now.ids.length === 0;
  $("empty").hidden = now.ids.length > 0;
  $("said").textContent = say("loaded", { n: now.ids.length });
}

function about() {
  const order = chosenOrder() === "ranked" ? say("about", { policy: now.policy }) : say("aboutOrder");
  $("about").textContent = `${order} ${say(now.own ? "tellingOwn" : acts() ? "telling" : "observing")}`;
}

async function more() {
  const turn = now.turn;
  const feed = await (await page(now.next)).json();
  if (turn !== now.turn) return;
  const from = now.ids.length;
  add(feed);
  const heading = $("items").children[from]?.querySelector("h3");
  if (heading) { heading.tabIndex = -1; heading.focus({ preventScroll: true }); }
}

function draw({ content, reasons, acknowledged: known }) {
  const card = $("item").content.firstElementChild.cloneNode(true);
  const part = (selector) => card.querySelector(selector);
  const title = make("span", { className: "hidden" }, say("of", { title: content.title }));
  card.dataset.id = content.id;
  const heading = part("h3");
  heading.id = `title-${now.ids.length}`;
  heading.textContent = content.title;
  card.setAttribute("aria-labelledby", heading.id);
  for (const selector of ["h3", ".summary", ".text"]) part(selector).lang = content.language;

  const future = (iso) => iso && new Date(iso) > new Date();
  part(".badges").append(make("span", {}, texts[language].kinds[content.kind] ?? content.kind));
  if (future(content.mandatory_until)) {
    card.classList.add("mandatory");
    part(".badges").append(make("span", { className: "must" }, say("mustRead", { date: day(content.mandatory_until) })));
    drawAcknowledge(card, content, known);
  }
  if (future(content.pinned_until)) {
    card.classList.add("pinned");
    part(".badges").append(make("span", { className: "pin" }, say("pinned")));
  }
  part(".meta").append([content.source, content.author].filter(Boolean).join(" · "), content.source || content.author ? " · " : "",
    make("time", { dateTime: content.published_at }, day(content.published_at)), content.topics.length ? ` · ${content.topics.join(", ")}` : "");
  part(".summary").textContent = content.summary;
  part(".summary").hidden = !content.summary;

  part(".body").hidden = !content.body_html;
  part(".body summary").append(say("read"), title.cloneNode(true));
  part(".text").innerHTML = content.body_html; // made safe by the server; the page's policy runs nothing inline
  part(".body").addEventListener("toggle", (event) => event.target.open && report("open", content.id), { once: true });

  part(".why-title").textContent = `${say("why")} `;
  part(".reasons").append(...reasons.map((reason) => make("li", {}, reason)));
  part(".explanation summary").append(say("full"), title.cloneNode(true));
  const at = now.explain.replace("{content}", encodeURIComponent(content.id));
  part(".explanation").addEventListener("toggle", (event) => {
    if (event.target.open && !part(".explanation div").children.length) attempt(async () => {
      const { explanation, score } = await (await call(at)).json();
      part(".explanation div").replaceChildren(...explain(explanation, score));
    });
  });
  part(".to-figures").append(say("toFigures"), title);
  part(".to-figures").addEventListener("click", () => {
    $("content").value = content.id;
    $("figures-title").focus();
    $("figures").scrollIntoView({ block: "nearest" });
    if ($("figures-key").value) attempt(figures, "figures-problem");
  });
  return card;
}

function explain(explanation, score) {
  const row = (p) => make("tr", {}, make("th", { scope: "row" }, p.label || p.name), ...[p.value, p.weight, p.contribution].map((n) => make("td", { className: "number" }, number(n))));
  const heads = ["parameter", "value", "weight", "contribution"].map((name, i) => make("th", { scope: "col", className: i ? "number" : "" }, say(name)));
  return [
    make("h4", {}, say("degree")), make("p", {}, explanation.degree),
    make("h4", {}, say("data")),
    make("dl", {}, ...explanation.data.flatMap((d) => [make("dt", {}, d.name), make("dd", {}, d.value, " ", make("small", {}, `(${say("source", { source: d.source })})`))])),
    make("h4", {}, say("parameters")),
    scrolling(say("parameters"), make("table", {}, make("caption", { className: "hidden" }, say("parameters")), make("thead", {}, make("tr", {}, ...heads)),
      make("tbody", {}, ...explanation.parameters.map(row)),
      make("tfoot", {}, make("tr", {}, make("th", { scope: "row", colSpan: 3 }, say("total")), make("td", { className: "number" }, number(score)))))),
    make("h4", {}, say("operations")), make("ol", {}, ...explanation.operations.map((text) => make("li", {}, text))),
  ];
}

// scrolling lets a table wider than a narrow screen be reached by the keyboard.
function scrolling(label, table) {
  const box = make("div", { className: "scroll", tabIndex: 0 }, table);
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", label);
  return box;
}

// --------------------------------------------------------------------------------------------- following what changes

async function follow() {
  now.stream?.abort();
  const control = (now.stream = new AbortController());
  const path = now.own ? "/v1/feed/stream" : `/v1/feed/stream?agent=${encodeURIComponent(now.agent)}`;
  now.lastEvent = "";
  for (let wait = 1000; !control.signal.aborted; wait = Math.min(2 * wait, 60000)) {
    try {
      const answer = await call(path, { signal: control.signal, headers: now.lastEvent ? { "Last-Event-ID": now.lastEvent } : {} });
      wait = 1000;
      await listen(answer.body, control.signal);
    } catch (error) {
      if ([401, 403, 404].includes(error.status)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)));
  }
}

// listen reads Server-Sent Events; EventSource would do it, but cannot send a key in a header.
async function listen(body, signal) {
  let rest = "";
  for await (const text of chunks(body.pipeThrough(new TextDecoderStream()), signal)) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s, 2)));
      if (fields.event !== "feed") continue;
      now.lastEvent = fields.id;
      await changed().catch(() => {});
    }
  }
}

async function* chunks(stream, signal) {
  const reader = stream.getReader();
  signal.addEventListener("abort", () => reader.cancel().catch(() => {}), { once: true });
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) yield value;
}

// changed looks whether a reader would see a difference, and offers it rather than move the page under their eyes.
async function changed() {
  const turn = now.turn;
  const answer = await page("", now.etag ? { "If-None-Match": now.etag } : {});
  if (turn !== now.turn || answer.status === 304) return;
  const etag = answer.headers.get("ETag") ?? "";
  const moved = signature(await answer.json()) !== now.first;
  if (turn !== now.turn) return;
  now.etag = etag;
  $("refresh").hidden = !moved;
}

// ------------------------------------------------------------------------------------------- telling what was done

const acts = () => now.own || $("act").checked;
const told = new Set(); // one impression and one opening of a content by an agent, per page
const acknowledged = () => new Set(JSON.parse(stored("acknowledged") || "[]"));
let waiting = [];

// randomUUID is not there on a page served over plain HTTP to another machine.
const unique = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

function event(kind, content) {
  return {
    specversion: "1.0", id: unique(), source: "fil-page", type: `fil.engagement.${kind}`, subject: content,
    time: new Date().toISOString(), datacontenttype: "application/json", data: { agent: now.agent, content },
  };
}

const post = (events, options = {}) =>
  call("/v1/engagements", { method: "POST", headers: { "Content-Type": "application/cloudevents-batch+json" }, body: JSON.stringify(events), ...options });

function report(kind, content) {
  const once = [kind, now.agent, content].join("\n");
  if (!acts() || told.has(once)) return;
  told.add(once);
  waiting.push(event(kind, content));
}

// flush sends what waits. What could not be sent goes again with the same identities, so it counts once.
async function flush(options) {
  const batch = waiting.splice(0, 100);
  if (!batch.length) return;
  try {
    await post(batch, options);
  } catch (error) {
    if (error.status === 0 || error.status === 429 || error.status >= 500) waiting = [...batch, ...waiting].slice(0, 500);
  }
}
setInterval(() => flush(), 2000);
addEventListener("pagehide", () => flush({ keepalive: true }));

// A content is seen when half of it, or half of the window, was on a visible page for half a second.
const timers = new WeakMap();
const seen = new IntersectionObserver((entries) => {
  for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries) {
    clearTimeout(timers.get(target));
    const enough = intersectionRatio >= 0.5 || (rootBounds && intersectionRect.height >= rootBounds.height / 2);
    if (!enough) continue;
    const agent = now.agent;
    timers.set(target, setTimeout(() => {
      if (document.visibilityState === "visible" && target.isConnected && agent === now.agent) report("impression", target.dataset.id);
    }, 500));
  }
}, { threshold: [0, 0.25, 0.5, 0.75, 1] });

// look again when the page comes back in front, or when its user starts to act for the agent
function look() {
  for (const card of $("items").children) { seen.unobserve(card); seen.observe(card); }
}
addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? look() : flush({ keepalive: true })));

function drawAcknowledge(card, content, known) {
  const line = card.querySelector(".acknowledge");
  const [button, hint] = line.children;
  const mark = `${now.agent}\n${content.id}`;
  line.hidden = false;
  button.append(say("acknowledge"), make("span", { className: "hidden" }, say("of", { title: content.title })));
  const show = () => {
    const done = known || acknowledged().has(mark);
    button.hidden = done;
    button.disabled = !acts();
    hint.textContent = done ? `✓ ${say("acknowledged")}` : acts() ? "" : say("needsAct");
  };
  show();
  line.addEventListener("act", show);
  button.addEventListener("click", () => attempt(async () => {
    button.disabled = true;
    try {
      await post([event("acknowledge", content.id)]);
      store("acknowledged", JSON.stringify([...acknowledged().add(mark)]));
      $("said").textContent = say("acknowledged");
      card.querySelector("h3").tabIndex = -1;
      card.querySelector("h3").focus({ preventScroll: true }); // the button, which had the focus, goes
    } finally {
      show();
    }
  }));
}

// -------------------------------------------------------------------------------------------------------- the figures

async function figures() {
  const by = $("by").value.trim();
  const key = $("figures-key").value.trim();
  const query = by ? `?${new URLSearchParams({ by })}` : "";
  const answer = await (await call(`/v1/contents/${encodeURIComponent($("content").value.trim())}/report${query}`, { key })).json();
  store("figures", key);
  const names = Object.keys(texts[language].figures).filter((name) => name in answer.totals);
  const withheld = (n) => n === null || n === undefined;
  const cell = (n) => make("td", { className: "number" }, withheld(n) ? make("span", { className: "withheld" }, say("withheld")) : number(n));
  const head = (first, columns) => make("thead", {}, make("tr", {}, make("th", { scope: "col" }, first), ...columns.map((c) => make("th", { scope: "col", className: "number" }, c))));
  const title = now.shown.find(({ content }) => content.id === answer.content)?.content.title ?? answer.content ?? "";
  const parts = [make("table", {}, make("caption", {}, title || say("totals")), head(say("figure"), [say("number")]),
    make("tbody", {}, ...names.map((name) => make("tr", {}, make("th", { scope: "row" }, texts[language].figures[name]), cell(answer.totals[name])))))];
  if (by) {
    const label = (row) => row.value || say("none");
    const columns = names.filter((name) => answer.rows.some((row) => row[name] !== 0));
    const table = make("table", {}, make("caption", {}, say("rowsBy", { by })), head(by, columns.map((name) => texts[language].figures[name])),
      make("tbody", {}, ...answer.rows.map((row) => make("tr", {}, make("th", { scope: "row" }, label(row)), ...columns.map((name) => cell(row[name]))))));
    parts.push(answer.rows.length ? scrolling(say("rowsBy", { by }), table) : make("p", { className: "hint" }, say("noRows")));
  }
  const anyWithheld = [answer.totals, ...answer.rows].some((row) => names.some((name) => row[name] === null));
  if (anyWithheld) parts.push(make("p", { className: "hint" }, answer.withheld || say("whyWithheld")));
  $("report").replaceChildren(...parts);
}

// ----------------------------------------------------------------------------------------------------------- the page

function translate() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  $("language").textContent = say("otherLanguage");
  $("language").lang = language === "fr" ? "en" : "fr";
}

function submit(form, work, where) {
  $(form).addEventListener("submit", (e) => { e.preventDefault(); attempt(work, where); });
}

submit("key-form", () => connect($("key").value.trim()));
submit("search", () => findAgents(true));
submit("figures-form", figures, "figures-problem");
$("leave").addEventListener("click", () => { tell("problem", ""); disconnect(); });
$("more").addEventListener("click", () => attempt(more));
$("more-agents").addEventListener("click", () => attempt(() => findAgents(false)));
$("refresh").addEventListener("click", () => attempt(async () => {
  await load();
  $("feed-title").focus();
  scrollTo({ top: 0 });
}));
$("act").addEventListener("change", () => {
  about();
  for (const line of document.querySelectorAll(".acknowledge:not([hidden])")) line.dispatchEvent(new Event("act"));
  if (acts()) look();
});
for (const radio of document.querySelectorAll("input[name=order]")) radio.addEventListener("change", () => attempt(load));
$("language").addEventListener("click", () => {
  language = language === "fr" ? "en" : "fr";
  localStorage.setItem("fil.language", language);
  translate();
  $("report").replaceChildren();
  if (now.agent) attempt(load);
});

// "#key=…&figures=…&agent=…" lets a command print a ready link: what follows # is never sent to a server. It leaves the
// address bar at once, and the history with it.
const ready = new URLSearchParams(location.hash.slice(1));
for (const name of ["key", "figures", "agent"]) if (ready.has(name)) store(name, ready.get(name));
if (ready.has("key")) history.replaceState(null, "", location.pathname);
$("figures-key").value = stored("figures");
translate();
if (stored("key")) attempt(() => connect(stored("key")).catch((error) => { $("connect").hidden = Boolean(now.agent); throw error; }));
else $("connect").hidden = false;
