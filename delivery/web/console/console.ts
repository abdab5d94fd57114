// The console of communicators: the page and its sections.

import { Frame, type Section } from "../shell/frame";
import { Audiences } from "./audiences";
import "./console.css";
import { say } from "./words";
import { writing } from "../write/sections";

customElements.define("fil-audiences", Audiences);
customElements.define("fil-console", class extends Frame {
  override readonly page = "console";
  override readonly opens = ["communicator"] as const;
  override readonly sections: Section[] = [
    ...writing,
    { path: "audiences", label: () => say("audiences"), tag: "fil-audiences" },
  ];
});
