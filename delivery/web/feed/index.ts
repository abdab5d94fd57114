// The script of <fil-feed>: defines the element once, however often it is included.

import { FilFeed } from "./element";

if (!customElements.get("fil-feed")) customElements.define("fil-feed", FilFeed);
