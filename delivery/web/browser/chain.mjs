// From whom it is for to what came of it: a communicator aims and publishes with the keyboard alone, three agents see or do not
// see, acknowledge and ask why, and a leader looks at the outcome seconds later.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, house, shot } from "./house.mjs";

const title = "Astreintes d'hiver : ce qui change pour les cadres";

/** Does what a person does without a mouse: goes to it, then types or presses. */
async function keys(page, target, typed) {
  await target.waitFor();
  await eventually("what is not ready to be ready", () => target.isEnabled());
  await target.focus();
  await (["Enter", "Space"].includes(typed) ? page.keyboard.press(typed) : page.keyboard.type(typed));
}

test("a communicator aims and publishes, agents see and acknowledge, a leader looks at the outcome", async (t) => {
  // Whom it is for, by choice.
  const desk = await house.office("/console/#/audiences/new", house.key("communicator", "--name", "Inès Caron"));
  const button = (name) => desk.getByRole("button", { name, exact: true });
  await keys(desk, desk.getByLabel("Nom", { exact: true }), "Cadres de catégorie A");
  await keys(desk, button("Ajouter une condition"), "Enter");
  await desk.getByRole("group", { name: "Condition 1", exact: true }).getByLabel("Critère").selectOption({ label: "Catégorie" }); // a list of the browser's own
  await keys(desk, desk.getByRole("group", { name: "Condition 1", exact: true }).getByRole("combobox", { name: "Valeur" }), "A");
  await desk.locator(".size .figure").getByText(/\d/).waitFor();
  await keys(desk, button("Enregistrer"), "Enter");
  await desk.getByText("Audience enregistrée.").waitFor();
  await desk.waitForURL(/#\/audiences\/(?!new)/);
  const audience = new URL(desk.url()).hash.split("/").pop();

  // What is said, through the gate.
  await keys(desk, desk.getByRole("link", { name: "Communications" }), "Enter");
  await keys(desk, desk.getByRole("link", { name: "Nouvelle communication" }), "Enter");
  await keys(desk, desk.getByRole("textbox", { name: "Titre", exact: true }), title);
  await keys(desk, desk.getByRole("textbox", { name: "Résumé", exact: true }), "Deux personnes par secteur, dès le premier décembre.");
  await keys(desk, desk.getByRole("textbox", { name: "Texte complet", exact: true }), "Chaque secteur a **deux** personnes d'astreinte.");
  await keys(desk, desk.getByLabel("Chercher une audience"), "Cadres de catégorie A");
  await keys(desk, desk.getByRole("checkbox", { name: "Cadres de catégorie A" }), "Space");
  const deadline = new Date(Date.now() + 6 * 86_400_000).toISOString().slice(0, 16);
  await desk.getByLabel("À lire obligatoirement avant le").fill(deadline);
  await desk.getByText(/agents recevront cette communication/).waitFor();
  await keys(desk, button("Publier"), "Enter");
  await keys(desk, desk.locator("dialog[open]").getByRole("button", { name: "Publier", exact: true }), "Enter");
  await desk.getByText(/^Publié par Inès Caron/).first().waitFor();
  await desk.waitForURL(/#\/contents\/(?!new)/);
  const id = new URL(desk.url()).hash.split("/").pop();
  await shot(desk, "chain-published");
  assert.deepEqual(desk.faults, []);
  await desk.context().close();

  // Three agents: one acknowledges, one asks why, one is not meant.
  const { agents } = await house.ask("GET", "/v1/agents?limit=400", "service").catch(() => house.ask("GET", "/v1/agents?limit=100", "service"));
  const meant = agents.filter(({ attributes }) => attributes.category === "A").map((one) => one.id);
  const other = agents.find(({ attributes }) => attributes.category === "C").id;
  assert.ok(meant.length >= 20, `${meant.length} agents are meant`);
  const card = (page) => page.locator(`article[data-id="${id}"]`);
  const first = await house.page(meant[0]);
  await card(first).getByRole("button", { name: /^Lire/ }).click();
  await card(first).getByRole("button", { name: /J'ai pris connaissance/ }).click();
  await card(first).getByText("Vous en avez pris connaissance").waitFor();
  const second = await house.page(meant[1]);
  await card(second).getByRole("button", { name: /Pourquoi/ }).click();
  await card(second).getByRole("heading", { name: "Ce que fait l'algorithme" }).waitFor();
  await shot(second, "chain-why");
  const third = await house.page(other);
  await third.locator(`[role="feed"][aria-busy="false"]`).waitFor();
  assert.equal(await card(third).count(), 0, "who is not meant does not see it");
  const explained = await house.ask("GET", `/v1/audiences/${audience}/why?agent=${other}`, "service");
  assert.equal(explained.in, false);

  // Colleagues act too, and a leader who follows it live sees it come.
  const leader = await house.office(`/dashboards/#/contents/${id}`, "leader");
  await leader.getByRole("heading", { name: title, level: 1 }).waitFor();
  await leader.getByRole("button", { name: "Suivre en direct" }).click();
  const now = new Date().toISOString();
  const act = (kind) => meant.slice(2).map((agent) => ({ specversion: "1.0", id: `chain-${kind}-${agent}`, source: "essai", type: `fil.engagement.${kind}`, time: now, data: { agent, content: id } }));
  await house.ask("POST", "/v1/engagements", "ingest", [...act("impression"), ...act("read"), ...act("acknowledge")]);
  const acted = Date.now();
  await leader.waitForFunction(() => /[1-9]/.test(document.querySelector(".now .big")?.textContent ?? ""));
  t.diagnostic(`from the last act to the leader's screen: ${((Date.now() - acted) / 1000).toFixed(1)} s`);
  await shot(leader, "chain-leader", { fullPage: true });

  // By name, for who is entitled.
  const entitled = await house.office(`/console/#/register/${id}?state=acknowledged`, house.key("communicator", "--register"));
  await entitled.getByRole("rowheader", { name: meant[0], exact: true }).waitFor();
  await eventually("all who acknowledged", async () => (await entitled.getByRole("rowheader").count()) === Math.min(50, meant.length - 1) || (await entitled.reload(), false));
  assert.equal(await entitled.getByRole("rowheader", { name: meant[1], exact: true }).count(), 0, "who asked why has not acknowledged");
  for (const page of [first, second, third, leader, entitled]) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});
