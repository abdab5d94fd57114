// All that people see, in one browser and against one server.
import { after, before } from "node:test";
import { house } from "./house.mjs";

before(() => house.open());
after(() => house.close());

await import("./stories.mjs");
await import("./elsewhere.mjs");
await import("./looks.mjs");
await import("./office.mjs");
await import("./chain.mjs");
await import("./register.mjs");
await import("./dashboards.mjs");
await import("./audiences.mjs");
await import("./contents.mjs");
