// Made from /openapi.json by `make api-types`: change the server instead.

export interface FeedPage {
  agent: string;
  degraded?: "chronological";
  explain: string;
  items: FeedItem[];
  next?: string;
  policy: string;
}

export interface FeedItem {
  acknowledged: boolean;
  content: FeedContent;
  explanation?: Explanation;
  placed?: string;
  reasons: string[];
  reminded_at?: string;
  score: number;
}

export interface FeedContent {
  author: string;
  body_html: string;
  community?: string;
  id: string;
  kind: string;
  language: string;
  mandatory_until?: string;
  pinned_until?: string;
  published_at: string;
  revised_at?: string;
  source: string;
  summary: string;
  title: string;
  topics: string[];
}

export interface Explanation {
  basis: Basis;
  data: Datum[];
  degree: string;
  operations: string[];
  parameters: Parameter[];
  position: number;
  rule: string;
}

export interface Basis {
  acts: string;
  arm?: string;
  at: string;
  contents: string;
  counted?: number[];
  habits?: number[];
  order: string;
  policy: string;
  profile: number;
  reader: string;
  signals: string;
  stamp: string;
}

export interface Datum {
  name: string;
  source: string;
  value: string;
}

export interface Parameter {
  contribution: number;
  label: string;
  measure: string;
  name: string;
  value: number;
  weight: number;
}

export interface ItemExplanation {
  acknowledged: boolean;
  agent: string;
  content: string;
  contrast?: Contrast;
  explanation: Explanation;
  placed?: string;
  policy: string;
  reasons: string[];
  reminded?: string;
  score: number;
}

export interface Contrast {
  above: boolean;
  content: string;
  decided: "score" | "mandatory" | "pinned" | "seen" | "cap" | "discovery" | "community" | "chronological" | "interleaved" | "rules";
  difference: number;
  parameters: Difference[];
  says: string;
  title: string;
}

export interface Difference {
  difference: number;
  here: number;
  label: string;
  name: string;
  other: number;
}

export interface Known {
  agent: string;
  erasure: string;
  facts: KnownFact[];
  hidden: KnownHidden[];
  kept: string;
  order: KnownOrder;
  preferences: KnownStated[];
  sources: string[];
  tastes: KnownTaste[];
}

export interface KnownFact {
  content: string;
  day: string;
  did: string;
  last: string;
  title: string;
}

export interface KnownHidden {
  content: string;
  means: string;
  title: string;
}

export interface KnownOrder {
  chosen: boolean;
  means: string;
  order: "ranked" | "chronological";
}

export interface KnownStated {
  choice: "more" | "less" | "follow" | "hide";
  facet: "topic" | "source" | "author" | "kind" | "community";
  means: string;
  name: string;
  since: string;
}

export interface KnownTaste {
  asked: boolean;
  facet: "topic" | "source" | "author" | "kind" | "community";
  name: string;
  value: number;
}

export interface MadeSubscription {
  addresses: FeedAddresses;
  id: string;
  label: string;
  made: string;
}

export interface FeedAddresses {
  atom: string;
  json: string;
  rss: string;
}

export interface Subscriptions {
  most: number;
  subscriptions: ListedSubscription[];
}

export interface ListedSubscription {
  id: string;
  label: string;
  last_used?: string;
  made: string;
}
