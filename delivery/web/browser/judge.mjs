// What every state of a screen is judged by: axe's rules of RGAA and WCAG find nothing, and nothing is cut; and the ways to look at it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["RGAAv4", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const themes = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  contrast: { colorScheme: "light", contrast: "more" },
  "contrast-dark": { colorScheme: "dark", contrast: "more" },
  forced: { colorScheme: "dark", forcedColors: "active" },
};
export const narrow = { viewport: { width: 320, height: 640 } };
export const zoomed = { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }; // as a window of 1280 by 900 at 200 %

export async function accessible(page, state) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] }), rules);
  const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`);
  assert.deepEqual(said, [], state);
  const { wide, room } = await page.evaluate(() => ({ wide: document.scrollingElement.scrollWidth, room: innerWidth }));
  assert.ok(wide <= room, `${state}: ${wide} pixels wide in ${room}`);
}
