// Communicators write, mend, submit, approve, revise, meet each other, take up and withdraw; and look at what is planned.
import assert from "node:assert/strict";
import { test } from "node:test";
import { house, shot } from "./house.mjs";
import { accessible, narrow, themes, zoomed } from "./judge.mjs";

/** A communicator's key that has a name. */
const keyOf = (name) => house.key("communicator", "--name", name);

const field = (page, name) => page.getByRole("textbox", { name, exact: true });
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const told = (page, text) => page.locator(".saying").getByText(text).waitFor();
const dialog = (page) => page.locator("dialog[open]");

async function seen(page, state) {
  await accessible(page, state);
  await shot(page, `contents-${state.replaceAll(" ", "-")}`);
}

async function feedOf(agent) {
  const { items } = await house.ask("GET", `/v1/agents/${agent}/feed?limit=100`, "service");
  return items.map(({ content }) => content.title);
}

test("a text goes from its first words to its withdrawal, through two people", async () => {
  await house.ask("PUT", "/v1/audiences/essai-accord", "communicator", { name: "Essai d'accord", rule: "true", approval: true });
  const [camille, nadia] = [keyOf("Camille Roy"), keyOf("Nadia Benali")];
  const page = await house.office("/console/#/contents", camille);
  await page.locator(".matters li").first().waitFor();
  await seen(page, "board");

  // Written by keyboard, and stopped by an image without a text.
  await page.getByRole("link", { name: "Nouvelle communication" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Nouvelle communication", level: 1 }).waitFor();
  await page.getByText("Un titre est nécessaire").waitFor();
  await field(page, "Titre").fill("Guide");
  await field(page, "Titre").fill("");
  await press(page, "Enregistrer le brouillon");
  await page.getByRole("alert").getByText("Titre : doit être renseigné.").waitFor();
  await field(page, "Titre").fill("é".repeat(300));
  await page.locator("#f-title-found").getByText("Retirez au moins 44 caractères.").waitFor();
  await field(page, "Titre").fill("Guide du télétravail 2027");
  await field(page, "Résumé").fill("Deux jours par semaine pour tous, sur simple demande.");
  const body = field(page, "Texte complet");
  await body.fill("Voici le plan.\n\n![](plan.png)\n\nLisez [le guide complet](https://exemple.fr/guide).");
  await page.getByLabel("Chercher une audience").fill("Essai d'accord"); // there may be more than are listed
  await page.getByLabel("Essai d'accord").check();
  const finding = page.getByRole("button", { name: /Cette image n'a pas de texte/ });
  await finding.waitFor();
  await seen(page, "stopped");
  await page.getByRole("button", { name: "Demander l'approbation", exact: true }).press("Enter");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Cette image n'a pas de texte/, "what stops has the focus");
  await finding.press("Enter");
  assert.deepEqual(await page.evaluate(() => [document.activeElement.id, document.activeElement.selectionStart]), ["f-body", "Voici le plan.\n\n".length], "the place has the focus");

  // Mended by the button that asks for the text.
  await page.keyboard.press("Shift+End");
  await page.keyboard.press("Delete");
  await press(page, "Image");
  await page.getByLabel("Adresse de l'image").fill("plan.png");
  await page.getByLabel("Ce que l'image apporte").fill("Plan : l'accueil est au premier étage");
  await accessible(page, "image");
  await press(dialog(page), "Insérer");
  assert.match(await body.inputValue(), /!\[Plan : l'accueil est au premier étage\]\(plan\.png\)/);
  await finding.waitFor({ state: "detached" });
  await page.getByText(/agents recevront cette communication/).waitFor();
  await page.getByText(/recevront déjà|Rien d'autre ne paraît/).waitFor();

  // In two languages, and as a made-up reader sees it.
  await page.getByLabel("Ajouter une langue").selectOption("en");
  await press(page, "Ajouter");
  await page.locator("#f-translations-en-title").fill("Telework guide 2027");
  await page.locator("#f-translations-en-body").fill("Here is the **guide**.");
  await page.getByLabel("anglais", { exact: true }).check();
  await page.locator("fil-card").getByRole("heading", { name: "Telework guide 2027" }).waitFor();
  await page.locator("fil-card").getByRole("button").first().click();
  await page.locator("fil-card strong", { hasText: "guide" }).waitFor();
  await page.getByText("Décrire cette personne").click();
  await page.getByLabel("Encadrant", { exact: true }).selectOption("true");
  await press(page, "Voir son fil");
  await page.getByText(/Votre communication serait/).waitFor();
  await seen(page, "whole");

  // Leaving asks first.
  await page.getByRole("link", { name: "Calendrier" }).click();
  await dialog(page).getByText("Quitter sans enregistrer ?").waitFor();
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  assert.match(page.url(), /#\/contents\/new$/, "Escape is no");

  // What comes too late is told beside its field, and stops publication or not.
  await page.locator("#f-pinned_until").fill("2019-01-01T08:00");
  await page.locator("#f-pinned_until-found").getByText("Cette date est passée").waitFor();
  await page.locator("#f-mandatory_until").fill("2020-01-01T08:00");
  await page.locator("#f-mandatory_until-found").getByText("Ce délai est passé").waitFor();
  await page.getByRole("button", { name: "Demander l'approbation", exact: true }).press("Enter");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Ce délai est passé/, "a deadline that has passed stops");
  await seen(page, "out of time");
  await press(page, "Effacer la date : En tête du fil jusqu'au");
  await press(page, "Effacer la date : À lire obligatoirement avant le");
  await page.locator("#f-published_at").fill("2020-01-01T08:00");
  await page.locator("#f-expires_at").fill("2021-01-01T08:00");
  await page.locator("#f-expires_at-found").getByText("aucun agent ne recevrait").waitFor();
  await press(page, "Effacer la date : Paraît le");

  // Nothing is saved by one who gives up.
  await press(page, "Effacer la date : Disparaît le");
  await press(page, "Demander l'approbation");
  await press(dialog(page), "Annuler");
  assert.match(page.url(), /#\/contents\/new$/, "nothing was saved");

  // What is refused is told until it is mended, and the focus stays where it was.
  await page.getByLabel("Disparaît le").fill("2020-01-01T08:00");
  await page.getByRole("button", { name: "Enregistrer le brouillon" }).press("Enter");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Enregistrer le brouillon");
  await shot(page, "contents-refused");
  await press(page, "Effacer la date : Disparaît le");
  await page.getByRole("alert").waitFor({ state: "detached" });
  await press(page, "Enregistrer le brouillon");
  await told(page, "Brouillon enregistré.");
  const id = new URL(page.url()).hash.split("/").pop();
  await press(page, "Demander l'approbation");
  await dialog(page).getByRole("textbox").fill("Pour lundi");
  await accessible(page, "asking");
  await press(dialog(page), "Soumettre");
  await told(page, "C'est soumis");
  await page.getByText("Une autre personne doit approuver").waitFor();
  assert.equal(await page.getByRole("button", { name: "Approuver et publier" }).count(), 0, "who wrote does not approve");
  assert.ok(!(await feedOf("a0150")).includes("Guide du télétravail 2027"));

  // The second person.
  const other = await house.office("/console/#/approvals", nadia);
  await other.getByText("Soumis par Camille Roy").waitFor();
  await other.locator("blockquote", { hasText: "Pour lundi" }).waitFor();
  assert.equal((await other.locator(".waits > .hint").first().innerText()).split("Essai d'accord").length, 2, "the audience is said once");
  await seen(other, "approvals");
  await other.getByRole("button", { name: /Rendre avec un motif/ }).first().click();
  await dialog(other).getByRole("textbox").fill("Précisez la date");
  await press(dialog(other), "Rendre");
  await other.getByText("Rien n'attend d'approbation.").waitFor();
  await accessible(other, "nothing waits");
  await page.reload();
  await page.getByText("Rendu par Nadia Benali").first().waitFor();
  await field(page, "Résumé (français)").fill("Deux jours par semaine pour tous dès janvier, sur simple demande.");
  await press(page, "Demander l'approbation");
  await press(dialog(page), "Soumettre");
  await told(page, "C'est soumis");
  await other.reload();
  const approve = other.getByRole("button", { name: /Approuver et publier/ }).first();
  await approve.waitFor();
  const { value } = await house.ask("GET", `/v1/contents/${id}/draft`, camille); // written in again while it is read
  await house.ask("PUT", `/v1/contents/${id}/draft`, camille, { ...value, published_at: undefined, summary: "Deux jours par semaine pour tous dès février, sur simple demande." });
  await house.ask("POST", `/v1/contents/${id}/draft/submission`, camille, {});
  await approve.click();
  await dialog(other).getByRole("textbox").fill("Relu");
  await press(dialog(other), "Approuver et publier");
  await other.getByText(/^Camille Roy a enregistré ce brouillon .*, pendant que vous lisiez/).waitFor();
  await other.locator(".since ins", { hasText: "février" }).waitFor();
  assert.match(await other.evaluate(() => document.activeElement.className), /since/, "what changed has the focus");
  assert.ok(!(await feedOf("a0150")).includes("Guide du télétravail 2027"), "what was not read is not published");
  await seen(other, "approval overtaken");
  await approve.click();
  assert.equal(await dialog(other).getByRole("textbox").inputValue(), "Relu", "what was said is kept");
  await press(dialog(other), "Approuver et publier");
  await told(other, "Approuvé et publié.");
  assert.ok((await feedOf("a0150")).includes("Guide du télétravail 2027"), "an agent has it");

  // Revised by two at once.
  await page.reload();
  await page.getByText("Publié par Nadia Benali").first().waitFor();
  await field(page, "Titre (français)").fill("Guide du télétravail : 2027");
  await press(page, "Enregistrer le brouillon");
  await told(page, "Brouillon enregistré.");
  await other.goto(`${house.base}/console/#/contents/${id}`);
  await other.getByLabel("Service qui communique").fill("Direction des ressources humaines");
  await press(other, "Enregistrer le brouillon");
  await told(other, "Brouillon enregistré.");
  await field(page, "Résumé (français)").fill("Trois jours par semaine.");
  await press(page, "Enregistrer le brouillon");
  await page.getByRole("heading", { name: /^Nadia Benali a enregistré ce brouillon/ }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "conflict-title");
  await seen(page, "conflict");
  await press(page, "Enregistrer ce choix");
  await told(page, "Vos deux textes sont réunis.");
  assert.deepEqual([await field(page, "Résumé (français)").inputValue(), await page.getByLabel("Service qui communique").inputValue()], ["Trois jours par semaine.", "Direction des ressources humaines"]);

  // The colleague writes on and a third publishes it, while one writes too.
  await other.reload();
  await field(other, "Signataire").fill("Le secrétaire général");
  await press(other, "Enregistrer le brouillon");
  await told(other, "Brouillon enregistré.");
  await house.ask("POST", `/v1/contents/${id}/draft/submission`, nadia, {});
  await house.ask("POST", `/v1/contents/${id}/draft/publication`, "communicator", {}, { "If-Match": "*" });
  await field(page, "Résumé (français)").fill("Quatre jours par semaine.");
  await press(page, "Enregistrer le brouillon");
  await page.getByRole("heading", { name: /^fil up a publié cette communication .*, pendant que vous écriviez$/ }).waitFor();
  await page.getByLabel("Communauté").fill("Télétravail"); // one may write on
  await page.getByRole("button", { name: "Enregistrer le brouillon" }).press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "conflict-title", "what is kept is chosen first");
  await shot(page, "contents-overtaken");
  await press(page, "Enregistrer ce choix");
  await told(page, "Vos deux textes sont réunis.");
  assert.deepEqual(await Promise.all(["Résumé (français)", "Signataire", "Communauté"].map((name) => page.getByLabel(name, { exact: true }).inputValue())), ["Quatre jours par semaine.", "Le secrétaire général", "Télétravail"]);
  assert.equal((await house.ask("GET", `/v1/contents/${id}`, "communicator")).summary, "Trois jours par semaine.", "what was published stays");

  // Given up, taken up from the history, withdrawn.
  await press(page, "Abandonner le brouillon");
  await press(dialog(page), "Abandonner le brouillon");
  await told(page, "Brouillon abandonné.");
  await page.getByRole("button", { name: /^Voir : Version/ }).last().click();
  await page.locator(".versions fil-card").waitFor();
  await seen(page, "history");
  await page.getByRole("button", { name: /^Reprendre dans un brouillon : Version/ }).last().click();
  await told(page, "est reprise dans un brouillon");
  await press(page, "Retirer aux agents");
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  await press(page, "Retirer aux agents");
  await dialog(page).getByRole("textbox").fill("     ");
  await press(dialog(page), "Retirer aux agents");
  assert.equal(await dialog(page).getByRole("textbox").evaluate((one) => one.validity.customError), true, "spaces are no reason");
  assert.ok((await feedOf("a0150")).includes("Guide du télétravail : 2027"), "neither Escape nor spaces withdraw");
  await dialog(page).getByRole("textbox").fill("Une erreur de date");
  await press(dialog(page), "Retirer aux agents");
  await told(page, "C'est retiré");
  assert.ok(!(await feedOf("a0150")).includes("Guide du télétravail : 2027"), "no agent has it any more");
  await page.goto(`${house.base}/console/#/contents?state=ended&q=t%C3%A9l%C3%A9travail`);
  await page.locator(".matters").getByText("Retirée", { exact: true }).first().waitFor();
  assert.deepEqual([...page.faults, ...other.faults], []);
  await page.context().close();
  await other.context().close();
});

for (const [name, options] of Object.entries({ dark: themes.dark, contrast: themes.contrast, forced: themes.forced, narrow, zoom: zoomed })) {
  test(`writing and planning, ${name}`, async () => {
    const page = await house.office("/console/#/contents", "communicator", options);
    await page.locator(".matters li").first().waitFor();
    if (name !== "contrast") await seen(page, `board ${name}`);
    await page.locator('.matters a[href="#/contents/ascenseur-batiment-b"]').click(); // in one language
    await page.getByText(/agents recevront cette communication/).waitFor();
    await field(page, "Texte complet").fill("# Un\n\n![](a.png)");
    await page.getByRole("button", { name: /Cette image n'a pas de texte/ }).waitFor();
    await seen(page, `editor ${name}`);
    if (name !== "contrast") {
      page.on("dialog", (asked) => asked.accept()); // what is not saved is left
      await page.goto(`${house.base}/console/?#/calendar`);
      await page.locator(name === "narrow" || name === "zoom" ? ".agenda" : "table.month").first().waitFor();
      await seen(page, `calendar ${name}`);
    }
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

test("a content that is not there, and the other language", async () => {
  const page = await house.office("/console/#/contents/inexistant-xyz");
  await page.getByRole("heading", { name: "Cette communication n'existe pas", level: 1 }).waitFor();
  assert.equal(await page.getByLabel("Titre").count(), 0, "no empty editor");
  await accessible(page, "no such content");
  await page.getByRole("link", { name: "Voir toutes les communications" }).click();
  await page.locator(".matters li").first().waitFor();
  await page.locator('.matters a[href="#/contents/ascenseur-batiment-b"]').click();
  await page.getByRole("heading", { name: "Un lecteur imaginaire" }).waitFor();
  await press(page, "English");
  await page.getByRole("heading", { name: "A made-up reader" }).waitFor();
  await page.getByRole("heading", { name: "History" }).waitFor();
  await press(page, "Français");

  // One's own other tab is not another person, and what is published is one entry with its draft.
  await house.publish("essai-double", { title: "Essai double", summary: "Un." });
  const other = await house.office("/console/#/contents/essai-double");
  await page.goto(`${house.base}/console/#/contents/essai-double`);
  await page.getByRole("heading", { name: "Essai double", level: 1 }).waitFor();
  await other.getByLabel("Signataire").fill("Le cabinet");
  await press(other, "Enregistrer le brouillon");
  await told(other, "Brouillon enregistré.");
  await field(page, "Résumé").fill("Deux.");
  await press(page, "Enregistrer le brouillon");
  await page.getByRole("heading", { name: /^Vous avez enregistré ce brouillon .*, dans un autre onglet$/ }).waitFor();
  await other.goto(`${house.base}/console/#/calendar?view=list`);
  const entries = other.locator(".agenda li", { hasText: "Essai double" });
  await entries.getByText("Brouillon en cours").waitFor();
  assert.equal(await entries.count(), 1);
  assert.deepEqual([...page.faults, ...other.faults], []);
  await page.context().close();
  await other.context().close();
});

test("the calendar by keyboard", async () => {
  const page = await house.office("/console/#/calendar?day=2026-11-26");
  const day = () => page.evaluate(() => document.activeElement.dataset.day);
  await page.locator('[data-day="2026-11-26"]').focus();
  for (const [key, want] of [["ArrowRight", "2026-11-27"], ["ArrowDown", "2026-12-04"], ["Home", "2026-11-30"], ["PageDown", "2026-12-30"], ["ArrowUp", "2026-12-23"]]) {
    await page.keyboard.press(key);
    await page.waitForFunction((wanted) => document.activeElement.dataset.day === wanted, want);
  }
  assert.equal(await day(), "2026-12-23");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "day-title");
  await page.getByText("mercredi 23 décembre 2026", { exact: false }).first().waitFor();
  await seen(page, "day");
  await page.getByLabel("Semaine", { exact: true }).check();
  await page.locator("table.week").waitFor();
  await seen(page, "week");
  await page.getByLabel("Aller au").fill("2026-11-26");
  await page.locator('[data-day="2026-11-26"]').waitFor();
  await page.getByLabel("Liste", { exact: true }).check();
  await page.locator(".agenda").first().waitFor();
  await accessible(page, "calendar as a list");
  await page.getByLabel("Mois", { exact: true }).check();
  await page.emulateMedia({ media: "print" });
  await shot(page, "contents-calendar-print", { fullPage: true });
  assert.equal(await page.getByRole("button", { name: "Imprimer" }).isVisible(), false);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
