// Ids that are made of what people call things.

/** An id made of a name: "Élus & cœur de métier" gives "elus-coeur-de-metier". most is its greatest length. */
export const slug = (name: string, most = 64): string =>
  name.toLowerCase().replace(/œ/g, "oe").replace(/æ/g, "ae").normalize("NFD").replace(/\p{M}/gu, "").replace(/[^a-z0-9]+/g, "-").replace(/^-/, "").slice(0, most).replace(/-$/, "");
