// Made from /openapi.json by `make api-types`: change the server instead.

export interface AccessesOutputBody {
  accesses: Access[];
  next?: string;
}

export interface Access {
  act: "contents" | "list" | "export" | "reminder" | "attestation" | "sheet" | "accesses" | "refused";
  agent?: string;
  at: string;
  by: string;
  content?: string;
  label?: string;
  lines: number | null;
  org?: string;
  perimeter?: string;
  q?: string;
  role: string;
  state?: string;
  title?: string;
}

export interface ContentsOutputBody {
  contents: Mandatory[];
  next?: string;
}

export interface Mandatory {
  acknowledged: number;
  deadline?: string;
  former: number;
  id: string;
  may_remind: boolean;
  missing: number | null;
  perimeter?: string;
  published_at?: string;
  remind_from?: string;
  reminded_at?: string;
  revised_at?: string;
  revision?: string;
  source?: string;
  state: "current" | "past" | "withdrawn";
  targeted: number | null;
  title: string;
}

export interface Page {
  agents: Named[];
  content: Mandatory;
  next?: string;
  reminders: Reminder[];
  state: "missing" | "acknowledged" | "former";
}

export interface Named {
  acknowledged_at?: string;
  agent: string;
  by?: "agent" | "service";
  known: boolean;
  org?: string;
  reminded_at?: string;
  revision?: string;
  site?: string;
  witness?: string;
  witness_label?: string;
}

export interface Reminder {
  at: string;
  by: string;
  label?: string;
  org?: string;
}

export interface RemindOutputBody {
  agents: number;
  at: string;
  content: string;
  org?: string;
  remind_from: string;
}

export interface VerifyOutputBody {
  attestation?: Attestation;
  code?: string;
  detail: string;
  valid: boolean;
}

export interface Attestation {
  acknowledged_at?: string;
  agent?: string;
  by?: "agent" | "service";
  content: string;
  counts?: Counts;
  deadline?: string;
  in_force: boolean;
  issued_at: string;
  issuer: string;
  kind: "acknowledgement" | "sheet";
  revised_at?: string;
  revision?: string;
  title: string;
  witness?: string;
  witness_label?: string;
}

export interface Counts {
  acknowledged: number;
  former: number;
  missing: number | null;
  targeted: number | null;
}
