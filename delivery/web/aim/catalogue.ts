// What clauses may name, as the server says, and the values and audiences that it proposes: asked once, for all screens of a visit.

import type { Client } from "../sdk/client";
import type { AudiencesPageBody, Audience, Builder, Field, Operator, ValuesOutputBody } from "../shell/api";
import { bilingual } from "../words/spoken";
import { say, type Word } from "./clauses.words";

const ofDates: Record<string, Word> = { is: "dateIs", is_not: "dateIsNot", less: "dateLess", at_most: "dateAtMost", more: "dateMore", at_least: "dateAtLeast", between: "dateBetween" };

export class Catalogue {
  builder: Builder = { acts: [], fields: [], operators: [], threshold: 0 };
  audiences: Audience[] = [];
  readonly #client: Client;
  readonly #values = new Map<string, Promise<ValuesOutputBody>>();

  constructor(client: Client) {
    this.#client = client;
  }

  async load(): Promise<void> {
    [this.builder, this.audiences] = await Promise.all([this.#client.json<Builder>("/v1/schema/clauses"), this.#all()]);
  }

  /** Every audience that the key may aim at: an organisation has some hundreds. */
  async #all(): Promise<Audience[]> {
    const all: Audience[] = [];
    let next = "";
    do {
      const page = await this.#client.json<AudiencesPageBody>(`/v1/audiences?limit=100&after=${encodeURIComponent(next)}`);
      all.push(...page.audiences);
      next = page.next ?? "";
    } while (next);
    return all.sort((a, b) => a.name.localeCompare(b.name));
  }

  field(name: string | undefined): Field | undefined {
    return this.builder.fields.find((one) => one.name === name);
  }

  operator(name: string | undefined): Operator | undefined {
    return this.builder.operators.find((one) => one.name === name);
  }

  label(field: string): string {
    return bilingual(this.field(field)?.label) || field;
  }

  /** How an operator is said of a field: dates come before and after, and are not more or less. */
  compares(operator: string | undefined, field: Field | undefined): string {
    const word = field?.kind === "date" ? ofDates[operator ?? ""] : undefined;
    return word ? say(word) : bilingual(this.operator(operator)?.label);
  }

  audience(id: string): string {
    return this.audiences.find((one) => one.id === id)?.name || id;
  }

  /** Whether agents may be counted by the field, and its values proposed. */
  groups(field: Field): boolean {
    return field.name !== "id" && field.kind !== "agent";
  }

  /** Values to propose for a field that hold a text. The server is asked again only where it left some out. */
  async values(field: Field, query: string): Promise<string[]> {
    if (field.values?.length) return field.values;
    if (!this.groups(field) || !["text", "list", "unit"].includes(field.kind)) return [];
    const all = await this.#ask(field.name, "");
    return all.more && query ? (await this.#ask(field.name, query)).values : all.values;
  }

  #ask(field: string, query: string): Promise<ValuesOutputBody> {
    const path = `/v1/schema/values/${encodeURIComponent(field)}?q=${encodeURIComponent(query)}`;
    let asked = this.#values.get(path);
    if (!asked) {
      asked = this.#client.json<ValuesOutputBody>(path);
      asked.catch(() => this.#values.delete(path));
      this.#values.set(path, asked);
    }
    return asked;
  }
}
