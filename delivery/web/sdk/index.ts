// The SDK: what a feed is made of, for those who draw it themselves. No framework.

export { Client, Problem, type ClientOptions, type TokenSource } from "./client";
export { Pages, type Order, type PagesOptions } from "./pages";
export { follow } from "./stream";
export { Outbox, type Engagement, type EngagementKind } from "./outbox";
export { Shelf } from "./shelf";
export { Hand, type Choice, type Facet } from "./hand";
export { AddressBook } from "./addresses";
export { Sight, type Act } from "./sight";
export type * from "./api";
