// The console of communicators: the page and its sections.

import "./console.css"; // first: what the sections add to it comes after
import { Frame, type Section } from "../shell/frame";
import { Audiences } from "../aim/audiences";
import { Register } from "../register/register";
import { say as sayRegister } from "../register/words";
import { say } from "./words";
import { writing } from "../write/sections";

Audiences.declare("fil-audiences");
customElements.define("fil-register", Register);
customElements.define("fil-console", class extends Frame {
  override readonly page = "console";
  override readonly opens = ["communicator"] as const;
  override readonly sections: Section[] = [
    ...writing,
    { path: "audiences", label: () => say("audiences"), tag: "fil-audiences" },
    { path: "register", label: () => sayRegister("register"), tag: "fil-register", shown: ({ register }) => register === true },
  ];
});
