// The few things that the page does with its elements.

export function byId<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

export function make(tag: string, properties: Record<string, unknown> = {}, ...children: (Node | string)[]): HTMLElement {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function show(id: string, shown: boolean): void {
  byId(id).hidden = !shown;
}

export function tell(id: string, text: string): void {
  byId(id).textContent = text;
  show(id, text !== "");
}
