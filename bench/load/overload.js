// More than can be done: CAPACITY requests a second is what was measured to be possible. CALM seconds at half of it, then three
// times as much for SECONDS, then half of it again. What is served, how soon the rest is refused, and how soon it is well again.
import exec from "k6/execution";
import { Counter, Trend } from "k6/metrics";
import { handleSummary, SECONDS, TRENDS, unheard } from "./common.js";

export { handleSummary };

const capacity = Number(__ENV.CAPACITY);
const calm = Number(__ENV.CALM || 5);

function phase(name, rate, start, seconds) {
  return {
    executor: "constant-arrival-rate",
    exec: "ask",
    env: { PHASE: name },
    rate: Math.round(rate),
    timeUnit: "1s",
    startTime: `${start}s`,
    duration: `${seconds}s`,
    preAllocatedVUs: 200,
    maxVUs: 800,
    gracefulStop: "10s",
  };
}

export const options = {
  insecureSkipTLSVerify: true,
  summaryTrendStats: TRENDS,
  scenarios: {
    before: phase("before", capacity / 2, 0, calm),
    over: phase("over", capacity * 3, calm, SECONDS),
    // The seconds in which it may recover are not counted; what follows is.
    after: phase("after", capacity / 2, calm + SECONDS + 10, calm),
  },
};

const served = Object.fromEntries(["before", "over", "after"].map((name) => [name, new Counter(`served_${name}`)]));
const refused = Object.fromEntries(["before", "over", "after"].map((name) => [name, new Counter(`refused_${name}`)]));
const lost = Object.fromEntries(["before", "over", "after"].map((name) => [name, new Counter(`lost_${name}`)]));
const refusing = new Trend("refusing", true);
const serving = Object.fromEntries(["before", "over", "after"].map((name) => [name, new Trend(`serving_${name}`, true)]));

export function ask() {
  const name = __ENV.PHASE;
  const answer = unheard(exec.scenario.iterationInTest);
  if (answer.status === 200) {
    served[name].add(1);
    serving[name].add(answer.timings.duration);
  } else if (answer.status === 503 || answer.status === 429) {
    refused[name].add(1);
    refusing.add(answer.timings.duration);
  } else {
    lost[name].add(1);
  }
}
