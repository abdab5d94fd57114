// What figures may be cut by, and its values in words.

import { say as sayChart } from "../charts/words";
import type { SchemaOutputBody } from "../shell/api";
import { bilingual } from "../words/spoken";
import { say } from "./words";

export interface Axis {
  name: string;
  label: () => string;
  boolean: boolean;
}

const declared = 4; // attributes that the server makes its groups by, beside the organisation and the site

/** The axes of the server's groups: the organisation, the first declared attributes that have one value each, the site. */
export function axesOf({ attributes }: SchemaOutputBody): Axis[] {
  const own = attributes.filter(({ kind, sensitive }) => !sensitive && (kind === "text" || kind === "boolean")).slice(0, declared);
  return [
    { name: "org", label: () => say("org"), boolean: false },
    ...own.map(({ name, label, kind }) => ({ name, label: () => bilingual(label) || name, boolean: kind === "boolean" })),
    { name: "site", label: () => say("site"), boolean: false },
  ];
}

/** The value under which the server counts agents of groups that are too small to be told apart. */
export const mixed = "*";

const short = new Set(["au", "aux", "de", "des", "du", "en", "et", "la", "le", "les", "ou", "par", "sur", "un", "une"]);

/** A part of an organisation's path, such as "dga-ressources", as a person would write it. */
function written(part: string): string {
  const words = part.split(/[-_ ]+/).map((word) => (word.length <= 3 && !short.has(word) ? word.toUpperCase() : word)).join(" ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Names the values of an axis, knowing which others there are: what all organisations have in common is left out. */
export function namer(axis: Axis | undefined, values: string[]): (value: string) => string {
  const roots = new Set(values.filter((value) => value && value !== mixed).map((value) => value.split("/")[0]));
  return (value) => {
    if (value === mixed) return sayChart("mixed");
    if (value === "") return sayChart("none");
    if (axis?.boolean) return sayChart(value === "true" ? "yes" : "no");
    if (axis?.name !== "org") return value;
    const parts = value.split("/");
    return (roots.size === 1 && parts.length > 1 ? parts.slice(1) : parts).map(written).join(" › ");
  };
}
