// The register of acknowledgements, for those entitled: who has, who has not, a reminder, an attestation, and who has looked.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { house, shot } from "./house.mjs";
import { accessible, narrow, themes, zoomed } from "./judge.mjs";

const title = "Consignes de sécurité incendie : à lire avant lundi";

async function publish() {
  const soon = new Date(Date.now() + 5 * 86_400_000).toISOString();
  await house.publish("registre-incendie", { title, source: "Service prévention", mandatory_until: soon, summary: "Le point de rassemblement change.", body: "Le point de rassemblement est désormais **place des Tilleuls**." });
}

const saved = async (page, press) => {
  const [file] = await Promise.all([page.waitForEvent("download"), press()]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
};

test("who has acknowledged is seen by those entitled alone, reminded, attested, and each look is written down", async () => {
  await publish();
  const token = await house.token("a0031");
  await house.ask("POST", "/v1/engagements", token, { specversion: "1.0", id: "registre-1", source: "essai", type: "fil.engagement.acknowledge", data: { agent: "a0031", content: "registre-incendie" } });

  const plain = await house.office("/console/#/contents", "communicator");
  await plain.getByRole("link", { name: "Audiences" }).waitFor();
  assert.equal(await plain.getByRole("link", { name: "Registre" }).count(), 0, "a key without the right is not offered it");
  await plain.goto(`${house.base}/console/#/register`);
  await plain.getByRole("alert").getByText("ne voit pas le registre").waitFor();
  assert.equal(await plain.getByText("Aucune communication obligatoire").count() + (await plain.getByRole("link", { name: "Qui a consulté le registre" }).count()), 0, "a refusal says nothing else");
  await accessible(plain, "register, refused");
  await shot(plain, "register-refused");
  await plain.context().close();

  const page = await house.office("/console/#/register", house.key("communicator", "--name", "Claire Martin", "--register"));
  await page.getByRole("link", { name: title }).waitFor();
  await accessible(page, "register");
  await shot(page, "register");
  await page.getByRole("link", { name: title }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: title, level: 1 }).waitFor();
  await page.getByRole("cell", { name: /.+/ }).first().waitFor();
  await page.getByLabel("Identifiant de l'agent").fill("a0032");
  await page.keyboard.press("Enter");
  await page.getByRole("rowheader").nth(1).waitFor({ state: "detached" });
  await page.getByRole("rowheader", { name: "a0032" }).waitFor();
  assert.equal(await page.getByRole("rowheader").count(), 1);
  await accessible(page, "register, missing");
  await shot(page, "register-missing");

  await page.getByRole("link", { name: "Ont pris connaissance", exact: true }).click();
  await page.getByText("Aucun agent ne correspond.").waitFor();
  await page.getByLabel("Identifiant de l'agent").fill("");
  await page.getByRole("button", { name: "Chercher" }).click();
  await page.getByRole("rowheader", { name: "a0031" }).waitFor();
  await page.getByText("Par l'agent").waitFor();
  const attestation = await saved(page, () => page.getByRole("button", { name: "Télécharger l'attestation de a0031" }).click());
  assert.equal(attestation.name, "registre-incendie-a0031.html");
  assert.match(attestation.text, /a0031/);
  const list = await saved(page, () => page.getByRole("button", { name: "Télécharger la liste (CSV)" }).click());
  assert.match(list.text, /^\ufeff?Agent;Dans l'annuaire;[^]*\na0031;oui;[^\n]*;par l'agent;/);
  await shot(page, "register-acknowledged");

  const dialog = page.getByRole("dialog");
  await page.getByLabel("Organisation").fill("zz");
  await page.getByRole("button", { name: "Chercher" }).click();
  await page.getByText("Aucun agent ne correspond.").waitFor();
  await page.getByRole("button", { name: "Relancer" }).click();
  await dialog.getByRole("button", { name: "Relancer" }).click();
  await page.getByRole("alert").getByText("ne concerne personne dans « zz »").waitFor();
  await shot(page, "register-remind-nobody");
  await page.getByLabel("Organisation").fill("");
  await page.getByRole("button", { name: "Chercher" }).click();
  await page.getByRole("rowheader", { name: "a0031" }).waitFor();

  await page.getByRole("button", { name: "Relancer" }).click();
  await dialog.getByText("marquée « Rappel »").waitFor();
  await accessible(page, "register, asked before reminding");
  await shot(page, "register-remind");
  await dialog.getByRole("button", { name: "Relancer" }).click();
  await page.getByRole("status").getByText(/Rappel envoyé à/).waitFor();
  await page.getByText(/Rappel suivant possible/).waitFor();
  const feed = await house.ask("GET", "/v1/agents/a0032/feed", "service");
  assert.ok(feed.items.find(({ content }) => content.id === "registre-incendie").reminded_at, "the agent is reminded");

  await page.getByRole("link", { name: "Retour au registre" }).click();
  const signed = /ey[\w-]+\.[\w-]+\.[\w-]+/.exec(attestation.text.replace(/\s|<wbr>/g, ""))[0];
  const whole = JSON.stringify(await house.ask("GET", "/v1/register/contents/registre-incendie/attestation", token), null, 2);
  await page.getByText("Vérifier une attestation").click();
  for (const [text, said] of [
    [signed, "Cette attestation est valable"], [whole.replace('"agent": "a0031"', '"agent": "a0032"'), "n'est pas ce qui a été signé"], [whole, "Cette attestation est valable"],
    ["Bonjour", "Ce n'est pas une attestation"], [signed.replace(/\.(.)/, (_, first) => "." + (first === "e" ? "f" : "e")), "elle a été changée"],
  ]) {
    await page.getByLabel("Texte signé").fill(text);
    await page.getByRole("button", { name: "Vérifier" }).click();
    await page.locator(".verdict").getByText(said).waitFor();
  }
  await accessible(page, "register, verified");
  await shot(page, "register-verified", { fullPage: true });

  await page.getByRole("link", { name: "Qui a consulté le registre" }).click();
  await page.getByRole("cell", { name: "attestation · a0031" }).first().waitFor();
  await page.getByRole("cell", { name: "L'agent a0031" }).waitFor(); // who took their own
  await page.getByRole("cell", { name: "demande refusée" }).first().waitFor();
  await page.getByRole("cell", { name: "Claire Martin" }).first().waitFor();
  await page.getByRole("cell", { name: title }).first().waitFor();
  await accessible(page, "register, accesses");
  await shot(page, "register-accesses");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

for (const [name, options] of Object.entries({ dark: themes.dark, forced: themes.forced, narrow, zoom: zoomed })) {
  test(`the register, ${name}`, async () => {
    await publish();
    const page = await house.office("/console/#/register", house.key("communicator", "--register"), options);
    await page.getByRole("link", { name: title }).waitFor();
    await accessible(page, `register, ${name}`);
    await shot(page, `register-${name}`);
    await page.getByRole("link", { name: title }).click();
    await page.getByRole("cell", { name: /.+/ }).first().waitFor();
    await accessible(page, `register of one, ${name}`);
    await shot(page, `register-${name}-names`);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}
