// The dashboards: a leader looks, asks otherwise, shows it to another, takes the data away, and prints.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { house, shot } from "./house.mjs";
import { accessible, narrow, themes, zoomed } from "./judge.mjs";

const title = (page, name) => page.getByRole("heading", { name, level: 1 }).waitFor();
const finding = (page) => page.locator(".finding").textContent();
const settled = (page) => page.locator(".told[aria-busy=false]").waitFor();
const cardOf = (page, name) => page.locator("section.chart").filter({ has: page.getByRole("heading", { name }) });

async function close(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

/** Downloads what a button gives. */
async function taken(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
}

test("a leader looks at the house, filters, breaks down, shows it to another and takes the data away", async () => {
  const page = await house.office("/dashboards/", "leader", { permissions: ["clipboard-read", "clipboard-write"] });
  await title(page, "Vue d'ensemble");
  await page.locator(".finding").waitFor();
  assert.match(await finding(page), /^En quatre semaines, \d+\s%.* La période précédente n'est pas connue en entier/, "the house has but begun");
  assert.match(await cardOf(page, "Portée par organisation").locator(".period").textContent(), /répartition arrêtée à hier$/);
  const reach = page.locator(".tile").filter({ hasText: "Portée" });
  assert.match(await reach.locator(".big").textContent(), /^\d+\s%$/);
  await reach.getByText("Définition").click();
  await reach.getByText("Part des agents à qui au moins une communication a été montrée").waitFor();
  await page.getByLabel("Répartir par").selectOption({ label: "Catégorie" });
  await page.getByRole("button", { name: "Filtrer…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Selon").selectOption({ label: "Organisation" });
  await dialog.getByLabel("DGA solidarites").check();
  await dialog.getByRole("button", { name: "Appliquer" }).click();
  await page.getByRole("button", { name: "Retirer le filtre Organisation : DGA solidarites" }).waitFor();
  const chart = cardOf(page, "Lecture par catégorie");
  await chart.waitFor();
  await page.getByLabel("Période", { exact: true }).selectOption({ label: "3 derniers mois" });
  await page.locator(".finding").filter({ hasText: /^En [89]\d jours/ }).waitFor();
  await settled(page);
  assert.match(await page.locator(".scope").textContent(), /chiffres arrêtés à hier/);
  const image = await chart.getByRole("img").getAttribute("aria-label");
  const says = await chart.locator(".says").textContent();
  assert.equal(image, `Lecture par catégorie. ${says}`, "the picture's name is what it shows");
  await page.getByRole("button", { name: "Copier l'adresse" }).click();
  await page.getByText("L'adresse est copiée").waitFor();
  const address = await page.evaluate(() => navigator.clipboard.readText());
  const seen = await finding(page);

  const other = await house.office(address.replace(house.base, ""), "communicator");
  await other.locator(".finding").waitFor();
  assert.equal(await finding(other), seen, "who follows the address sees the same");
  assert.equal(await cardOf(other, "Lecture par catégorie").locator(".says").textContent(), says);
  await close(other);

  await chart.getByText("Voir les données").click();
  const rows = chart.getByRole("table", { name: "Lecture par catégorie" }).locator("tbody tr");
  const shown = Object.fromEntries(await rows.evaluateAll((all) => all.map((row) => [row.cells[0].textContent, row.cells[1].textContent.replace(/\s/g, "")])));
  const csv = await taken(page, chart.getByRole("button", { name: /^Données en CSV/ }));
  assert.match(csv.name, /^Lecture par catégorie, du \d+ \S+ au \d+ \S+ 2026, Organisation.*\.csv$/);
  assert.ok(csv.content.toString("utf8").startsWith("\ufeff"), "a French spreadsheet sees that it is UTF-8");
  const lines = csv.content.toString("utf8").slice(1).trim().split("\r\n").map((line) => line.split(";"));
  const at = (name) => lines[0].indexOf(name);
  const told = lines.slice(1).filter(([value]) => shown[value] !== undefined);
  assert.ok(told.length > 1 && lines[1][0] === "Ensemble" && at("Catégorie") === 0, "its first column is that of the table");
  for (const line of told) assert.equal(line[at("Agents atteints")], shown[line[0]], "the file says what the table says");
  const parquet = await taken(page, chart.getByRole("button", { name: /^Données en Parquet/ }));
  assert.equal(parquet.content.subarray(0, 4).toString(), "PAR1");
  assert.match(parquet.name, /\.parquet$/);

  const pdf = await page.pdf({ format: "A4" });
  assert.ok(pdf.length > 10_000 && pdf.subarray(0, 5).toString() === "%PDF-");
  await page.getByRole("button", { name: /^Retirer le filtre/ }).click();
  await cardOf(page, "Portée par catégorie").waitFor();
  await page.goBack();
  await page.getByRole("button", { name: /^Retirer le filtre/ }).waitFor();

  const today = await page.evaluate(() => new Date().toLocaleDateString("sv"));
  for (const [hash, words] of [
    ["#/pressure?from=2025-01-01&to=2025-02-01", "Rien n'a été montré sur cette période."], [`#/equity?from=${today}&to=${today}`, "La répartition d'aujourd'hui sera connue demain."],
    ["#/overview?where=site:Nulle%20part", "Ce groupe est trop petit"], ["#/overview?from=2026-02-01&to=2026-01-01", "la première doit venir avant la dernière"],
    ["#/pressure?where=category:A", "Catégorie : A · chiffres arrêtés à hier"], ["#/services", "lecture plus"], ["#/overview?by=xyz", "une répartition que cette maison ne compte pas"],
  ]) {
    await page.evaluate((to) => (location.hash = to), hash);
    await page.locator("main").getByText(words).first().waitFor();
    if (hash === "#/services") assert.doesNotMatch(await page.locator(".says").textContent(), /Aucun écart/, "the chart bears what is said above it");
  }
  await close(page);
});

test("a leader asks for each dashboard by keyboard alone", async () => {
  const page = await house.office("/dashboards/", "leader");
  await title(page, "Vue d'ensemble");
  await settled(page);
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim().split("\n")[0] ?? "");
  const to = async (name) => {
    for (let i = 0; i < 60 && !(await focused()).startsWith(name); i++) await page.keyboard.press("Tab");
    assert.ok((await focused()).startsWith(name), name);
  };
  await to("Filtrer");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("DGA ressources").waitFor();
  const value = dialog.getByLabel("DGA ressources");
  for (let i = 0; i < 20 && !(await value.evaluate((box) => box === document.activeElement)); i++) await page.keyboard.press("Tab"); // from the axis to it
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^Retirer le filtre/ }).waitFor();
  await settled(page);
  assert.match(await focused(), /^Filtrer/, "the focus is where the question was asked");
  await page.getByText("Voir les données").first().waitFor();
  await to("Voir les données");
  await page.keyboard.press("Enter");
  await page.getByRole("table", { name: /^Agents présents et lecteurs/ }).waitFor();
  for (let i = 0; i < 2; i++) await page.keyboard.press("Tab"); // the table's own scroll, then the file
  assert.match(await focused(), /^Données en CSV/);
  await page.keyboard.press("Control+Home");
  await page.getByRole("link", { name: "Parcours" }).focus();
  await page.keyboard.press("Enter");
  await title(page, "Parcours, de l'envoi à l'action");
  await settled(page);
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H1", "the new screen has the focus");
  assert.match(await finding(page), /sur 100 agents visés/);
  await close(page);

  const bounded = await house.office("/dashboards/#/hours", house.key("leader", "--perimeter", "agents-routes")); // by another's address
  await bounded.getByText("Les heures se comptent sur toute la maison").waitFor();
  assert.equal(await bounded.getByRole("alert").count() + await bounded.getByRole("link", { name: "Heures", exact: true }).count(), 0, "what is not for this key is not offered");
  await accessible(bounded, "hours of a perimeter");
  await shot(bounded, "dashboards-hours-perimeter");
  await bounded.getByRole("link", { name: "Voir la vue d'ensemble de votre périmètre" }).click();
  await title(bounded, "Vue d'ensemble");
  await settled(bounded);
  await close(bounded);
});

