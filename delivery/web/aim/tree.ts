// The tree of clauses that a person makes: what the API calls clauses, with a name for each part so that the screen can follow it.

import type { Clause } from "../shell/api";

export const groupings = ["all", "any", "none"] as const;
export type Grouping = (typeof groupings)[number];

/** A condition. `not` says that it must not hold; conditions on an attribute say it by their operator. */
export interface Leaf {
  key: number;
  not: boolean;
  clause: Clause;
}

/** Conditions and groups of which all, any or none must hold. */
export interface Group {
  key: number;
  how: Grouping;
  parts: Node[];
}

export type Node = Leaf | Group;
export const isGroup = (node: Node): node is Group => "parts" in node;

let last = 0;
export const group = (how: Grouping = "all", parts: Node[] = []): Group => ({ key: ++last, how, parts });
export const leaf = (clause: Clause = {}, not = false): Leaf => ({ key: ++last, not, clause });

/** What stands alone beside "not": the criteria that have no operator to deny them. */
const deniable = (clause: Clause): boolean => Boolean(clause.did ?? clause.last ?? clause.audience ?? clause.member ?? clause.team ?? clause.service);

function nodeOf(clause: Clause): Node {
  for (const how of groupings) {
    const parts = clause[how];
    if (!parts) continue;
    const [only, ...others] = parts;
    if (how === "none" && only && !others.length && deniable(only)) return leaf(only, true);
    return group(how, parts.map(nodeOf));
  }
  return leaf(clause);
}

/** The tree of clauses as the server gives them; nobody is the tree without parts. */
export function treeOf(clause: Clause): Group {
  if (clause.everyone === false) return group();
  const node = nodeOf(clause);
  return isGroup(node) ? node : group("all", [node]);
}

/** What is missing in a condition before it says something: "criterion", "value" or nothing. */
export function missing({ clause }: Leaf, values: (operator: string) => number): "criterion" | "value" | null {
  if (clause.everyone !== undefined || clause.expression) return null;
  if (clause.attribute) {
    const wanted = values(clause.operator ?? "");
    const given = (clause.values ?? []).filter((value) => value !== "" && value !== null && value !== undefined).length;
    return (wanted < 0 ? given > 0 : given === wanted) ? null : "value";
  }
  if (clause.did) return clause.did.length ? null : "value";
  if (clause.last) return clause.last.length && clause.span ? null : "value";
  for (const named of [clause.audience, clause.member, clause.team, clause.service, clause.expression]) {
    if (named !== undefined) return named ? null : "value";
  }
  return "criterion";
}

/** The clauses of a tree, without what is not complete; null when nothing is. */
export function clauseOf(node: Node, whole: (leaf: Leaf) => boolean): Clause | null {
  if (!isGroup(node)) {
    if (!whole(node)) return null;
    return node.not ? { none: [node.clause] } : node.clause;
  }
  const parts = node.parts.map((part) => clauseOf(part, whole)).filter((part) => part !== null);
  return parts.length ? { [node.how]: parts } : null;
}

/** Every part, with its group and its number such as "2.1"; that of the whole is "". */
export function* walk(of: Group, number = ""): Generator<{ node: Node; parent: Group; number: string }> {
  for (const [i, node] of of.parts.entries()) {
    const its = number ? `${number}.${i + 1}` : `${i + 1}`;
    yield { node, parent: of, number: its };
    if (isGroup(node)) yield* walk(node, its);
  }
}

export function find(root: Group, key: number): { node: Node; parent: Group; at: number } | null {
  for (const { node, parent } of walk(root)) if (node.key === key) return { node, parent, at: parent.parts.indexOf(node) };
  return null;
}

/** Takes a part out, and gives the key of what should have the focus next: the part after, the one before, or the group. */
export function remove(root: Group, key: number): number {
  const found = find(root, key);
  if (!found) return root.key;
  found.parent.parts.splice(found.at, 1);
  return (found.parent.parts[found.at] ?? found.parent.parts[found.at - 1] ?? found.parent).key;
}

/** Moves a part one line up (-1) or down (1), into and out of groups on the way, as the lines of an outline. Gives false at the end. */
export function move(root: Group, key: number, by: -1 | 1): boolean {
  const found = find(root, key);
  if (!found) return false;
  const { node, parent, at } = found;
  const beside = parent.parts[at + by];
  if (beside) {
    parent.parts.splice(at, 1);
    if (isGroup(beside) && !isGroup(node)) beside.parts.splice(by < 0 ? beside.parts.length : 0, 0, node);
    else parent.parts.splice(at + by, 0, node);
    return true;
  }
  if (parent === root) return false;
  const above = find(root, parent.key);
  if (!above) return false;
  parent.parts.splice(at, 1);
  above.parent.parts.splice(by < 0 ? above.at : above.at + 1, 0, node);
  return true;
}

/** Puts a part into a new group of its own. */
export function wrap(root: Group, key: number): Group | null {
  const found = find(root, key);
  if (!found) return null;
  const made = group(found.parent.how === "all" ? "any" : "all", [found.node]);
  found.parent.parts[found.at] = made;
  return made;
}

/** Puts the parts of a group in its place. */
export function unwrap(root: Group, key: number): void {
  const found = find(root, key);
  if (found && isGroup(found.node)) found.parent.parts.splice(found.at, 1, ...found.node.parts);
}
