// Builds what the program embeds into dist/: each script by itself, then the pages as they are. Fails past a budget.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";

const at = (path) => new URL(path, import.meta.url).pathname;
const kept = "unbuilt.html"; // committed, so that the program compiles before anything is built

// A budget is in bytes of gzip, everything included.
const scripts = [
  { name: "fil-feed", entry: "feed/index.ts", format: "iife", budget: 40_000 },
  { name: "fil-feed-first", entry: "feed/first.ts", format: "iife", budget: 2_000 }, // after the one that it names by its digest
  { name: "fil-sdk", entry: "sdk/index.ts", format: "es", budget: 10_000 },
  { name: "page", entry: "page/page.ts", format: "es", budget: 6_000 },
  { name: "console", entry: "console/console.ts", format: "es", budget: 80_000 },
  { name: "dashboards", entry: "dashboards/dashboards.ts", format: "es", budget: 132_000 },
  { name: "early", entry: "app/early.ts", format: "iife", budget: 1_000 },
  { name: "app", entry: "app/app.ts", format: "es", budget: 8_000 },
];

for (const file of readdirSync(at("dist"))) if (file !== kept) rmSync(at(`dist/${file}`), { recursive: true });
let over = false;
for (const { name, entry, format, budget } of scripts) {
  await build({
    root: at("."), configFile: false, publicDir: false, logLevel: "warn",
    build: {
      outDir: at("dist"), emptyOutDir: false, target: "es2022", cssTarget: ["chrome123", "firefox120", "safari17.5"], cssCodeSplit: false, modulePreload: false,
      rolldownOptions: { output: { minify: true } }, // modules too, which vite leaves their white space
      lib: { entry: at(entry), name: "fil", formats: [format], fileName: () => `${name}.js`, cssFileName: name },
    },
  });
  let source = tidy(readFileSync(at(`dist/${name}.js`), "utf8"));
  if (name === "fil-feed-first") source = source.replace("DIGEST", createHash("sha256").update(readFileSync(at("dist/fil-feed.js"))).digest("hex").slice(0, 16));
  writeFileSync(at(`dist/${name}.js`), source);
  const size = gzipSync(source, { level: 9 }).length;
  over ||= size > budget;
  console.log(`${name}.js ${source.length} bytes, ${size} compressed, of ${budget}${size > budget ? ": OVER BUDGET" : ""}`);
}
const copies = { "page/index.html": "index.html", "icon.svg": "icon.svg", "app/index.html": "app.html", "console/index.html": "console.html", "dashboards/index.html": "dashboards.html", "app/manifest.webmanifest": "manifest.webmanifest", "app/icon-maskable.svg": "icon-maskable.svg" };
for (const [from, to] of Object.entries(copies)) copyFileSync(at(from), at(`dist/${to}`));
// In the page itself, for it to begin without a request: the server names its digest in the page's policy.
const early = readFileSync(at("dist/early.js"), "utf8").trim();
writeFileSync(at("dist/app.html"), readFileSync(at("dist/app.html"), "utf8").replace("<!-- app/early.ts -->", () => `<script>${early}</script>`));
rmSync(at("dist/early.js"));
// The worker has the digest of what it keeps in its name for it, so that a new build is a new worker.
const digest = createHash("sha256");
for (const file of ["app.html", "app.js", "app.css", "fil-feed.js"]) digest.update(readFileSync(at(`dist/${file}`)));
writeFileSync(at("dist/worker.js"), readFileSync(at("app/worker.js"), "utf8").replace("BUILD", digest.digest("hex").slice(0, 16)));
// The server has no brotli of its own; a file that it makes no smaller is served as it is.
for (const file of readdirSync(at("dist"))) {
  const plain = readFileSync(at(`dist/${file}`));
  const packed = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } });
  if (file !== kept && packed.length < plain.length) writeFileSync(at(`dist/${file}.br`), packed);
}
if (over) process.exit(1);

// tidy folds the white space between tags of templates, which a minifier leaves.
function tidy(source) {
  return source.replace(/>\s*\n\s+</g, "> <").replace(/\n\s{2,}/g, " ");
}
