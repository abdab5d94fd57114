// Drawings of 24 by 24, in the colour of the text beside them, which says the same.

import { svg, type TemplateResult } from "lit";

const paths = {
  news: "M5 4h11v16H7a2 2 0 0 1-2-2zM16 9h3v9a2 2 0 0 1-2 2M8 8h5M8 12h5M8 16h5",
  alert: "M12 3 2.5 20h19zM12 10v4M12 17.2v.1",
  event: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4M8 14h3",
  survey: "M5 20v-6M12 20V4M19 20v-9",
  recognition: "M12 3l2.7 5.6 6.1.8-4.5 4.2 1.1 6.1L12 16.8l-5.4 2.9 1.1-6.1L3.2 9.4l6.1-.8z",
  document: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  pin: "M9 3h6l-1 7 4 4H6l4-4zM12 14v7",
  clock: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4l3 2",
  check: "M5 12.5l4.5 4.5L19 7",
  react: "M7 11v9H3.5v-9zM7 11l4-8c1.6 0 2.5 1 2.5 2.5V9H19a2 2 0 0 1 2 2.3l-1.2 7a2 2 0 0 1-2 1.7H7",
  save: "M6 4h12v17l-6-4.5L6 21z",
  why: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM9.6 9.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.2.9-1.2 1.9M12 16.6v.1",
  adjust: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8v4.4M9 14.8v4.4",
  down: "M6 9l6 6 6-6",
  up: "M6 15l6-6 6 6",
  arrow: "M12 19V5M6 11l6-6 6 6",
  hide: "M4 4l16 16M9.9 5.2A10 10 0 0 1 12 5c6 0 9.5 7 9.5 7a17 17 0 0 1-2.8 3.6M6.5 6.8A16 16 0 0 0 2.5 12S6 19 12 19a9.4 9.4 0 0 0 4.7-1.3",
};

export type Icon = keyof typeof paths;

export const icon = (name: string): TemplateResult => svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${paths[name as Icon] ?? paths.news}/></svg>`;
