// The words of the dashboards.

import { lexicon } from "../words/spoken";

const fr = {
  overview: "Vue d'ensemble", figure: "Chiffre", number: "Agents", withheld: "retenu",
  targeted: "Visés", shown: "Atteints", opened: "Ont ouvert", read: "Ont lu", acted: "Ont agi",
};

const en: typeof fr = {
  overview: "Overview", figure: "Figure", number: "Agents", withheld: "withheld",
  targeted: "Aimed at", shown: "Reached", opened: "Opened", read: "Read", acted: "Acted",
};

export const say = lexicon(fr, en);
