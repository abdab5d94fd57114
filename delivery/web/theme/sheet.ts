// The tokens as a style sheet for a shadow root: adopted, so that a page's policy needs no 'unsafe-inline'.

import { unsafeCSS, type CSSResult } from "lit";
import tokens from "./tokens.css?inline";

export const tokenSheet: CSSResult = unsafeCSS(tokens);
