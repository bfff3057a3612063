// Work that is done later: RATE exports a second are asked for, and RATE pets registered, whose facts webhooks tell.
import exec from "k6/execution";
import { arriving, handleSummary, judged, RUN, send, TRENDS } from "./common.js";

export { handleSummary };

export const options = {
  insecureSkipTLSVerify: true,
  summaryTrendStats: TRENDS,
  scenarios: { order: arriving(1, "order"), make: arriving(0.5, "make") },
};

const turn = () => exec.scenario.iterationInTest;

export function order() {
  judged(send("POST", "/api/v2/pets/export", { format: "csv", species: "fish" }, turn()), 202);
}

export function make() {
  judged(send("POST", "/api/v2/pets", { name: `${RUN} ${turn()}`, species: "cat" }, turn()), 201);
}
