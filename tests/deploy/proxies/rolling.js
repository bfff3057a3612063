// Load in an open model while processes behind the proxy are replaced: requests begin at their time, whatever becomes of
// those before. RATE in requests a second over all kinds, SECONDS its duration, BASE and KEY the API.
import http from "k6/http";
import { check } from "k6";
import { Counter } from "k6/metrics";
import exec from "k6/execution";

const { BASE, KEY } = __ENV;
const rate = Number(__ENV.RATE || 50);
const duration = `${__ENV.SECONDS || 20}s`;
const run = __ENV.RUN || "run";

const refused = new Counter("refused");
const written = new Counter("written");
const enqueued = new Counter("enqueued");

function of(share, exec) {
  return {
    executor: "constant-arrival-rate",
    exec,
    rate: Math.max(1, Math.round(rate * share)),
    timeUnit: "1s",
    duration,
    // A busy machine is slow, and that alone drops nothing.
    preAllocatedVUs: Math.max(50, rate),
    maxVUs: rate * 20,
    gracefulStop: "30s",
  };
}

export const options = {
  scenarios: { reads: of(0.66, "read"), writes: of(0.3, "write"), jobs: of(0.04, "enqueue") },
  thresholds: {
    http_req_failed: ["rate==0"],
    checks: ["rate==1"],
    refused: ["count==0"],
    dropped_iterations: ["count==0"],
  },
  summaryTrendStats: ["med", "p(95)", "p(99)", "max"],
};

const headers = { "X-API-Key": KEY, "Content-Type": "application/json", "Accept-Encoding": "gzip" };

function keyed() {
  return { headers: { ...headers, "Idempotency-Key": `${run}-${exec.scenario.name}-${exec.scenario.iterationInTest}` } };
}

function judge(answer, status) {
  if (!check(answer, { "as promised": (one) => one.status === status })) {
    refused.add(1);
    console.error(`${answer.request.method} ${answer.status} ${answer.error_code} ${answer.error} ${String(answer.body).slice(0, 200)}`);
    return false;
  }
  return true;
}

export function read() {
  judge(http.get(`${BASE}/api/v2/pets?limit=5`, { headers }), 200);
}

export function write() {
  const pet = { name: `${run} ${exec.scenario.iterationInTest}`, species: "dog" };
  if (judge(http.post(`${BASE}/api/v2/pets`, JSON.stringify(pet), keyed()), 201)) written.add(1);
}

export function enqueue() {
  const order = JSON.stringify({ format: "csv", species: "fish" });
  if (judge(http.post(`${BASE}/api/v2/pets/export`, order, keyed()), 202)) enqueued.add(1);
}
