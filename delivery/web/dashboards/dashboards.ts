// The dashboards of leaders and communicators: the page and its sections.

import { Frame, type Section } from "../shell/frame";
import "./dashboards.css";
import { Overview } from "./overview";
import { say } from "./words";

customElements.define("fil-overview", Overview);
customElements.define("fil-dashboards", class extends Frame {
  override readonly page = "dashboards";
  override readonly sections: Section[] = [{ path: "overview", label: () => say("overview"), tag: "fil-overview" }];
});
