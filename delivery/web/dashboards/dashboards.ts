// The dashboards of leaders and communicators: the page and its sections.

import type { CallerOutputBody } from "../shell/api";
import { Frame, type Section } from "../shell/frame";
import { Audiences } from "./audiences";
import { Contents } from "./contents";
import "./dashboards.css";
import { Equity, Services } from "./equity";
import { Funnel } from "./funnel";
import { Hours } from "./hours";
import { Live } from "./live";
import { Overview } from "./overview";
import { Pressure } from "./pressure";
import { Register } from "../register/register";
import { say as sayRegister } from "../register/words";
import { say, type Word } from "./words";

const screens = { overview: Overview, contents: Contents, audiences: Audiences, funnel: Funnel, equity: Equity, services: Services, pressure: Pressure, hours: Hours } satisfies Partial<Record<Word, CustomElementConstructor>>;

for (const [name, screen] of Object.entries(screens)) customElements.define(`fil-${name}`, screen);
customElements.define("fil-live", Live);
customElements.define("fil-register", Register);
customElements.define("fil-dashboards", class extends Frame {
  override readonly page = "dashboards";
  override readonly sections: Section[] = [
    ...Object.keys(screens).map((path) => ({ path, label: () => say(path as Word), tag: `fil-${path}`, shown: ({ perimeter }: CallerOutputBody) => path !== "hours" || !perimeter })), // hours are of the whole house
    { path: "register", label: () => sayRegister("register"), tag: "fil-register", shown: ({ register }) => register === true },
  ];
});
