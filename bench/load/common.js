// What the scripts share: who calls, what is counted as wrong, and how the outcome is written for the harness.
import http from "k6/http";
import { check } from "k6";
import { Counter, Trend } from "k6/metrics";

export const BASE = __ENV.BASE;
export const KEYS = (__ENV.KEYS || "").split(",");
export const RATE = Number(__ENV.RATE || 100);
export const SECONDS = Number(__ENV.SECONDS || 60);
export const RUN = __ENV.RUN || "run";

export const wrong = new Counter("wrong_answers");
export const broken = new Counter("server_errors");
export const waited = new Trend("waited", true);

// An open model: requests begin at their time, whatever becomes of those before. A script that cannot keep up has dropped
// some, which is a failure of its own.
export function arriving(share, exec, more = {}) {
  const rate = Math.max(1, Math.round(RATE * share * 10));
  return {
    executor: "constant-arrival-rate",
    exec,
    rate,
    timeUnit: "10s",
    duration: `${SECONDS}s`,
    preAllocatedVUs: Math.max(10, Math.ceil(RATE * share * 2)),
    maxVUs: Math.max(50, Math.ceil(RATE * share * 12)),
    gracefulStop: "30s",
    ...more,
  };
}

export function headers(turn, more = {}) {
  return { "X-API-Key": KEYS[turn % KEYS.length], "Content-Type": "application/json", ...more };
}

// Judge an answer by its status and by what it says; a 5xx is counted apart.
export function judged(answer, status, says = () => true) {
  waited.add(answer.timings.duration);
  if (answer.status >= 500 || answer.status === 0) broken.add(1);
  const right = check(answer, { "as promised": (one) => one.status === status && says(one) });
  if (!right) {
    wrong.add(1);
    if (__ENV.TALK) console.error(`${answer.request.method} ${answer.request.url} ${answer.status} ${String(answer.body).slice(0, 300)}`);
  }
  return right;
}

export function get(path, turn, more = {}) {
  return http.get(`${BASE}${path}`, { headers: headers(turn, more), tags: { name: path.split("?")[0] } });
}

export function send(method, path, body, turn, more = {}) {
  return http.request(method, `${BASE}${path}`, body === null ? null : JSON.stringify(body), {
    headers: headers(turn, more),
  });
}

// A question that was not asked before: its answer is kept nowhere and comes from PostgreSQL. All are counted as one name
// and their bodies thrown away, or the generator spends more of the machine on them than it must.
export function unheard(turn) {
  const url = `${BASE}/api/v2/pets?per_page=20&sort_by=name&name=${RUN.slice(-6)}${turn}`;
  return http.get(url, { headers: headers(turn), tags: { name: "/api/v2/pets" }, responseType: "none" });
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY || "/dev/stdout"]: JSON.stringify(data.metrics) };
}

export const TRENDS = ["avg", "med", "p(95)", "p(99)", "p(99.9)", "max"];
