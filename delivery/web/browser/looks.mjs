// Each state of the feed and of the first page, in each theme: judged, and a picture is taken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { house, patience, shot } from "./house.mjs";
import { accessible, narrow, themes, zoomed } from "./judge.mjs";

// The first that is not to be acknowledged, which cannot be hidden.
const card = (page) => page.locator("article").filter({ hasNot: page.locator(`[data-verb="acknowledge"]`) }).first();
const press = (page, name) => card(page).getByRole("button", { name }).click();

// The states of the feed, from one to the next in one page.
const states = [
  ["feed", async () => {}],
  ["read", (page) => press(page, /^(Lire|Voir)/)],
  ["why", async (page) => {
    await press(page, /Pourquoi/);
    await card(page).locator(".why table").waitFor();
  }],
  ["adjust", async (page) => {
    await press(page, /^Régler/);
    await card(page).getByRole("button", { name: "Masquer cette communication" }).waitFor();
  }],
  ["noted", async (page) => {
    await press(page, /^Plus comme ceci/);
    await card(page).locator(".note").waitFor();
  }],
  ["marked", async (page) => {
    await press(page, /^Garder/);
    await card(page).getByRole("button", { name: /^Gardé/ }).waitFor();
  }],
  ["hidden", async (page) => {
    await press(page, /^Régler/);
    await press(page, "Masquer cette communication");
    await page.locator("article.gone").waitFor();
  }],
  ["offline", async (page) => {
    await page.context().setOffline(true);
    await page.getByText("Hors ligne").first().waitFor();
  }],
];

let agent = 100; // one for each walk, whom nobody else disturbs
async function walk(name, options) {
  const page = await house.page(`a0${agent++}`, "plain.html", options);
  await card(page).waitFor();
  // A few contents: what axe finds in one card it finds in all, and it looks at each.
  await page.evaluate(() => Object.assign(document.querySelector("fil-feed"), { limit: 6, manual: true }));
  await page.getByRole("button", { name: "Afficher la suite" }).waitFor();
  for (const [state, reach] of states) {
    await reach(page);
    await accessible(page, `${name}, ${state}`);
    await shot(page, `${name}-${state}`);
  }
  await page.context().close();
}

for (const [name, options] of Object.entries(themes)) test(`the feed, ${name}`, () => walk(name, options));
test("the feed at 320 pixels", () => walk("narrow", { ...themes.light, ...narrow }));
test("the feed at 200 %", () => walk("zoom", { ...themes.light, ...zoomed }));
test("the feed with texts spaced out", async () => {
  const page = await house.page(`a0${agent++}`, "plain.html", narrow);
  await card(page).waitFor();
  // Of success criterion 1.4.12.
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-bottom: 2em !important; }");
    document.querySelector("fil-feed").shadowRoot.adoptedStyleSheets.push(sheet);
  });
  await press(page, /Pourquoi/);
  await card(page).locator(".why table").waitFor();
  await accessible(page, "spaced");
  const cut = await page.evaluate(() => [...document.querySelector("fil-feed").shadowRoot.querySelectorAll("article button, article p, article h3")]
    .filter((one) => !one.closest("[hidden]") && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)).map((one) => one.textContent));
  assert.deepEqual(cut, []);
  await shot(page, "spaced");
  await page.context().close();
});
test("the feed in English", async () => {
  const page = await house.page(`a0${agent++}`, "plain.html", { locale: "en-GB" });
  await card(page).waitFor();
  await page.evaluate(() => document.querySelector("fil-feed").setAttribute("lang", "en"));
  await page.getByText("Your feed").waitFor();
  await card(page).waitFor();
  await accessible(page, "English");
  await shot(page, "english");
  await page.context().close();
});

test("the feed when there is none to show", async () => {
  const page = await house.page(`a0${agent++}`, "host.css");
  await page.route(`${house.base}/v1/feed?**`, (route) => route.fulfill({ status: 503, contentType: "application/problem+json", headers: { "Access-Control-Allow-Origin": "*" }, body: JSON.stringify({ status: 503, detail: "Le fil ne peut pas être lu pour l'instant." }) }));
  await page.goto(`${house.host.base}/plain.html`);
  await page.getByText("Le fil ne peut pas être lu pour l'instant.").waitFor();
  await accessible(page, "refused");
  await shot(page, "refused");
  await page.unroute(`${house.base}/v1/feed?**`);
  await page.route(`${house.base}/v1/feed?**`, (route) => route.fulfill({ headers: { "Access-Control-Allow-Origin": "*" }, json: { agent: "x", policy: "p", explain: "", items: [] } }));
  await page.getByRole("button", { name: "Réessayer" }).click();
  await page.getByText("Rien pour vous en ce moment").waitFor();
  await accessible(page, "empty");
  await shot(page, "empty");
  await page.context().close();
});

// Our own page, under its own policy.
for (const [name, options] of Object.entries({ ...themes, narrow, zoom: zoomed })) {
  test(`the first page, ${name}`, async () => {
    const context = await house.browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "fr-FR", reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    const faults = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => message.type() === "error" && !/status of 403/.test(message.text()) && faults.push(message.text())); // 403: not an agent's token
    await page.goto(house.base);
    await page.getByRole("heading", { name: "Ouvrir un fil" }).waitFor();
    await accessible(page, `${name}, key`);
    await shot(page, `page-${name}-key`);
    await page.goto(house.link);
    await page.reload(); // only what follows # changed
    await card(page).waitFor();
    await accessible(page, `${name}, agents`);
    await shot(page, `page-${name}`);
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test("the app before it is opened", async () => {
  for (const [name, options] of Object.entries({ light: themes.light, forced: themes.forced, narrow })) {
    const context = await house.browser.newContext({ viewport: { width: 800, height: 900 }, locale: "fr-FR", reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    await page.goto(`${house.base}/app/`);
    await page.getByLabel("Jeton").waitFor();
    await accessible(page, `app, ${name}`);
    await shot(page, `app-${name}`);
    await context.close();
  }
});
