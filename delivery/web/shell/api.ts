// Made from /openapi.json by `make api-types`: change the server instead.

export interface CallerOutputBody {
  agent?: string;
  label?: string;
  perimeter?: string;
  register?: boolean;
  role: string;
  sample?: boolean;
}

export interface Answer {
  breakdown: Record<string, Record<string, number | null>>;
  overlap?: Overlap[];
  presence?: (number | null)[];
  sample?: Agent[];
  size: number | null;
  total: number | null;
  warnings?: Warning[];
}

export interface Overlap {
  audience: string;
  shared: number | null;
  size: number | null;
}

export interface Agent {
  attributes?: Record<string, unknown>;
  directory?: unknown;
  id: string;
  inactive?: boolean;
  language?: string;
  org?: string;
  site?: string;
}

export interface Warning {
  column: number;
  line: number;
  nearest: string;
  problem: Bilingual;
}

export interface Bilingual {
  en: string;
  fr: string;
}

export interface AudiencesPageBody {
  audiences: Audience[];
  edits?: Record<string, Edit>;
  next?: string;
}

export interface Audience {
  announce?: boolean;
  approval?: boolean;
  directory?: unknown;
  id: string;
  lifted?: Lifted;
  members?: string[];
  name: string;
  owner?: string;
  perimeter?: string;
  rule?: string;
}

export interface Lifted {
  at: string;
  by: string;
  label?: string;
}

export interface Edit {
  at: string;
  by?: string;
  label?: string;
}

export interface Board {
  by?: string;
  contents: number;
  detailed_from?: string;
  every?: string;
  from: string;
  previous?: Figures;
  rows: Figures[];
  to: string;
  totals: Figures;
  where?: string[];
  withheld?: string;
}

export interface Figures {
  acknowledged: number | null;
  acknowledgement?: Share;
  acted: number | null;
  dismissed: number | null;
  opened: number | null;
  period?: string;
  reach?: Share;
  read_days: number | null;
  readers: number | null;
  reading?: Share;
  shown: number | null;
  targeted: number | null;
  value?: string;
}

export interface Share {
  high: number;
  low: number;
  value: number;
}

export interface Builder {
  acts: string[];
  fields: Field[];
  operators: Operator[];
  threshold: number;
}

export interface Field {
  kind: string;
  label: Bilingual;
  name: string;
  operators: string[];
  values?: string[];
}

export interface Operator {
  label: Bilingual;
  name: string;
  span?: boolean;
  values: number;
}

export interface Calendar {
  days: Day[];
  entries: Entry[];
  more?: number;
}

export interface Day {
  begins: string[];
  day: string;
  ends: string[];
  live: string[];
}

export interface Entry {
  audiences?: string[];
  expires_at?: string;
  id: string;
  kind: string;
  perimeter?: string;
  published_at?: string;
  source?: string;
  state: string;
  title: string;
}

export interface CheckOutputBody {
  approval?: string;
  findings: Finding[];
  publishable: boolean;
}

export interface Finding {
  column: number;
  criterion?: string;
  extract?: string;
  field: string;
  line: number;
  problem: Bilingual;
  remedy: Bilingual;
  rule: string;
  severity: string;
}

export interface ClausesOutputBody {
  by_choice: boolean;
  clauses: Clause;
  rule: string;
}

export interface Clause {
  all?: Clause[];
  any?: Clause[];
  at_least?: number;
  attribute?: string;
  audience?: string;
  contents?: string[];
  did?: string[];
  direct?: boolean;
  everyone?: boolean;
  expression?: string;
  last?: string[];
  member?: string;
  none?: Clause[];
  operator?: string;
  reason?: Bilingual;
  service?: string;
  sources?: string[];
  span?: string;
  team?: string;
  topics?: string[];
  values?: unknown[];
}

export interface ContentsPageBody {
  contents: Content[];
  next?: string;
}

export interface Content {
  audiences?: string[];
  author?: string;
  body?: string;
  community?: string;
  expires_at?: string;
  id: string;
  kind: string;
  language?: string;
  mandatory_until?: string;
  perimeter?: string;
  pinned_until?: string;
  priority?: number;
  published_at: string;
  revised_at?: string;
  source?: string;
  summary?: string;
  title: string;
  topics?: string[];
  translations?: Record<string, Variant>;
}

