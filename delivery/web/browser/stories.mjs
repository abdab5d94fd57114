// An agent's stories, in another application's page, against Fil itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, house, patience, shot } from "./house.mjs";

const cards = (page) => page.locator("article");
const card = (page, id) => page.locator(`article[data-id="${id}"]`);
// The first screen is drawn first: a feed is busy until the rest is there.
const shown = (page) => page.locator(`[role="feed"][aria-busy="false"]`).waitFor({ state: "attached" });
const button = (where, name) => where.getByRole("button", { name });
const feedOf = (agent) => house.ask("GET", `/v1/agents/${agent}/feed?limit=100`, "service");
const known = (agent) => house.ask("GET", `/v1/me/profile?agent=${agent}`, "service");
const idsOf = (page) => cards(page).evaluateAll((all) => all.map((one) => one.dataset.id));

async function open(agent, example, options) {
  const page = await house.page(agent, example, options);
  await shown(page);
  return page;
}

/** An audience of one agent. */
async function alone(agent) {
  const id = `essai-${agent}`;
  await house.ask("PUT", `/v1/audiences/${id}`, "communicator", { name: `Essai de ${agent}`, members: [agent] });
  return id;
}

/** A content that one agent alone must acknowledge, whatever the demonstration has had them do. */
async function mandatory(agent) {
  const id = await alone(agent);
  await house.publish(id, { title: "Consignes d'évacuation", summary: "Le point de rassemblement change.", body: "Il est désormais **place des Tilleuls**.", topics: ["securite"], audiences: [id], published_at: new Date(Date.now() - 20 * 86_400_000).toISOString(), mandatory_until: new Date(Date.now() + 5 * 86_400_000).toISOString() });
  return (await eventually("what is to be acknowledged", async () => (await feedOf(agent)).items.find(({ content }) => content.id === id))).content;
}

async function close(page) {
  assert.deepEqual(page.faults, [], "nothing fails, and the host's policy refuses nothing");
  await page.context().close();
}

