// Gives a person a file that the server answers with, asked for with their key.

import type { Client } from "../sdk/client";

/** The browser saves what is at the path under that name. Throws a Problem when the server refuses. */
export async function download(client: Client, path: string, name: string, accept: string): Promise<void> {
  const answer = await client.call(path, { headers: { Accept: accept } });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it after this returns
}