export interface Variant {
  body?: string;
  summary?: string;
  title: string;
}

export interface Desk {
  contents: Matter[];
  counts: Record<string, number>;
  more: number;
}

export interface Matter {
  at: string;
  audiences?: string[];
  draft?: "draft" | "submitted";
  expires_at?: string;
  id: string;
  kind: string;
  perimeter?: string;
  published_at?: string;
  source?: string;
  state: "live" | "planned" | "expired" | "withdrawn" | "draft" | "submitted" | "discarded";
  title: string;
}

export interface Equity {
  by: string;
  detailed_from?: string;
  from: string;
  gini?: number;
  groups: ReachedGroup[];
  to: string;
  withheld?: string;
}

export interface ReachedGroup {
  pooled?: number;
  rate?: Share;
  ratio?: number;
  readers: number | null;
  shown: number | null;
  targeted: number | null;
  value: string;
}

export interface Feed {
  at: string;
  audience?: boolean;
  explanation?: Explanation;
  items: Item[];
  more?: number;
  place?: number;
  policy: string;
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

export interface Item {
  content: string;
  draft?: boolean;
  kind: string;
  published_at: string;
  reasons: string[];
  score: number;
  summary?: string;
  title: string;
}

export interface Funnel {
  detailed_from?: string;
  from: string;
  steps: FunnelStep[];
  to: string;
}

export interface FunnelStep {
  agents: number | null;
  of_previous?: Share;
  of_targeted?: Share;
  step: "targeted" | "shown" | "opened" | "read" | "acted";
}

export interface Hours {
  detailed_from?: string;
  from: string;
  slots: Slot[];
  to: string;
}

export interface Slot {
  hour: number;
  opened: number | null;
  readers: number | null;
  shown: number | null;
  weekday: number;
}

export interface ListOutputBody {
  revisions: View[];
}

export interface View {
  approval?: string;
  base?: number;
  content: string;
  etag?: string;
  findings: Finding[];
  live?: string;
  may: string[];
  number: number;
  perimeter?: string;
  state: string;
  steps: Step[];
  value?: Content;
  writers?: Writer[];
}

export interface Step {
  at: string;
  by?: string;
  label?: string;
  note?: string;
  what: string;
}

export interface Writer {
  by: string;
  label?: string;
}

export interface Persona {
  attributes?: Record<string, unknown>;
  follow?: string[];
  language?: string;
  org?: string;
  read?: string[];
  site?: string;
}

export interface Pressure {
  detailed_from?: string;
  from: string;
  senders: Sender[];
  to: string;
  weeks: Week[];
}

export interface Sender {
  contents: number;
  shown: number;
  source: string;
}

export interface Week {
  agents: number | null;
  contents: number;
  per_agent: number | null;
  week: string;
}

export interface Reach {
  day: string;
  more?: number;
  others?: number;
  rivals: Rival[];
  rule: string;
  size: number | null;
}

export interface Rival {
  audiences?: string[];
  bound?: string;
  expires_at?: string;
  id: string;
  kind: string;
  perimeter?: string;
  published_at?: string;
  shared: number | null;
  source?: string;
  state: string;
  title: string;
}

export interface SchemaOutputBody {
  attributes: Attribute[];
}

export interface Attribute {
  kind: string;
  label: Bilingual;
  name: string;
  sensitive?: boolean;
  values?: string[];
}

export interface Totals {
  from: string;
  to: string;
  totals: Figures;
  withheld?: string;
}

export interface ValuesOutputBody {
  more: boolean;
  values: string[];
}

export interface Why {
  agent: string;
  audience: string;
  in: boolean;
  reasons: WhyReason[];
}

export interface WhyReason {
  audience?: string;
  column?: number;
  holds: boolean;
  line?: number;
  reasons?: WhyReason[];
  text?: string;
  values?: Record<string, unknown>;
  what: Bilingual;
}

export interface Words {
  communities: string[];
  sources: string[];
  topics: string[];
}
