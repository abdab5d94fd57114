// The frame of the console and of the dashboards: signing in, sections, language, signing out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { house, shot } from "./house.mjs";
import { accessible, narrow, themes } from "./judge.mjs";

test("a communicator signs in, changes section and language by keyboard, and signs out", async () => {
  const page = await house.office("/console/", "");
  await page.getByLabel("Clé").fill("fil_0_wrong");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("Cette clé est inconnue, révoquée ou expirée.").waitFor();
  await page.getByLabel("Clé").fill(house.keys.leader);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("il faut une clé de communicant").waitFor();
  await page.getByLabel("Clé").fill(house.keys.communicator);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Communications", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Audiences" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Audiences", level: 1 }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H1", "the new screen has the focus");
  await page.getByRole("button", { name: "English" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Messages" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Key").waitFor();
  await page.reload();
  await page.getByLabel("Key").waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

for (const [name, options] of Object.entries({ light: themes.light, dark: themes.dark, forced: themes.forced, narrow })) {
  test(`signing in, ${name}`, async () => {
    const page = await house.office("/console/", "", options);
    await page.getByLabel("Clé").waitFor();
    await accessible(page, `signing in, ${name}`);
    await shot(page, `office-${name}-key`);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}
