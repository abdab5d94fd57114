// The console of communicators: the page and its sections.

import { Frame, type Section } from "../shell/frame";
import { Audiences } from "./audiences";
import "./console.css";
import { Contents } from "./contents";
import { say } from "./words";

customElements.define("fil-contents", Contents);
customElements.define("fil-audiences", Audiences);
customElements.define("fil-console", class extends Frame {
  override readonly page = "console";
  override readonly opens = ["communicator"] as const;
  override readonly sections: Section[] = [
    { path: "contents", label: () => say("contents"), tag: "fil-contents" },
    { path: "audiences", label: () => say("audiences"), tag: "fil-audiences" },
  ];
});