test("a leader follows a message live", async () => {
  const page = await house.office("/dashboards/#/contents?q=harcelement", "leader");
  await title(page, "Communications");
  await page.getByRole("link", { name: "Signaler un harcèlement" }).or(page.locator("tbody a")).first().click();
  await settled(page);
  const address = await page.evaluate(() => location.hash.split("/")[2].split("?")[0]);
  await page.getByRole("button", { name: "Suivre en direct" }).click();
  const shown = page.locator(".now .big").first();
  await shown.waitFor();
  const before = await shown.textContent();
  await page.getByRole("status").filter({ hasText: "agents atteints" }).first().waitFor({ state: "attached" });
  const now = new Date().toISOString();
  const { agents } = await house.ask("GET", "/v1/agents?limit=100&after=a1500", "service");
  await house.ask("POST", "/v1/engagements", "ingest", agents.map(({ id }) => ({
    specversion: "1.0", id: `live-${id}`, source: "essai", type: "fil.engagement.impression", subject: address, time: now, data: { agent: id, content: address },
  })));
  await page.waitForFunction((was) => document.querySelector(".now .big").textContent !== was, before);
  await shot(page, "dashboards-live", { fullPage: true });
  await page.getByRole("button", { name: "Mettre en pause" }).click();
  await page.getByText("En pause").waitFor();
  await close(page);
});

