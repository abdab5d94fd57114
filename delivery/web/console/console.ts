// The console of communicators: the page and its sections.

import "./console.css"; // first: what the sections add to it comes after
import { Frame, type Section } from "../shell/frame";
import { Audiences } from "../aim/audiences";
import { say } from "./words";
import { writing } from "../write/sections";

Audiences.declare("fil-audiences");
customElements.define("fil-console", class extends Frame {
  override readonly page = "console";
  override readonly opens = ["communicator"] as const;
  override readonly sections: Section[] = [
    ...writing,
    { path: "audiences", label: () => say("audiences"), tag: "fil-audiences" },
  ];
});
