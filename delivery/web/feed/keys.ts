// The keys of a feed, as the ARIA Authoring Practices have them: Page Up and Down go from content to content, Control with
// Home or End go before and after the feed; Escape closes what a button opened and goes back to it.

export function stepFrom(event: KeyboardEvent, root: ParentNode): void {
  const target = event.target as HTMLElement;
  const card = target.closest<HTMLElement>("article");
  if (!card) return;
  if (event.key === "Escape") return fold(event, target, card);
  const cards = [...root.querySelectorAll<HTMLElement>("article")];
  const at = cards.indexOf(card);
  let to: HTMLElement | null | undefined;
  if (event.key === "PageDown") to = cards[at + 1] ?? root.querySelector<HTMLElement>(".after");
  else if (event.key === "PageUp") to = cards[at - 1] ?? root.querySelector<HTMLElement>("#title");
  else if (event.ctrlKey && event.key === "Home") to = root.querySelector<HTMLElement>("#title");
  else if (event.ctrlKey && event.key === "End") to = root.querySelector<HTMLElement>(".after");
  if (!to) return;
  event.preventDefault();
  to.focus();
}

function fold(event: KeyboardEvent, target: HTMLElement, card: HTMLElement): void {
  const panel = target.closest(".panel") ?? (target.getAttribute("aria-expanded") === "true" ? card.querySelector(`#${target.getAttribute("aria-controls")}`) : null);
  const button = panel && card.querySelector<HTMLElement>(`[aria-controls="${panel.id}"]`);
  if (!button || button.getAttribute("aria-expanded") !== "true") return;
  event.preventDefault();
  button.click();
  button.focus();
}