test("an agent reads, acknowledges, and asks why", async () => {
  const must = await mandatory("a0001");
  const page = await open("a0001");
  const it = card(page, must.id);
  await button(it, /^Lire/).click();
  await it.locator(".body p").first().waitFor();
  await button(it, /^Régler/).click();
  await it.getByText("quand vous en aurez pris connaissance").waitFor();
  assert.equal(await button(it, "Masquer cette communication").count(), 0, "what is due cannot be hidden");
  await button(it, /J'ai pris connaissance/).click();
  await it.getByText("Vous en avez pris connaissance").waitFor();
  await button(it, "Masquer cette communication").waitFor();
  await eventually("the acknowledgement", async () => (await feedOf("a0001")).items.find(({ content }) => content.id === must.id)?.acknowledged ?? true);
  await button(it, /Pourquoi/).click();
  for (const part of ["Ce que fait l'algorithme", "Les données utilisées", "Ce qui a compté pour vous", "Les opérations effectuées"]) {
    await it.getByRole("heading", { name: part }).waitFor();
  }
  assert.ok((await it.locator(".why tbody tr").count()) > 0, "criteria are listed");
  await shot(page, "why");
  await close(page);
});

test("hides and takes it back", async () => {
  const page = await open("a0002");
  const id = (await idsOf(page))[1];
  const it = card(page, id);
  await button(it, /^Régler/).click();
  await button(it, "Masquer cette communication").click();
  await button(it, /^Annuler/).waitFor();
  await eventually("the content to be hidden", async () => (await known("a0002")).hidden.some(({ content }) => content === id));
  assert.ok(await button(it, /^Annuler/).evaluate((b) => b.getRootNode().activeElement === b), "the focus is on the way back");
  await button(it, /^Annuler/).click();
  await it.locator(".actions").waitFor();
  await eventually("the content to be back", async () => !(await known("a0002")).hidden.some(({ content }) => content === id));
  await close(page);
});

test("follows a source and a topic, and takes it back", async () => {
  const page = await open("a0003");
  const { content } = (await feedOf("a0003")).items.find((item) => item.content.topics.length > 0);
  const it = card(page, content.id);
  await button(it, /^Régler/).click();
  await button(it, `Suivre « ${content.source} »`).click();
  await it.getByText(`Vous suivez « ${content.source} ».`).waitFor();
  const followed = async () => (await known("a0003")).preferences.some((p) => p.facet === "source" && p.name === content.source && p.choice === "follow");
  await eventually("the source to be followed", followed);
  await button(it, "Annuler").click();
  await eventually("the source to be followed no more", async () => !(await followed()));
  await button(it, /^Régler/).click();
  await button(it, `Suivre le thème « ${content.topics[0]} »`).click();
  await eventually("the topic to be followed", async () => (await known("a0003")).preferences.some((p) => p.facet === "topic" && p.name === content.topics[0]));
  await button(it, /^Régler/).click();
  await button(it, `Ne plus suivre le thème « ${content.topics[0]} »`).waitFor();
  await button(it, /^Moins comme ceci/).click();
  await it.getByText("Vous verrez moins").waitFor();
  await page.reload();
  await shown(page);
  const next = page.locator("article").filter({ has: page.locator(".meta", { hasText: content.topics[0] }) }).first();
  await button(next, /^Régler/).click();
  await button(next, /^Annuler « Moins comme ceci »/).click();
  await next.getByText("C'est annulé.").waitFor();
  await close(page);
});

test("reads in the order of time, and is read so again", async () => {
  const page = await open("a0004");
  await page.getByRole("radio", { name: "Chronologique" }).check();
  await page.getByText("du plus récent au plus ancien").waitFor({ state: "attached" });
  const times = await cards(page).locator("time").evaluateAll((all) => all.map((one) => one.dateTime));
  assert.deepEqual(times, times.toSorted().toReversed());
  await eventually("the order to be chosen", async () => (await known("a0004")).order.order === "chronological");
  await page.reload();
  await shown(page);
  assert.ok(await page.getByRole("radio", { name: "Chronologique" }).isChecked());
  await close(page);
});

test("scrolls to the end: nothing twice, nothing missed", async () => {
  const expected = (await feedOf("a0005")).items.map(({ content }) => content.id).sort();
  const page = await open("a0005");
  await eventually("the end", async () => {
    await page.mouse.wheel(0, 4000);
    return page.getByText("Vous êtes à la fin du fil.").isVisible();
  });
  const ids = await idsOf(page);
  assert.equal(new Set(ids).size, ids.length, "no content twice");
  assert.deepEqual(ids.toSorted(), expected);
  const sizes = await cards(page).evaluateAll((all) => all.map((one) => [one.getAttribute("aria-posinset"), one.getAttribute("aria-setsize")]));
  assert.deepEqual(sizes, ids.map((_, i) => [String(i + 1), String(ids.length)]));
  await close(page);
});

test("what arrives is offered, and moves nothing that one reads", async () => {
  const audiences = [await alone("a0006")];
  const page = await open("a0006");
  const read = cards(page).nth(6);
  await read.scrollIntoViewIfNeeded();
  await read.evaluate((one) => one.scrollIntoView({ block: "center" }));
  const top = () => read.evaluate((one) => Math.round(one.getBoundingClientRect().top));
  const was = await top();
  // Mandatory, since what arrives is looked for on the first page, and nothing else is sure to stand there.
  const mandatory_until = new Date(Date.now() + 86_400_000).toISOString();
  for (const n of [1, 2, 3]) await house.publish(`arrival-${n}`, { title: `Message ${n}`, body: "Le texte du message.", kind: "alert", audiences, mandatory_until });
  const offer = button(page, "3 nouveaux messages");
  await offer.waitFor();
  await shot(page, "arrivals");
  assert.equal(await top(), was, "the content being read did not move");
  await offer.click();
  await card(page, "arrival-3").waitFor();
  await eventually("the focus to be on what arrived", () => page.evaluate(() => document.querySelector("fil-feed").shadowRoot.activeElement?.dataset.id?.startsWith("arrival-")));
  await house.publish("arrival-2", { title: "Message 2, corrigé", body: "Le texte du message.", kind: "alert", audiences, mandatory_until });
  await button(card(page, "arrival-2"), /^Afficher la mise à jour/).click();
  await page.getByRole("heading", { name: "Message 2, corrigé" }).waitFor();
  await house.ask("DELETE", "/v1/contents/arrival-1", "communicator");
  await card(page, "arrival-1").getByText("a été retiré de votre fil").waitFor();
  assert.equal(await card(page, "arrival-1").getByRole("button").count(), 0, "nothing is done with what was withdrawn");
  assert.equal(await page.locator("article.gone").count(), 1, "what only moved is not said to be withdrawn");
  page.faults = page.faults.filter((text) => !/status of 404/.test(text)); // the answer about what was withdrawn
  await close(page);
});

test("goes off line, still reads, and what was done is sent later", async () => {
  const must = await mandatory("a0007");
  const page = await open("a0007");
  await page.context().setOffline(true);
  await page.getByText("Hors ligne").first().waitFor();
  const it = card(page, must.id);
  await button(it, /^Lire/).click();
  await it.locator(".body p").first().waitFor();
  await button(it, /J'ai pris connaissance/).click();
  await it.getByText("sera transmise au retour du réseau").waitFor();
  await shot(page, "offline");
  assert.ok(await page.getByRole("radio", { name: "Chronologique" }).isDisabled(), "the order waits for the network");
  await page.context().setOffline(false);
  await eventually("the acknowledgement", async () => {
    const item = (await feedOf("a0007")).items.find(({ content }) => content.id === must.id);
    return !item || item.acknowledged;
  });
  const ids = await idsOf(page);
  // The page comes from its own server, but Fil does not answer: what was loaded is there.
  await page.route(`${house.base}/v1/**`, (route) => route.abort());
  await page.reload();
  await page.getByText("vous lisez ce qui avait été chargé").waitFor();
  assert.deepEqual(await idsOf(page), ids);
  page.faults = []; // requests that were cut
  await close(page);
});

test("another reader of the same browser is shown nothing of the one before", async () => {
  const page = await open("a0008");
  const ids = await idsOf(page);
  await page.route(`${house.host.base}/token`, (route) => route.fulfill({ status: 500, body: "" }));
  await page.reload();
  await page.getByText("vous lisez ce qui avait été chargé").waitFor();
  assert.deepEqual(await idsOf(page), ids, "the page's own server is out of order: what was loaded is there");
  await page.unroute(`${house.host.base}/token`);
  await page.route(`${house.host.base}/token`, (route) => route.fulfill({ status: 404, body: "" }));
  await page.reload();
  await page.getByText("n'a pas pu être obtenu").waitFor();
  await page.unroute(`${house.host.base}/token`);
  await page.route(`${house.base}/v1/**`, (route) => route.abort());
  house.host.token = await house.token("a0009");
  await page.reload();
  await page.getByText("Le serveur ne répond pas.").waitFor();
  assert.equal(await cards(page).count(), 0);
  page.faults = [];
  await close(page);
});

test("by keyboard alone", async () => {
  const page = await open("a0010");
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () => page.evaluate(() => {
    const one = document.querySelector("fil-feed").shadowRoot.activeElement;
    return one ? { verb: one.dataset.verb ?? "", id: one.closest("article")?.dataset.id ?? "", kind: one.localName } : {};
  });
  const to = async (verb) => eventually(verb, async () => {
    await press("Tab");
    return (await focused()).verb === verb;
  });
  const ids = await idsOf(page);
  await press("Tab", "Tab"); // the order, then the first content
  assert.deepEqual(await focused(), { verb: "", id: ids[0], kind: "article" });
  await press("PageDown", "PageDown");
  assert.equal((await focused()).id, ids[2]);
  await press("PageUp");
  assert.equal((await focused()).id, ids[1]);
  await to("read");
  await press("Enter");
  await card(page, ids[1]).locator(".body p").first().waitFor();
  await to("why");
  await press("Enter");
  await card(page, ids[1]).getByRole("heading", { name: "Ce que fait l'algorithme" }).waitFor();
  await press("Escape");
  await card(page, ids[1]).locator(".why").waitFor({ state: "hidden" });
  assert.equal((await focused()).verb, "why");
  await to("menu");
  await press("Enter");
  await to("hide");
  await press("Enter");
  await eventually("the way back to have the focus", async () => (await focused()).verb === "undo");
  await press("Enter");
  await card(page, ids[1]).locator(".actions").waitFor();
  await press("Control+End");
  assert.equal((await focused()).id, "", "the focus is after the feed");
  await close(page);
});

test("tells what was seen, and nothing else, and the rest on leaving", async () => {
  const page = await house.page("a0011");
  const told = [];
  let answered = 0;
  // What is sent while a page goes away is seen by the server alone.
  const timed = async () => (await known("a0011")).facts.filter(({ did }) => did.includes("s de lecture")).map(({ content, did }) => `${content} ${did}`);
  const before = await timed();
  page.context().on("request", (request) => request.url().endsWith("/v1/engagements") && told.push(...JSON.parse(request.postData() ?? "[]")));
  page.context().on("requestfinished", (request) => request.url().endsWith("/v1/engagements") && (answered += JSON.parse(request.postData() ?? "[]").length));
  await shown(page);
  const inView = await cards(page).evaluateAll((all) => all.filter((one) => {
    const { top, bottom, height } = one.getBoundingClientRect();
    return Math.min(bottom, innerHeight) - Math.max(top, 0) >= height / 2;
  }).map((one) => one.dataset.id));
  const impressions = () => told.filter(({ type }) => type === "fil.engagement.impression").map(({ subject }) => subject);
  await eventually("impressions", () => impressions().length >= inView.length);
  assert.deepEqual(impressions().toSorted(), inView.toSorted());
  await page.waitForFunction(() => performance.now() > 3000);
  await eventually("impressions, answered", () => answered === told.length);
  // A page that goes away is hidden, then gone: what was told is told once.
  await page.evaluate(() => [1, 2].forEach(() => dispatchEvent(new Event("pagehide"))));
  await page.goto("about:blank");
  const sent = told.map(({ id }) => id);
  assert.equal(new Set(sent).size, sent.length, "nothing is sent twice");
  await eventually("time spent, told on leaving", async () => {
    const fresh = (await timed()).filter((one) => !before.includes(one));
    return fresh.length > 0 && fresh.every((one) => inView.includes(one.split(" ")[0]));
  });
  await close(page);
});

test("lives in each kind of host", async () => {
  for (const example of ["plain.html", "rendered.html", "cms.html", "portal.html", "refresh.html"]) {
    house.host.refuseOnce = example === "refresh.html";
    house.host.asked = 0;
    const page = await open("a0012", example);
    await shot(page, example.replace(".html", ""));
    const colour = await cards(page).first().locator("button").first().evaluate((one) => getComputedStyle(one).backgroundColor);
    assert.notEqual(colour, "rgb(255, 105, 180)", "the host's rules stay outside");
    if (example === "plain.html") {
      const ground = (theme) => page.locator("fil-feed").evaluate((one, name) => (one.setAttribute("theme", name), getComputedStyle(one).backgroundColor), theme);
      assert.deepEqual(await Promise.all(["dark", "light"].map(ground)), ["rgb(16, 22, 27)", "rgb(244, 246, 248)"], "a theme brings its ground");
    }
    if (example === "cms.html") {
      await page.getByRole("button", { name: "Afficher la suite" }).press("Enter");
      await eventually("the focus to go on to what came", () => page.evaluate(() => document.querySelector("fil-feed").shadowRoot.activeElement?.getAttribute("aria-posinset") === "11"));
      await page.evaluate(() => Object.assign(document.querySelector("fil-feed"), { order: "random", limit: 9999 }));
      await eventually("as many as there may be", async () => (await shown(page), (await cards(page).count()) > 20));
    }
    if (example === "refresh.html") assert.ok(house.host.asked >= 2, "a refused token is asked for anew");
    await close(page);
  }
});

// Measured, not judged: a machine that is busy must not fail it.
test("how long a cold page takes on a slow link", async (t) => {
  const token = await house.token("a0013");
  for (const [what, address] of Object.entries({
    "another origin, token asked for": `${house.host.base}/plain.html`,
    "another origin, token in the page": `${house.host.base}/rendered.html`,
    "our own page": `${house.base}/app/#token=${token}`,
  })) {
    const page = await house.page("a0013", "host.css");
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    // 1.6 Mbit/s, 150 ms: the "Slow 4G" of the developer tools.
    await session.send("Network.emulateNetworkConditions", { offline: false, latency: 150, downloadThroughput: (1.6e6 / 8) * 0.9, uploadThroughput: (750e3 / 8) * 0.9 });
    await page.goto(address, { waitUntil: "commit" });
    await page.waitForFunction(() => document.querySelector("fil-feed")?.shadowRoot?.querySelector("article[data-id]"), undefined, { polling: "raf" });
    const { at, sizes } = await page.evaluate(() => ({
      at: Math.round(performance.now()),
      sizes: performance.getEntriesByType("resource").map((r) => `${new URL(r.name).pathname} ${Math.round(r.responseEnd)} ms`),
    }));
    t.diagnostic(`${what}: first feed after ${at} ms (${sizes.join(", ")})`);
    await page.context().close();
  }
});

test("stands alone as an app, off line too, and prints every text", async () => {
  const token = await house.token("a0014");
  const context = await house.browser.newContext({ viewport: { width: 800, height: 900 }, locale: "fr-FR", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => message.type() === "error" && !/ERR_INTERNET_DISCONNECTED|ERR_FAILED/.test(message.text()) && page.faults.push(message.text()));
  await page.goto(`${house.base}/app/#token=${token}`);
  await shown(page);
  assert.equal(new URL(page.url()).hash, "", "the token has left the address");
  await page.evaluate(() => navigator.serviceWorker.ready);
  const ids = await idsOf(page);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("article .body:visible").count(), (await feedOf("a0014")).items.slice(0, ids.length).filter(({ content }) => content.body_html).length);
  assert.ok(await page.getByText(`Les ${ids.length} premières communications du fil`).isVisible(), "the sheet says that it is not all");
  await shot(page, "print", { fullPage: true });
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await page.emulateMedia({ media: "screen" });
  assert.equal(await page.locator("article .body:visible").count(), 0);
  await context.setOffline(true);
  await page.reload();
  await page.getByText("vous lisez ce qui avait été chargé").waitFor();
  assert.deepEqual(await idsOf(page), ids);
  await shot(page, "app-offline");
  await page.getByRole("button", { name: "Quitter", exact: true }).click();
  await page.getByLabel("Jeton").waitFor();
  await page.reload();
  await page.getByLabel("Jeton").waitFor();
  assert.equal(await cards(page).count(), 0, "nothing is left of who left");
  await context.setOffline(false);
  await page.evaluate(() => (location.hash = "token=never-was"));
  await page.getByText("Ce jeton n'est pas accepté").waitFor();
  await page.evaluate((other) => (location.hash = `token=${other}`), await house.token("a0016"));
  await shown(page);
  assert.equal(new URL(page.url()).hash, "", "the token of a link in an open tab has left the address");
  page.faults = page.faults.filter((text) => !/status of 401/.test(text));
  await close(page);
});

test("runs as a screen in a place without desks", async () => {
  const token = await house.token("a0015");
  const context = await house.browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "fr-FR", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.faults = [];
  await page.clock.install();
  await page.goto(`${house.base}/app/#token=${token}&kiosk`);
  await shown(page);
  await page.getByRole("button", { name: "Arrêter le défilement" }).waitFor();
  assert.equal(await page.getByRole("button", { name: /^(Utile|Pourquoi|Imprimer|Quitter)/ }).or(page.getByRole("radio")).count(), 0, "nobody acts from a screen, nor signs it out");
  const top = () => page.evaluate(() => Math.round(scrollY));
  await page.clock.runFor(25_000);
  await eventually("the second content to be in view", async () => (await top()) > 0);
  await shot(page, "kiosk");
  await page.getByRole("button", { name: "Arrêter le défilement" }).click();
  const still = await top();
  await page.clock.runFor(40_000);
  assert.equal(await top(), still, "it stays where it was stopped");
  await page.getByRole("button", { name: "Reprendre le défilement" }).click();
  await page.getByRole("button", { name: /^(Lire|Voir)/ }).first().click();
  await page.clock.runFor(75_000);
  await eventually("what was opened to be closed", async () => (await page.locator("article .body:visible").count()) === 0);
  await page.context().close();
});
