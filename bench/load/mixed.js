// A day's traffic of the reference service at a steady rate: RATE requests a second for SECONDS, over all kinds.
// Every answer is looked at: the right pet, a repeated key with the first answer, a tag that was not changed behind one's back.
import exec from "k6/execution";
import { arriving, get, handleSummary, judged, RUN, send, TRENDS } from "./common.js";

export { handleSummary };

export const options = {
  insecureSkipTLSVerify: true,
  noConnectionReuse: false,
  summaryTrendStats: TRENDS,
  scenarios: {
    list: arriving(0.4, "list"),
    again: arriving(0.15, "again"),
    one: arriving(0.2, "one"),
    search: arriving(0.05, "search"),
    make: arriving(0.1, "make"),
    change: arriving(0.05, "change"),
    strange: arriving(0.04, "strange"),
    later: arriving(0.01, "later"),
  },
  thresholds: { dropped_iterations: ["count==0"], server_errors: ["count==0"], wrong_answers: ["count==0"] },
};

const PETS = "/api/v2/pets";

export function setup() {
  const known = [];
  for (let turn = 0; turn < 50; turn += 1) {
    const made = send("POST", PETS, { name: `${RUN} known ${turn}`, species: "dog" }, turn);
    if (made.status !== 201) throw new Error(`${made.status} ${made.body}`);
    known.push(made.json("data.id"));
  }
  return { known };
}

const turn = () => exec.scenario.iterationInTest;

export function list() {
  judged(get(`${PETS}?limit=20`, turn()), 200, (one) => one.json("data").length === 20 && one.json("success") === true);
}

let tag = null;

export function again() {
  const answer = get(`${PETS}?limit=5`, turn(), tag ? { "If-None-Match": tag } : {});
  judged(answer, answer.status === 304 ? 304 : 200, (one) => Boolean(one.headers.Etag));
  tag = answer.headers.Etag;
}

export function one({ known }) {
  const id = known[turn() % known.length];
  judged(get(`${PETS}/${id}`, turn()), 200, (found) => found.json("data.id") === id);
}

export function search() {
  judged(get(`${PETS}?species=dog&limit=10&sort_by=name`, turn()), 200, (one) => one.json("data").every((pet) => pet.species === "dog"));
}

export function make() {
  const key = { "Idempotency-Key": `${RUN}-${turn()}` };
  const pet = { name: `${RUN} ${turn()}`, species: "cat" };
  const first = send("POST", PETS, pet, turn(), key);
  if (judged(first, 201, (one) => one.json("data.name") === pet.name) && turn() % 5 === 0) {
    const id = first.json("data.id");
    judged(send("POST", PETS, pet, turn(), key), 201, (one) => one.json("data.id") === id);
  }
}

export function change({ known }) {
  const id = known[turn() % known.length];
  const seen = get(`${PETS}/${id}`, turn());
  if (!judged(seen, 200)) return;
  const changed = send("PATCH", `${PETS}/${id}`, { notes: `${turn()}` }, turn(), { "If-Match": seen.headers.Etag });
  // Somebody else may have changed it in between: then it is refused, and nothing is overwritten.
  judged(changed, changed.status === 412 ? 412 : 200);
}

export function strange() {
  const answer = get("/api/v2/keys", turn(), { "X-API-Key": `est_live_${"x".repeat(22)}_${turn()}` });
  judged(answer, answer.status === 429 ? 429 : 401, (one) => one.json("errors.0.code") !== undefined);
}

export function later() {
  judged(send("POST", `${PETS}/export`, { format: "csv", species: "fish" }, turn()), 202, (one) => Boolean(one.headers.Location));
}