// The screens: all of them in light and on a narrow screen; otherwise those that have each kind of mark.
const screens = {
  overview: ["#/overview", "Vue d'ensemble"],
  sites: ["#/overview?by=site&where=category:A,B", "Vue d'ensemble"],
  content: ["#/contents/reglement-harcelement-signalement", ""],
  hours: ["#/hours", "Meilleures heures"],
  contents: ["#/contents", "Communications"],
  nothing: ["#/contents?q=zzzz", "Communications"],
  audience: ["#/audiences/agents-routes", "Agents des routes"],
  audiences: ["#/audiences", "Audiences"],
  funnel: ["#/funnel", "Parcours, de l'envoi à l'action"],
  equity: ["#/equity", "Équité : qui n'est pas atteint"],
  services: ["#/services", "Comparaison des services"],
  pressure: ["#/pressure", "Pression de communication"],
  empty: ["#/overview?from=2020-01-01&to=2020-01-31&where=site:Nantes%5C,%20quai,Lyon", "Vue d'ensemble"],
  refused: ["#/overview?where=telework_days:1", "Vue d'ensemble"],
};
const coloured = ["overview", "content", "hours"];
const shades = ["contrast", "contrast-dark"]; // the same marks in other colours

for (const [name, options] of Object.entries({ ...themes, narrow, zoom: zoomed })) {
  test(`the dashboards, ${name}`, async () => {
    const page = await house.office("/dashboards/", "leader", options);
    await settled(page);
    for (const [screen, [address, heading]] of Object.entries(screens)) {
      if (!["light", "narrow"].includes(name) && !coloured.slice(0, shades.includes(name) ? 1 : undefined).includes(screen)) continue;
      await page.evaluate((hash) => new Promise((done) => {
        addEventListener("hashchange", () => requestAnimationFrame(() => requestAnimationFrame(done)), { once: true });
        location.hash = hash;
      }), address);
      if (heading) await title(page, heading);
      await page.locator(`.told[data-place="${address.split("?")[0].slice(2)}"][aria-busy=false]`).waitFor();
      if (screen === "empty") await page.getByRole("button", { name: "Retirer le filtre Site : Nantes, quai ; Lyon" }).waitFor(); // a value may hold a comma
      if (screen === "overview") await page.locator("details.data summary").first().click();
      await accessible(page, `${screen}, ${name}`);
      await shot(page, `dashboards-${screen}-${name}`, { fullPage: true });
    }
    await close(page);
  });
}
