// Builds what the program embeds into dist/: each script by itself, then the pages as they are. Fails past a budget.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const at = (path) => new URL(path, import.meta.url).pathname;
const kept = "unbuilt.html"; // committed, so that the program compiles before anything is built

// A budget is in bytes of gzip, everything included.
const scripts = [
  { name: "fil-feed", entry: "feed/index.ts", format: "iife", budget: 40_000 },
  { name: "fil-sdk", entry: "sdk/index.ts", format: "es", budget: 10_000 },
  { name: "page", entry: "page/page.ts", format: "es", budget: 12_000 },
];

for (const file of readdirSync(at("dist"))) if (file !== kept) rmSync(at(`dist/${file}`), { recursive: true });
let over = false;
for (const { name, entry, format, budget } of scripts) {
  await build({
    root: at("."), configFile: false, publicDir: false, logLevel: "warn",
    build: {
      outDir: at("dist"), emptyOutDir: false, target: "es2022", cssTarget: ["chrome123", "firefox120", "safari17.5"], cssCodeSplit: false, modulePreload: false,
      lib: { entry: at(entry), name: "fil", formats: [format], fileName: () => `${name}.js`, cssFileName: name },
    },
  });
  const source = tidy(readFileSync(at(`dist/${name}.js`), "utf8"));
  writeFileSync(at(`dist/${name}.js`), source);
  const size = gzipSync(source, { level: 9 }).length;
  over ||= size > budget;
  console.log(`${name}.js ${source.length} bytes, ${size} compressed, of ${budget}${size > budget ? ": OVER BUDGET" : ""}`);
}
for (const file of ["page/index.html", "icon.svg"]) copyFileSync(at(file), at(`dist/${file.split("/").pop()}`));
if (over) process.exit(1);

// tidy folds the white space between tags of templates, which a minifier leaves.
function tidy(source) {
  return source.replace(/>\s*\n\s+</g, "> <").replace(/\n\s{2,}/g, " ");
}
