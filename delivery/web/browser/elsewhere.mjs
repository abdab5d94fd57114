// An agent reads their feed in another program, and finds what they kept again: in the app, against Fil itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { house, patience, shot } from "./house.mjs";
import { accessible, narrow, themes, zoomed } from "./judge.mjs";

const feedOf = (agent, query) => house.ask("GET", `/v1/agents/${agent}/feed?limit=100${query}`, "service");
const view = (page, name) => page.getByRole("navigation", { name: "Rubriques" }).getByRole("button", { name });
const focused = (page) => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");

async function app(agent, options = {}) {
  await house.ask("DELETE", `/v1/me/profile?agent=${agent}`, "service"); // the demonstration's agents have kept contents
  return enter(agent, options);
}

async function enter(agent, options = {}) {
  const token = await house.token(agent);
  const context = await house.browser.newContext({ viewport: { width: 900, height: 900 }, locale: "fr-FR", reducedMotion: "reduce", serviceWorkers: "block", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => message.type() === "error" && !/ERR_INTERNET_DISCONNECTED|status of 4/.test(message.text()) && page.faults.push(message.text()));
  await page.goto(`${house.base}/app/#token=${token}`);
  await page.locator("article").first().waitFor();
  return page;
}

async function end(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

async function makeAddress(page, label) {
  await page.getByLabel("Où lirez-vous ?").fill(label);
  await page.getByRole("button", { name: "Faire une adresse" }).click();
  await page.getByRole("heading", { name: `Votre adresse pour « ${label} »` }).waitFor();
  return {
    rss: await page.getByLabel("Adresse RSS").inputValue(), atom: await page.locator("#address-atom").inputValue(), json: await page.locator("#address-json").inputValue(),
  };
}

// titlesIn reads a feed as a program does, by the browser's own XML parser, in a page without our policy.
async function titlesIn(text, item) {
  const page = await house.browser.newPage();
  const titles = await page.evaluate(([source, name]) => {
    const tree = new DOMParser().parseFromString(source, "text/xml");
    if (tree.querySelector("parsererror")) throw new Error(tree.querySelector("parsererror").textContent);
    return [...tree.getElementsByTagName(name)].map((one) => [...one.children].find((child) => child.localName === "title").textContent);
  }, [text, item]);
  await page.close();
  return titles;
}

test("an agent makes an address, another program reads the feed at it, the agent closes it", async () => {
  const agent = "a0700";
  const page = await app(agent, { permissions: ["clipboard-read", "clipboard-write"] });
  await view(page, "Lire ailleurs").click();
  await page.getByText("Aucune adresse pour l'instant.").waitFor();
  await page.getByRole("button", { name: "Faire une adresse" }).click();
  await page.getByRole("alert").getByText("Dites où vous lirez").waitFor();
  const addresses = await makeAddress(page, "Thunderbird au bureau");
  await page.getByRole("button", { name: "Copier : Adresse RSS" }).click();
  await page.getByRole("status").getByText("Adresse RSS copiée.").waitFor({ state: "attached" });
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), addresses.rss);

  // What is to be acknowledged is among the fifty whatever its age, and says by when.
  const { items } = await feedOf(agent, "&order=chronological");
  const isDue = ({ content, acknowledged }) => !acknowledged && content.mandatory_until > new Date().toISOString();
  let room = 50 - items.filter(isDue).length;
  const by = (until) => new Date(until).toLocaleDateString("fr-FR", { day: "2-digit", month: "2-digit", year: "numeric" });
  const want = items.filter((item) => isDue(item) || room-- > 0).map((item) => (isDue(item) ? `À lire avant le ${by(item.content.mandatory_until)} : ` : "") + item.content.title);
  assert.ok(items.some(isDue), "something is to be acknowledged");
  const got = Object.fromEntries(await Promise.all(Object.entries(addresses).map(async ([format, address]) => {
    const answer = await fetch(address);
    assert.equal(answer.status, 200, format);
    return [format, await answer.text()];
  })));
  assert.deepEqual(await titlesIn(got.rss, "item"), want, "RSS");
  assert.deepEqual(await titlesIn(got.atom, "entry"), want, "Atom");
  assert.deepEqual(JSON.parse(got.json).items.map(({ title }) => title), want, "JSON Feed");

  await page.getByRole("button", { name: "J'ai terminé" }).click();
  await page.getByText("Thunderbird au bureau", { exact: true }).waitFor();
  assert.equal(await focused(page), "Vos adresses");
  await page.getByText("lue aujourd'hui").waitFor();
  assert.ok(!(await page.content()).includes(addresses.rss.split("/").pop().split(".")[0]), "the address is shown once");
  await page.getByRole("button", { name: "Fermer « Thunderbird au bureau »" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Annuler" }).click();
  assert.match(await focused(page), /^Fermer/, "the focus is where it was");
  assert.equal((await fetch(addresses.rss)).status, 200);
  await page.getByRole("button", { name: "Fermer « Thunderbird au bureau »" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Fermer l'adresse" }).click();
  await page.getByRole("status").getByText("L'adresse « Thunderbird au bureau » est fermée.").waitFor({ state: "attached" });
  for (const address of Object.values(addresses)) {
    const answer = await fetch(address);
    assert.equal(answer.status, 410);
    assert.match(await answer.text(), /a été fermée/);
  }
  await end(page);
});

test("an agent does it all by keyboard", async () => {
  const page = await app("a0701");
  await view(page, "Lire ailleurs").focus();
  await page.keyboard.press("Enter");
  await page.getByLabel("Où lirez-vous ?").focus();
  await page.keyboard.type("Lecteur du téléphone");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Votre adresse pour « Lecteur du téléphone »" }).waitFor();
  await page.keyboard.press("Tab"); // from the panel, which has the focus, to the address
  assert.equal(await page.evaluate(() => document.activeElement.id), "address-rss");
  await page.getByRole("button", { name: "J'ai terminé" }).press("Enter");
  await page.getByRole("button", { name: "Fermer « Lecteur du téléphone »" }).press("Enter");
  await page.keyboard.press("Escape");
  assert.match(await focused(page), /^Fermer/);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Aucune adresse pour l'instant.").waitFor();
  assert.equal(await focused(page), "Vos adresses");
  await end(page);
});

test("an agent keeps a content, finds it again, and keeps it no more", async () => {
  const agent = "a0702";
  const page = await app(agent);
  await view(page, "Gardés").click();
  await page.getByText("Vous n'avez rien gardé.").waitFor();
  await view(page, "Mon fil").click();
  await page.locator("article").nth(1).waitFor();
  const ids = await page.locator("article").evaluateAll((all) => all.slice(0, 2).map((one) => one.dataset.id));
  for (const id of ids) {
    await page.locator(`article[data-id="${id}"]`).getByRole("button", { name: /^Garder/ }).click();
    await page.locator(`article[data-id="${id}"]`).getByRole("button", { name: /^Gardé / }).waitFor();
  }
  const saved = async () => (await feedOf(agent, "&saved=true")).items.map(({ content }) => content.id);
  for (const end = Date.now() + patience; (await saved()).length < 2;) assert.ok(Date.now() < end, "what was kept is known");
  const other = await enter(agent);
  await other.locator(`article[data-id="${ids[0]}"]`).getByRole("button", { name: /^Gardé / }).waitFor(); // in another browser
  await end(other);
  await view(page, "Gardés").click();
  await page.getByText("C'est tout ce que vous avez gardé.").waitFor();
  await accessible(page, "what was kept");
  await shot(page, "elsewhere-kept");
  const shown = await page.locator("article").evaluateAll((all) => all.map((one) => one.dataset.id));
  assert.deepEqual(shown, await saved());
  assert.deepEqual(shown.toSorted(), ids.toSorted());
  await page.locator("article").first().getByRole("button", { name: /^Gardé / }).click();
  await page.locator("article").first().getByRole("button", { name: /^Garder/ }).waitFor();
  assert.deepEqual(await saved(), shown.slice(1));
  await view(page, "Mon fil").click();
  await page.locator(`article[data-id="${shown[0]}"]`).getByRole("button", { name: /^Garder/ }).waitFor();
  await end(page);
});

test("the panel says why, and the way out", async () => {
  const page = await app("a0703");
  const at = "**/v1/feed/subscriptions";
  await page.route(at, (route) => route.abort());
  await view(page, "Lire ailleurs").click();
  await page.getByRole("alert").getByText("Le serveur ne répond pas.").waitFor();
  page.faults.length = 0; // of the request that was cut
  await accessible(page, "elsewhere, cut off");
  await shot(page, "elsewhere-failed");
  await page.unroute(at);
  await page.route(at, (route) => route.fulfill({ json: { subscriptions: [], most: 0 } }));
  await page.getByRole("button", { name: "Réessayer" }).click();
  await page.getByText("n'a pas ouvert la lecture").waitFor();
  await accessible(page, "elsewhere, not open");
  await page.unroute(at);
  await page.route(at, (route) => (route.request().method() === "POST" ? route.fulfill({ status: 503, contentType: "application/problem+json", json: { status: 503, detail: "Le journal ne répond pas : réessayez." } }) : route.continue()));
  await view(page, "Lire ailleurs").click();
  await page.getByLabel("Où lirez-vous ?").fill("Lecteur");
  await page.getByRole("button", { name: "Faire une adresse" }).click();
  await page.getByRole("alert").getByText("Le journal ne répond pas : réessayez.").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "where");
  page.faults.length = 0;
  await accessible(page, "elsewhere, refused");
  await page.context().close();
});

test("the app's views in English", async () => {
  const page = await app("a0704", { locale: "en-GB" });
  await page.getByRole("button", { name: "Read elsewhere" }).click();
  await page.getByText("No address for now.").waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  await accessible(page, "elsewhere, English");
  await end(page);
});

let agent = 710; // one for each walk
for (const [name, options] of Object.entries({ ...themes, narrow: { ...themes.light, ...narrow }, zoom: { ...themes.light, ...zoomed } })) {
  test(`reading elsewhere, ${name}`, async () => {
    const page = await app(`a0${agent++}`, options);
    const look = async (state) => {
      await accessible(page, `${name}, ${state}`);
      await shot(page, `elsewhere-${name}-${state}`, { fullPage: true });
    };
    await view(page, "Gardés").click();
    await page.getByText("Vous n'avez rien gardé.").waitFor();
    await look("nothing-kept");
    await view(page, "Lire ailleurs").click();
    await page.getByText("Aucune adresse pour l'instant.").waitFor();
    await look("none");
    await page.getByRole("button", { name: "Faire une adresse" }).click();
    await page.getByRole("alert").getByText("Dites où vous lirez").waitFor();
    await look("missing");
    await makeAddress(page, "Thunderbird au bureau");
    await page.getByText("Votre programme demande Atom").click();
    await look("made");
    await page.getByRole("button", { name: "J'ai terminé" }).click();
    await makeAddress(page, "Lecteur de flux du téléphone");
    await page.getByRole("button", { name: "J'ai terminé" }).click();
    await page.getByRole("button", { name: "Fermer toutes les adresses" }).waitFor();
    await look("list");
    await page.getByRole("button", { name: "Fermer toutes les adresses" }).click();
    await page.getByRole("dialog").waitFor();
    await look("sure");
    await end(page);
  });
}
