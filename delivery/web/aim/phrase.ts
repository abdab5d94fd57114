// Clauses in words, in the language of the page.

import type { Clause } from "../shell/api";
import { locale, spoken } from "../words/spoken";
import { number } from "../words/words";
import type { Catalogue } from "./catalogue";
import { say, type Word } from "./clauses.words";
import { spanOf } from "./spans";

const quoted = (text: string): string => (spoken.language === "en" ? `“${text}”` : `« ${text} »`);

/** "30 jours". */
export function spanWords(text: string | undefined): string {
  const span = spanOf(text);
  return span ? `${number(spoken.language, span.count)} ${say(span.unit)}` : (text ?? "");
}

/** A value of an agent, or of a rule, as a person reads it. */
export function valueWords(value: unknown, kind = ""): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  if (typeof value === "number") return number(spoken.language, value);
  if (Array.isArray(value)) return value.length ? value.map((one) => valueWords(one, kind)).join(", ") : "–";
  const text = String(value);
  if (kind === "date" && /^\d{4}-\d\d-\d\d/.test(text)) {
    return new Date(`${text.slice(0, 10)}T12:00`).toLocaleDateString(locale(), { day: "numeric", month: "long", year: "numeric" });
  }
  return text;
}

const either = (texts: string[]): string => texts.join(` ${say("or")} `);

function acted(clause: Clause): string {
  const about = [...(clause.topics ?? []), ...(clause.sources ?? []), ...(clause.contents ?? [])].map(quoted).join(", ");
  const act = either((clause.did ?? clause.last ?? []).map((one) => say(one as Word)));
  return about ? `${act} (${about})` : act;
}

function done(clause: Clause, not: boolean): string {
  if (clause.last) return `${say(not ? "didNot" : "didIt")} ${acted(clause)} ${say("lastTime")} ${say(clause.operator === "older" ? "older" : "within")} ${spanWords(clause.span)}`;
  const times = clause.at_least && clause.at_least > 1 ? ` ≥ ${clause.at_least}` : "";
  const span = clause.span ? ` ${say("recently")} ${spanWords(clause.span)}` : "";
  return `${say(not ? "didNot" : "didIt")} ${acted(clause)}${times}${span}`;
}

function compared(clause: Clause, catalogue: Catalogue): string {
  const field = catalogue.field(clause.attribute);
  const operator = catalogue.operator(clause.operator);
  const given = (clause.values ?? []).map((value) => (operator?.span ? spanWords(String(value)) : valueWords(value, field?.kind)));
  const values = clause.operator === "between" ? given.join(` ${say(field?.kind === "date" ? "until" : "and")} `) : given.join(", ");
  const label = catalogue.label(clause.attribute ?? "");
  if (field?.kind === "boolean" && typeof clause.values?.[0] === "boolean") return `${label} : ${say((clause.operator === "is_not") !== clause.values[0] ? "yes" : "no")}`;
  return `${label} ${catalogue.compares(clause.operator, field)} ${values}`.trim();
}

/** One condition in words. */
export function phrase(clause: Clause, catalogue: Catalogue, not = false): string {
  const denied = not ? `${say("isNot")} : ` : "";
  if (clause.everyone !== undefined) return denied + (clause.everyone ? say("everyone") : say("emptyRoot"));
  if (clause.attribute) return denied + compared(clause, catalogue);
  if (clause.did ?? clause.last) return done(clause, not);
  if (clause.audience) return `${denied}${say("audience")} : ${quoted(catalogue.audience(clause.audience))}`;
  if (clause.member) return `${denied}${say("member")} : ${quoted(catalogue.audience(clause.member))}`;
  if (clause.team) return `${denied}${say("team")} ${clause.team}${clause.direct ? ` (${say("direct").toLowerCase()})` : ""}`;
  if (clause.service) return `${denied}${say("service")} ${clause.service}`;
  if (clause.expression) return denied + clause.expression;
  for (const [how, word] of [["all", "and"], ["any", "or"], ["none", "nor"]] as const) {
    const parts = clause[how];
    if (!parts) continue;
    const [only] = parts;
    if (how === "none" && parts.length === 1 && only) return phrase(only, catalogue, true);
    const text = parts.map((part) => (part.all ?? part.any ?? (part.none?.length ?? 0) > 1 ? `(${phrase(part, catalogue)})` : phrase(part, catalogue))).join(` ${say(word)} `);
    return how === "none" ? `${say("none")} : ${text}` : text;
  }
  return "";
}
