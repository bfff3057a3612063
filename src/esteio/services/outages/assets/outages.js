"use strict";

(() => {
  const page = document.body.dataset;
  const whole = new Intl.NumberFormat(page.lang);
  const share = new Intl.NumberFormat(page.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const clock = new Intl.DateTimeFormat("pt-BR", {
    timeZone: "America/Sao_Paulo",
    day: "2-digit",
    month: "2-digit",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
  const EVERY = 60000;
  const SETTLED = 1000;
  const WITHIN = 10000;
  const SVG = "http://www.w3.org/2000/svg";
  let asking = false;
  let again = false;
  let waiting = 0;

  const filled = (form, ...values) => values.reduce((text, value) => text.replace("{}", value), form);

  const say = (id, text) => {
    const place = document.getElementById(id);
    if (place.textContent !== text) place.textContent = text;
  };

  const percent = (value) => `${share.format(value > 0 && value < 0.0001 ? 0.01 : value * 100)}%`;

  const cell = (kind, text) => {
    const made = document.createElement(kind);
    made.textContent = text;
    if (kind === "th") made.scope = "row";
    return made;
  };

  const bar = (planned, unplanned, most) => {
    const place = document.createElement("td");
    place.className = "bar";
    const svg = document.createElementNS(SVG, "svg");
    const traits = { viewBox: "0 0 1000 10", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" };
    for (const [name, value] of Object.entries(traits)) svg.setAttribute(name, value);
    const width = (value) => (most ? Math.round((1000 * value) / most) : 0);
    for (const [kind, x, value] of [["planned", 0, planned], ["unplanned", width(planned), unplanned]]) {
      const rect = document.createElementNS(SVG, "rect");
      rect.setAttribute("class", kind);
      rect.setAttribute("height", 10);
      rect.setAttribute("x", x);
      rect.setAttribute("width", width(value));
      svg.append(rect);
    }
    place.append(svg);
    return place;
  };

  const row = (name, one, most, ...more) => {
    const made = document.createElement("tr");
    const numbers = [one.planned, one.unplanned, one.planned + one.unplanned].map((value) => whole.format(value));
    made.append(cell("th", name), ...[...numbers, ...more].map((text) => cell("td", text)));
    made.append(bar(one.planned, one.unplanned, most));
    return made;
  };

  const out = (one) => one.planned + one.unplanned;
  const mostOf = (all) => Math.max(0, ...all.map(out));

  const showMunicipios = (municipios) => {
    const table = document.getElementById("municipios");
    if (!table) {
      if (municipios.length) window.location.reload();
      return;
    }
    const most = mostOf(municipios);
    const sorted = [...municipios].sort((a, b) => out(b) - out(a) || a.municipio - b.municipio);
    table.tBodies[0].replaceChildren(
      ...sorted.map((one) =>
        row(one.name ?? filled(page.unknown, one.municipio), one, most, whole.format(one.served), percent(one.share)),
      ),
    );
  };

  const showBands = (bands) => {
    const body = document.getElementById("bands").tBodies[0];
    const names = [...body.rows].map((known) => known.cells[0].textContent);
    body.replaceChildren(...bands.map((band, place) => row(names[place], band, mostOf(bands))));
  };

  const show = (summary) => {
    const { totals } = summary;
    say("lead", filled(page.lead, whole.format(out(totals)), whole.format(totals.served)));
    say("as-of", filled(page.asOf, clock.format(new Date(summary.as_of)).replace(",", "")));
    showMunicipios(summary.municipios);
    showBands(summary.bands);
  };

  const refresh = async () => {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(`${page.prefix}/api/v2/outages/summary`, {
        credentials: "omit",
        cache: "no-store", // a 304 would bring back the moment of the answer before
        signal: AbortSignal.timeout(WITHIN),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      show((await answer.json()).data);
      document.getElementById("stale").hidden = answer.headers.get("x-cache") !== "STALE";
    } catch {
      document.getElementById("stale").hidden = false;
    } finally {
      asking = false;
      if (again) {
        again = false;
        soon();
      }
    }
  };

  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, SETTLED);
  };

  const listen = () => {
    const news = new EventSource(`${page.prefix}/api/v2/stream?channels=outages`);
    news.addEventListener("message", soon);
    news.addEventListener("gap", soon);
    window.addEventListener("pagehide", () => news.close());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) {
        soon();
        listen();
      }
    }, { once: true });
  };

  setInterval(() => document.hidden || refresh(), EVERY);
  document.addEventListener("visibilitychange", () => document.hidden || soon());
  listen();
})();
