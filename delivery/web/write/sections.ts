// The sections of those who write: contents, what is planned, what waits for approval.

import type { Section } from "../shell/frame";
import { Approvals } from "./approvals";
import { Board } from "./board";
import { Calendar } from "./calendar";
import { CardPreview } from "./card";
import { Contents } from "./contents";
import { Editor } from "./editor";
import { MadeUpReader } from "./reader";
import { Versions } from "./versions";
import { say } from "./words";
import "./write.css";

customElements.define("fil-card", CardPreview);
customElements.define("fil-reader", MadeUpReader);
customElements.define("fil-versions", Versions);
customElements.define("fil-board", Board);
customElements.define("fil-editor", Editor);
customElements.define("fil-contents", Contents);
customElements.define("fil-calendar", Calendar);
customElements.define("fil-approvals", Approvals);

export const writing: Section[] = [
  { path: "contents", label: () => say("contents"), tag: "fil-contents" },
  { path: "calendar", label: () => say("calendar"), tag: "fil-calendar" },
  { path: "approvals", label: () => say("approvals"), tag: "fil-approvals" },
];
