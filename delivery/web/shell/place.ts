// Where one is in a page of ours: what follows # in the address, which is never sent to a server.

/** "#/audiences/encadrants?by=site" is { path: ["audiences", "encadrants"], query: by=site }. */
export interface Place {
  path: string[];
  query: URLSearchParams;
}

export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
}

/** The address of a place, for a link: empty values of the query are left out. */
export function addressOf(path: string[], query: Record<string, string> | URLSearchParams = {}): string {
  const kept = new URLSearchParams([...new URLSearchParams(query)].filter(([, value]) => value !== ""));
  return `#/${path.map(encodeURIComponent).join("/")}${kept.size ? `?${kept}` : ""}`;
}

/** Said before another place is shown, unless a listener prevents it: detail is the address that is left, whole. */
export const leaving = "fil-leaving";

/** Goes there; with quietly, without a new step in the browser's history. */
export function go(address: string, quietly = false): void {
  if (!quietly) location.hash = address;
  else {
    history.replaceState(null, "", address);
    dispatchEvent(new HashChangeEvent("hashchange"));
  }
}
