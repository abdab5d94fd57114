// The console's audiences: a communicator says who is meant, by choice and in writing, sees how many, asks why, saves, and meets a colleague's edit.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, house, shot } from "./house.mjs";
import { accessible, narrow, themes, zoomed } from "./judge.mjs";

/** A key of a communicator who may see agents. */
let seeing = "";
function seer() {
  seeing ||= house.key("communicator", "--sample", "--name", "Zoé Martin");
  return seeing;
}

const figure = (page) => page.locator(".size .figure");
const add = (page) => page.getByRole("button", { name: "Ajouter une condition", exact: true }).click();
const criterion = (page, label, number) => page.getByRole("group", { name: `Condition ${number}`, exact: true }).getByLabel("Critère").selectOption({ label });
const within = (page, number) => page.getByRole("group", { name: `Condition ${number}`, exact: true });
const counted = (page, text) => figure(page).getByText(text).waitFor();
/** The size that the server tells the same key: another may be told another, so that nobody is singled out. */
const size = (rule, key = seer()) => house.ask("POST", "/v1/audiences:preview", key, { rule, by: ["category"] }).then(({ size }) => size.toLocaleString("fr-FR"));

test("an audience is made by choice and in writing, asked why, saved, and a colleague's edit is met", async () => {
  const page = await house.office("/console/#/audiences", seer());
  await page.getByRole("link", { name: "Encadrants" }).waitFor();
  await page.getByRole("row", { name: /Encadrants/ }).getByText(/^\d+$/).waitFor();
  await accessible(page, "list");
  await shot(page, "audiences-list");
  await page.getByLabel("Chercher une audience").fill("zzz");
  await page.getByText("Aucune audience ne contient « zzz ».").waitFor();
  await page.getByRole("link", { name: "Nouvelle audience" }).click();
  await page.getByRole("heading", { name: "Nouvelle audience", level: 1 }).waitFor();
  await page.getByText("Personne pour l'instant.").waitFor();
  await accessible(page, "new");
  await shot(page, "audiences-new");

  // By choice, and the size follows.
  await page.getByRole("button", { name: "Enregistrer" }).click();
  await page.getByText("Donnez un nom à l'audience.").waitFor();
  await page.getByLabel("Nom", { exact: true }).fill("Élus & cadres");
  assert.equal(await page.getByLabel("Identifiant", { exact: true }).inputValue(), "elus-cadres");
  await add(page);
  await criterion(page, "Catégorie", "1");
  const value = within(page, "1").getByRole("combobox", { name: "Valeur" });
  await value.focus();
  await page.locator("datalist option[value=A]").waitFor({ state: "attached" });
  await value.fill("A");
  await counted(page, await size('category == "A"'));
  await page.getByRole("button", { name: "Ajouter un groupe", exact: true }).click();
  await criterion(page, "Encadrant", "2.1");
  await page.getByRole("button", { name: "Ajouter une condition au groupe 2" }).click();
  await criterion(page, "Date d'entrée", "2.2");
  await within(page, "2.2").getByLabel("Comparaison").selectOption({ label: "date de plus de" });
  await within(page, "2.2").getByLabel("Nombre").fill("10");
  await within(page, "2.2").getByLabel("Unité").selectOption({ label: "ans" });
  const rule = 'category == "A" and (manager or hired older than 10 years)';
  await counted(page, await size(rule));
  await page.getByRole("table", { name: "Répartition par Catégorie" }).waitFor();
  await page.getByLabel("Comparer à une audience").selectOption({ label: "Encadrants" });
  await page.getByText(/en commun, sur/).waitFor();
  await page.getByLabel("Heures de présence").check();
  await page.getByText("Voir les chiffres").click();
  await page.getByRole("table", { name: "Agents d'ordinaire présents, par heure" }).waitFor();
  await accessible(page, "built");
  await shot(page, "audiences-built", { fullPage: true });

  // In writing: a fault has its place and its way out; what no choice can say is kept.
  await page.getByLabel("En expression").check();
  const written = page.getByRole("textbox", { name: "Expression" });
  assert.equal(await written.inputValue(), 'category == "A" and (manager == true or hired older than 10 years)');
  await written.fill('categori == "A" and lower(job) != "directeur" and not did("read", within 1 hour)');
  await page.getByText("Ligne 1, caractère 1").waitFor();
  await accessible(page, "fault");
  await shot(page, "audiences-fault");
  await page.getByRole("button", { name: "Aller à l'endroit" }).click();
  assert.equal(await written.evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd)), "categori");
  await page.getByRole("button", { name: "Remplacer par « category »" }).click();
  await page.getByText("En clair").waitFor();
  await counted(page, await size('category == "A" and lower(job) != "directeur" and not did("read", within 1 hour)'));
  await page.getByLabel("Par choix").check();
  await page.getByText("Ce que dit cette expression ne se choisit pas dans une liste").waitFor();
  await accessible(page, "kept");
  await page.getByRole("button", { name: "Retirer la condition 2" }).click();
  await page.getByRole("button", { name: "Retirer la condition 2" }).click();
  await counted(page, await size('category == "A"'));

  // Leaving asks first; saving; why one is in and another out.
  await page.getByRole("link", { name: "Communications" }).click();
  await page.getByRole("dialog", { name: "Quitter sans enregistrer ?" }).waitFor();
  await accessible(page, "leaving");
  await page.getByRole("button", { name: "Annuler" }).click();
  await page.getByRole("button", { name: "Enregistrer", exact: true }).click();
  await page.getByText("Audience enregistrée.").waitFor();
  await page.waitForURL(/#\/audiences\/elus-cadres$/);
  const { agents } = await house.ask("GET", "/v1/agents?limit=50", "service");
  for (const [agent, words] of [[agents.find(({ attributes }) => attributes.category === "A"), "fait partie de l'audience"], [agents.find(({ attributes }) => attributes.category === "C"), "ne fait pas partie de l'audience"]]) {
    await page.getByLabel("Identifiant de l'agent").fill(agent.id);
    await page.getByRole("button", { name: "Demander" }).click();
    await page.getByText(`${agent.id} ${words}`).waitFor();
    await page.getByRole("listitem").filter({ hasText: `Catégorie, sa fiche dit : ${agent.attributes.category}` }).getByText(/^(Rempli|Pas rempli)$/).waitFor();
  }
  await accessible(page, "why");
  await shot(page, "audiences-why", { fullPage: true });

  // A colleague saves meanwhile: theirs is taken, then mine is kept.
  const theirs = { name: "Élus et cadres", rule: 'category == "A"', owner: "Direction générale" };
  const etag = (await fetch(`${house.base}/v1/audiences/elus-cadres`, { headers: { Authorization: `Bearer ${house.keys.communicator}` } })).headers.get("ETag");
  const put = (body, match) => fetch(`${house.base}/v1/audiences/elus-cadres`, { method: "PUT", headers: { Authorization: `Bearer ${house.keys.communicator}`, "If-Match": match }, body: JSON.stringify(body) });
  assert.equal((await put(theirs, etag)).status, 200);
  await page.getByLabel("Responsable").fill("Secrétariat général");
  await page.getByRole("button", { name: "Enregistrer", exact: true }).click();
  await page.getByRole("heading", { name: "Cette audience a changé entre-temps" }).waitFor();
  await page.getByText("fil up l'a enregistrée").waitFor();
  await page.getByRole("row", { name: "Responsable Direction générale Secrétariat général" }).waitFor();
  await accessible(page, "conflict");
  await shot(page, "audiences-conflict");
  await page.getByRole("button", { name: "Reprendre la leur" }).click();
  await page.getByRole("heading", { name: "Élus et cadres", level: 1 }).waitFor();
  assert.equal(await page.getByLabel("Responsable").inputValue(), "Direction générale");
  assert.equal((await put({ ...theirs, owner: "Cabinet" }, "*")).status, 200);
  await page.getByLabel("Responsable").fill("Secrétariat général");
  await page.getByRole("button", { name: "Enregistrer", exact: true }).click();
  await page.getByRole("button", { name: "Garder la mienne" }).click();
  await page.getByText("Tout est enregistré").waitFor();
  await eventually("mine to be kept", async () => (await house.ask("GET", "/v1/audiences/elus-cadres", "communicator")).owner === "Secrétariat général");

  // What is still being typed is saved, or refused, as it stands.
  await page.getByLabel("En expression").check();
  await written.fill('category == "B"');
  await page.getByRole("button", { name: "Enregistrer", exact: true }).click();
  await page.getByText("Tout est enregistré").waitFor();
  await eventually("what was being typed to be saved", async () => (await house.ask("GET", "/v1/audiences/elus-cadres", "communicator")).rule === 'category == "B"');
  await written.fill("category ==");
  await page.getByLabel("Par choix").click(); // not check: it stays as it was
  await page.getByText("Les choix ne savent montrer qu'une expression sans faute").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "rule");
  await page.getByText("Modifications non enregistrées").waitFor();
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("heading", { name: "Why this agent?" }).waitFor();
  await page.getByRole("button", { name: "Français" }).click();
  await written.fill('category == "B" or '.repeat(3000));
  await page.getByText("Cette expression est trop longue : retirez au moins 48 807 caractères.").waitFor();
  await written.fill("category ==");
  await page.getByRole("button", { name: "Enregistrer", exact: true }).click();
  await page.getByRole("alert").getByText("Corrigez l'expression avant d'enregistrer.").waitFor();
  await written.fill('category == "B"');
  await page.getByText("Tout est enregistré").waitFor();
  await page.getByRole("alert").waitFor({ state: "detached" }); // it was mended

  // Deleting says what aims at it.
  await house.publish("pour-les-elus", { title: "Réunion des élus", audiences: ["elus-cadres"] });
  await page.getByRole("button", { name: "Supprimer l'audience" }).click();
  await page.getByRole("dialog").getByText("Réunion des élus").waitFor();
  await accessible(page, "deleting");
  await shot(page, "audiences-delete");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Élus et cadres", level: 1 }).waitFor(); // Escape is no
  await page.getByRole("button", { name: "Supprimer l'audience" }).click();
  await page.getByRole("button", { name: "Supprimer", exact: true }).click();
  await page.getByRole("heading", { name: "Audiences", level: 1 }).waitFor();
  await assert.rejects(house.ask("GET", "/v1/audiences/elus-cadres", "communicator"), /404/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("an audience is made by keyboard alone", async () => {
  const page = await house.office("/console/#/audiences/new");
  const { keyboard } = page;
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent?.trim());
  const tab = async (to) => {
    for (let i = 0; i < 60; i++) {
      await keyboard.press("Tab");
      if ((await focused())?.startsWith(to)) return;
    }
    assert.fail(`${to} is not reached by the tabulation key`);
  };
  await page.getByLabel("Nom", { exact: true }).focus();
  await keyboard.type("Chœur du clavier");
  await tab("Ajouter une condition");
  await keyboard.press("Enter");
  await within(page, "1").waitFor();
  assert.equal(await focused(), "Critère", "the new condition has the focus");
  await keyboard.type("Encadrant");
  await counted(page, await size("manager", "communicator"));
  await tab("Ajouter une condition");
  await keyboard.press("Enter");
  await within(page, "2").waitFor();
  await keyboard.type("Statut");
  await tab("Valeur");
  await keyboard.type("titulaire");
  await counted(page, await size('manager and contract == "titulaire"', "communicator"));
  await tab("Monter la condition 2");
  await keyboard.press("Enter");
  await page.getByText("Déplacé : la condition 1.").waitFor();
  assert.equal(await focused(), "Descendre la condition 1", "the focus stays with what moved");
  assert.equal(await within(page, "1").getByLabel("Critère").evaluate((one) => one.selectedOptions[0].textContent), "Statut");
  await tab("Mettre la condition 1 dans un groupe");
  await keyboard.press("Enter");
  await page.getByRole("group", { name: "Groupe 1" }).waitFor();
  await tab("Retirer la condition 1.1");
  await keyboard.press("Enter");
  await page.getByText("Ce groupe est vide").waitFor();
  assert.notEqual(await page.evaluate(() => document.activeElement?.tagName), "BODY", "the focus is not lost");
  await page.getByRole("button", { name: "Enregistrer", exact: true }).focus();
  await keyboard.press("Enter");
  await page.getByText("Audience enregistrée.").waitFor();
  assert.equal((await house.ask("GET", "/v1/audiences/choeur-du-clavier", "communicator")).rule, "manager == true");
  await page.getByText("Votre clé ne permet pas de regarder un agent en particulier.").waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

for (const [name, options] of Object.entries({ dark: themes.dark, contrast: themes.contrast, forced: themes.forced, narrow, zoom: zoomed })) {
  test(`the builder, ${name}`, async () => {
    const page = await house.office("/console/#/audiences/acheteurs", "communicator", options);
    await page.getByRole("group", { name: "Condition 2" }).waitFor();
    await page.getByRole("button", { name: "Mettre la condition 2 dans un groupe" }).click();
    await page.getByRole("button", { name: "Ajouter une condition", exact: true }).click();
    await criterion(page, "A lu, ouvert, cliqué…", "3");
    await counted(page, /\d/);
    await accessible(page, `builder, ${name}`);
    await shot(page, `audiences-${name}`, { fullPage: true });
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}
