// How much can be done: each of 100 callers asks again as soon as it was answered.
import { Counter } from "k6/metrics";
import exec from "k6/execution";
import { handleSummary, SECONDS, TRENDS, unheard } from "./common.js";

export { handleSummary };

const served = new Counter("served");

export const options = {
  insecureSkipTLSVerify: true,
  summaryTrendStats: TRENDS,
  scenarios: { ask: { executor: "constant-vus", exec: "ask", vus: 100, duration: `${SECONDS}s` } },
};

export function ask() {
  const answer = unheard(exec.scenario.iterationInTest);
  if (answer.status === 200) served.add(1);
}
