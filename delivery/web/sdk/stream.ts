// Follows a feed: Server-Sent Events by fetch, since EventSource cannot send a token in a header.

import { Problem, type Client } from "./client";

export interface StreamEvent {
  id: string;
  event: string;
  data: string;
}

const firstWait = 1000;
const longestWait = 60_000;

/** Calls back at each change of the feed until the signal aborts. */
export function follow(client: Client, agent: string, changed: () => void, signal: AbortSignal): Promise<unknown> {
  const path = agent ? `/v1/feed/stream?agent=${encodeURIComponent(agent)}` : "/v1/feed/stream";
  return listen(client, path, ({ event }) => event === "feed" && changed(), signal);
}

/**
 * Hears the events of a stream until the signal aborts, or the server refuses it for good: the error is then what listen gives.
 * What heard answers says whether the event is one to take up from after a break. Takes up again from there, each wait twice the one
 * before, up to a minute, and a quarter off either way so that clients do not come back together.
 */
export async function listen(client: Client, path: string, heard: (event: StreamEvent) => unknown, signal: AbortSignal): Promise<Problem | undefined> {
  let last = "";
  for (let wait = firstWait; !signal.aborted; wait = Math.min(2 * wait, longestWait)) {
    try {
      const answer = await client.call(path, { signal, headers: last ? { "Last-Event-ID": last } : {} });
      for await (const event of events(answer.body!)) {
        wait = firstWait;
        if (heard(event) !== false) last = event.id;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && !error.passing) return error;
      if (error instanceof Problem && error.after) wait = Math.max(wait, error.after * 1000);
    }
    await pause(wait * (0.75 + Math.random() / 2), signal);
  }
}

/** Reads events as the HTML standard says (9.2.6), less the reconnection time. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  let event: StreamEvent = { id: "", event: "", data: "" };
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    for (const line of lines) {
      if (line === "") {
        if (event.data) yield { ...event, data: event.data.slice(1) };
        event = { id: event.id, event: "", data: "" };
        continue;
      }
      const [, field, text] = /^([^:]*):? ?(.*)$/.exec(line)!;
      if (field === "data") event.data += "\n" + text;
      else if (field === "id" || field === "event") event[field] = text!;
    }
  }
}

// pause ends early when the signal aborts or the machine is on line again.
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}
