// How far communications come: aimed at, shown, opened, read, acted on.

import { html, type TemplateResult } from "lit";
import { chart, type ChartSpec } from "../charts/chart";
import { bars } from "../charts/draw";
import { count, lexicon, percent, range } from "../charts/words";
import type { Funnel as Steps, FunnelStep } from "../shell/api";
import { Dash } from "./dash";
import { compare } from "./judge";
import { lengthOf, paramsOf, type Span } from "./question";
import { say } from "./words";

const fr = {
  title: "Parcours, de l'envoi à l'action", heading: "Combien d'agents vont jusqu'où",
  targeted: "Visés", shown: "Atteints", opened: "Ont ouvert", read: "Ont lu", acted: "Ont agi", step: "Étape", agents: "Agents", ofAll: "Parmi les visés", ofLast: "Parmi l'étape d'avant",
  ofTargeted: "{n} · {share} des visés", alone: "{n}", says: "{span}, sur 100 agents visés, {shown} sont atteints, {read} lisent et {acted} agissent.", saysShown: "{span}, sur 100 agents à qui une communication a été montrée, {read} lisent et {acted} agissent.",
  loss: "On perd le plus entre « {from} » et « {to} » : {share} seulement passent cette étape.", noLoss: "Aucune étape ne se détache des autres de façon sûre.", nobody: "Aucun agent, ou presque, n'a été atteint.", few: "Trop peu d'agents pour suivre le parcours : choisissez une période plus longue ou retirez des filtres.",
  means: "Chaque agent compte une fois par étape, quel que soit le nombre de communications. « Ont agi » : ont suivi un lien, réagi, commenté, partagé, gardé, suivi un sujet ou pris connaissance.",
};
const en: typeof fr = {
  title: "Path, from sending to action", heading: "How many agents come how far",
  targeted: "Aimed at", shown: "Reached", opened: "Opened", read: "Read", acted: "Acted", step: "Step", agents: "Agents", ofAll: "Of those aimed at", ofLast: "Of the step before",
  ofTargeted: "{n} · {share} of those aimed at", alone: "{n}", says: "{span}, of 100 agents aimed at, {shown} are reached, {read} read and {acted} act.", saysShown: "{span}, of 100 agents who were shown a message, {read} read and {acted} act.",
  loss: "Most are lost between “{from}” and “{to}”: only {share} pass that step.", noLoss: "No step surely stands out from the others.", nobody: "No agent, or hardly any, was reached.", few: "Too few agents to follow the path: choose a longer period or remove filters.",
  means: "Each agent counts once a step, however many messages there are. “Acted”: followed a link, reacted, commented, shared, saved, followed a topic or acknowledged.",
};
const tell = lexicon(fr, en);

const hundred = (part: number, whole: number): string => count(Math.min(100, Math.round((100 * part) / whole)));

/** Says what the steps tell, of a hundred agents. */
export function funnelFinding(steps: FunnelStep[], span: string): string {
  const at = (name: FunnelStep["step"]): number | null => steps.find(({ step }) => step === name)?.agents ?? null;
  const targeted = at("targeted"), shown = at("shown"), read = at("read"), acted = at("acted");
  if (shown === 0) return tell("nobody");
  const base = targeted ?? shown;
  if (!base || shown === null || read === null || acted === null) return tell("few");
  return tell(targeted ? "says" : "saysShown", { span, shown: hundred(shown, base), read: hundred(read, base), acted: hundred(acted, base) });
}

/** Says where most are lost, if one step surely stands out. */
function loss(steps: FunnelStep[]): string {
  const passed = steps.map((one, i) => ({ ...one, before: steps[i - 1] })).filter(({ of_previous }) => of_previous).sort((a, b) => a.of_previous!.value - b.of_previous!.value);
  const [worst, next] = passed;
  if (!worst || !next || compare(worst.of_previous, next.of_previous) >= 0) return tell("noLoss");
  return tell("loss", { from: tell(worst.before!.step), to: tell(worst.step), share: percent(worst.of_previous!.value) });
}

/** The steps beside each other. */
export function funnelChart(answer: Steps, filtered: boolean): ChartSpec {
  const steps = answer.steps.filter(({ step }) => !filtered || step !== "targeted"); // not known then
  const told = steps.filter((one): one is FunnelStep & { agents: number } => one.agents !== null);
  const share = (one: FunnelStep["of_targeted"]): string[] => (one ? [percent(one.value), range(one)] : ["–", "–"]);
  return {
    heading: tell("heading"), says: steps.some(({ of_previous }) => of_previous) ? loss(steps) : funnelFinding(steps, ""), note: filtered ? `${tell("means")} ${say("tileUnknownWhy")}` : tell("means"),
    draw: told.length ? bars(told.map(({ step, agents, of_targeted }) => ({ name: tell(step), value: agents, told: tell(of_targeted ? "ofTargeted" : "alone", { n: count(agents), share: percent(of_targeted?.value ?? 0) }) })), undefined, 190) : null,
    columns: [{ name: tell("step") }, ...[tell("agents"), ...(filtered ? [] : [tell("ofAll"), say("interval")]), tell("ofLast"), say("interval")].map((name) => ({ name, number: true }))],
    rows: steps.map(({ step, agents, of_targeted, of_previous }) => [tell(step), agents === null ? null : count(agents), ...(filtered ? [] : share(of_targeted)), ...share(of_previous)]),
  };
}

export class Funnel extends Dash {
  #steps: Steps | null = null;
  override readonly offers = { filters: true };

  override get heading(): string {
    return tell("title");
  }

  protected override get own(): Span | undefined {
    return this.#steps ?? undefined;
  }

  protected override async load(signal: AbortSignal): Promise<void> {
    this.#steps = await this.get<Steps>("funnel", paramsOf(this.question), signal);
  }

  protected override story(): TemplateResult {
    const steps = this.#steps!, filtered = this.question.where.length > 0, spec = funnelChart(steps, filtered), untold = this.untold(steps.steps.find(({ step }) => step === "shown")?.agents);
    if (untold) return untold;
    return html`
      <p class="finding">${funnelFinding(steps.steps, lengthOf(this.counted))}</p>
      ${chart(this.client, { ...spec, source: { path: `/v1/dashboards/funnel?${paramsOf(this.question)}`, name: this.fileName(spec.heading) } })}
      ${this.reading(steps.steps.some(({ agents }) => agents === null) && !filtered ? "withheld" : "")}`;
  }
}
