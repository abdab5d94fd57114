// What the stories need: Fil with its demonstration on a free port, pages of another application on another, and Chromium.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createListener } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const at = (path) => new URL(path, import.meta.url).pathname;
const root = at("../../..");
export const patience = 30_000; // milliseconds that a thing may take on a busy machine

/** Waits for what the server or a page comes to after a moment. */
export async function eventually(what, look) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < end, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePort() {
  const listener = createListener().listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

/** Another application: the examples, with the server's address put in, and the token that it gives its reader. */
class Application {
  refuseOnce = false; // gives a token that the server refuses
  asked = 0; // tokens given

  async start(base) {
    this.server = createServer((request, response) => {
      const { pathname } = new URL(request.url, "http://host");
      if (pathname === "/token") {
        this.asked++;
        response.end(this.refuseOnce && this.asked === 1 ? "refused" : this.token);
        return;
      }
      try {
        const page = readFileSync(at(`../examples${pathname}`), "utf8").replaceAll("https://fil.example", base).replaceAll("TOKEN-OF-THE-READER", this.token);
        response.setHeader("Content-Type", { html: "text/html", css: "text/css", js: "text/javascript" }[pathname.split(".").pop()] + "; charset=utf-8");
        // As strict as a host can be: nothing inline but what the page names by its digest.
        response.setHeader("Content-Security-Policy", `default-src 'none'; script-src 'self' ${base}; connect-src 'self' ${base}; style-src 'self'; img-src data:; require-trusted-types-for 'script'; trusted-types lit-html`);
        response.end(page);
      } catch {
        response.statusCode = 404;
        response.end();
      }
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => this.server.once("listening", resolve));
    this.base = `http://127.0.0.1:${this.server.address().port}`;
  }
}

class House {
  async open() {
    const port = await freePort();
    this.base = `http://127.0.0.1:${port}`;
    this.host = new Application();
    await this.host.start(this.base); // first, and it keeps its port: Fil's own connections take ports that look free
    this.data = mkdtempSync(join(tmpdir(), "fil-browser-"));
    this.program = spawn(join(root, "bin/fil"), ["up", "--demo", "--data", this.data, "--listen", `127.0.0.1:${port}`],
      { env: { ...process.env, LC_ALL: "C.UTF-8", FIL_WEB_ORIGINS: this.host.base }, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    await new Promise((resolve, reject) => {
      const heard = (chunk) => (said += chunk).includes("/#key=") && resolve();
      this.program.stdout.on("data", heard);
      this.program.stderr.on("data", (chunk) => (said += chunk));
      this.program.once("exit", () => reject(new Error(`fil ended:\n${said}`)));
    });
    this.keys = Object.fromEntries([...said.matchAll(/^ {2}(\w+) +(\S+)$/gm)].map(([, role, key]) => [role, key]));
    this.link = /http:\S+\/#key=\S+/.exec(said)[0];
    this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
    mkdirSync(at("../screenshots"), { recursive: true });
    return this;
  }

  async close() {
    await this.browser?.close();
    this.host?.server.close();
    if (this.program && this.program.exitCode === null) {
      this.program.removeAllListeners("exit");
      const ended = new Promise((resolve) => this.program.once("exit", resolve));
      this.program.kill("SIGTERM");
      await ended;
    }
    rmSync(this.data, { recursive: true, force: true });
  }

  async ask(method, path, role, body, headers = {}) {
    const answer = await fetch(this.base + path, {
      method, headers: { Authorization: `Bearer ${this.keys[role] ?? role}`, "Content-Type": "application/json", ...headers }, body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  /** A new key of a role, with options of `fil keys create`. */
  key(role, ...options) {
    return execFileSync(join(root, "bin/fil"), ["keys", "create", "--data", this.data, "--role", role, ...options], { encoding: "utf8" }).trim().split(/\s+/).find((word) => word.startsWith("fil_"));
  }

  token(agent) {
    return this.ask("POST", `/v1/agents/${agent}/tokens`, "service", {}).then(({ token }) => token);
  }

  publish(id, content) {
    const now = new Date().toISOString();
    return this.ask("PUT", `/v1/contents/${id}`, "communicator", { title: id, kind: "news", source: "Essai", published_at: now, ...content });
  }

  /** A page of the other application, with the feed of an agent. */
  async page(agent, example = "plain.html", options = {}) {
    this.host.token = await this.token(agent);
    const context = await this.browser.newContext({ viewport: { width: 1100, height: 900 }, locale: "fr-FR", reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.faults = [];
    page.on("pageerror", (error) => page.faults.push(String(error)));
    page.on("console", (message) => message.type() === "error" && !/ERR_INTERNET_DISCONNECTED|status of 401/.test(message.text()) && page.faults.push(message.text()));
    await page.goto(`${this.host.base}/${example}`);
    return page;
  }

  /** A page of our own, such as /console/#/audiences, opened with the key of a role. */
  async office(address, role = "communicator", options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "fr-FR", reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.faults = [];
    page.on("pageerror", (error) => page.faults.push(String(error)));
    // A refusal that the screen tells is no fault.
    page.on("console", (message) => message.type() === "error" && !/status of 4\d\d/.test(message.text()) && page.faults.push(message.text()));
    await page.addInitScript((key) => sessionStorage.setItem("fil.office", key), this.keys[role] ?? role);
    await page.goto(this.base + address);
    return page;
  }
}

/** One for all the stories of a run. */
export const house = new House();

export const shot = (page, name, options = {}) => page.screenshot({ path: at(`../screenshots/${name}.png`), ...options });
