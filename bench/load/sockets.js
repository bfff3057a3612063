// Browsers that listen: SOCKETS sockets in groups of GROUP, each group on the channel of one pet; the pets are changed so that
// MESSAGES facts a second are told in all. A message says when its change was asked for; the delay is until it is heard.
import http from "k6/http";
import { WebSocket } from "k6/experimental/websockets";
import { setTimeout } from "k6/timers";
import { Counter, Trend } from "k6/metrics";
import exec from "k6/execution";
import { BASE, handleSummary, headers, KEYS, RUN, SECONDS, send, TRENDS } from "./common.js";

export { handleSummary };

const sockets = Number(__ENV.SOCKETS || 500);
const group = Number(__ENV.GROUP || 100);
const messages = Number(__ENV.MESSAGES || 50);
const listeners = 20;

export const opened = new Counter("opened");
export const heard = new Counter("heard");
export const lost = new Counter("lost");
export const told = new Counter("told");
export const delay = new Trend("delay", true);

export const options = {
  insecureSkipTLSVerify: true,
  summaryTrendStats: TRENDS,
  scenarios: {
    listen: { executor: "per-vu-iterations", exec: "listen", vus: listeners, iterations: 1, maxDuration: `${SECONDS + 60}s` },
    tell: {
      executor: "constant-arrival-rate",
      exec: "tell",
      startTime: "15s",
      rate: messages,
      timeUnit: "1s",
      duration: `${SECONDS}s`,
      preAllocatedVUs: messages,
      maxVUs: messages * 6,
    },
  },
};

export function setup() {
  const pets = [];
  for (let number = 0; number < Math.ceil(sockets / group); number += 1) {
    pets.push(send("POST", "/api/v2/pets", { name: `${RUN} ${number}`, species: "dog" }, number).json("data.id"));
  }
  return { pets };
}

export function listen({ pets }) {
  const first = (exec.vu.idInTest - 1) * (sockets / listeners);
  for (let number = first; number < first + sockets / listeners; number += 1) hear(pets[number % pets.length], number);
}

function hear(pet, number) {
  const socket = new WebSocket(`${BASE.replace("http", "ws")}/ws`, null, { headers: { "X-API-Key": KEYS[number % KEYS.length] } });
  let open = false, leaving = false;
  socket.onopen = () => {
    open = true;
    opened.add(1);
    socket.send(JSON.stringify({ type: "subscribe", channel: `pets.${pet}` }));
    setTimeout(() => { leaving = true; socket.close(); }, (SECONDS + 25) * 1000);
  };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (__ENV.TALK && Math.random() < 0.01) console.error(data.slice(0, 300));
    const notes = message.type === "event" && message.data && message.data.pet ? message.data.pet.notes : null;
    if (!notes) return;
    heard.add(1);
    delay.add(Date.now() - Number(notes));
  };
  socket.onerror = (error) => { if (__ENV.TALK) console.error(error.error); };
  socket.onclose = () => { if (open && !leaving) lost.add(1); };
}

export function tell({ pets }) {
  const turn = exec.scenario.iterationInTest;
  const answer = http.patch(`${BASE}/api/v2/pets/${pets[turn % pets.length]}`, JSON.stringify({ notes: String(Date.now()) }), { headers: headers(turn) });
  if (answer.status === 200) told.add(1);
}
