"use strict";
// Draws the week from the data in the page. Nothing is loaded, and text is only ever set as text.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const LEVELS = 5, FEWEST = data.fewest, HOURS = 24;
  const MOST_COLLISIONS = 50, MOST_IN_CELL = 200, MOST_IN_ROW = 30, MOST_TIMES = 8;

  const rules = [...document.querySelectorAll("#rules tbody tr")].map((row, at) => ({
    ...data.rules[at], row, box: row.querySelector("input"), name: row.querySelector(".name").textContent,
    text: row.textContent.toLowerCase(),
  }));
  const cells = data.days.flatMap((day, number) => Array.from({ length: HOURS }, (_, hour) => ({
    at: number * HOURS + hour, number, day, hour, clock: "usual", turns: [[0, 0]], ...data.odd[number * HOURS + hour],
  })));
  const MEASURES = {
    tasks: { sum: "tasks", open: "", shown: (amount) => short(amount), unit: "tasks" },
    cpu: { sum: "cpu", open: "withoutCpu", shown: (amount) => short(amount / 1024), unit: "vCPU" },
    memory: { sum: "memory", open: "withoutMemory", shown: (amount) => short(amount / 1024), unit: "GiB" },
  };
  let chosen = [], loads = [], current = null;

  // -- counting ---------------------------------------------------------------------------------------------------

  const startsOf = (rule, cell) => (rule.days ? data.patterns[data.rows[rule.days[cell.number]][cell.hour]] : []);

  function loadOf(cell) {
    const load = { runs: 0, tasks: 0, cpu: 0, memory: 0, withoutCpu: 0, withoutMemory: 0, crowds: [] };
    const minutes = new Map();
    for (const rule of chosen) {
      if (rule.together) {
        for (const [name, amounts] of Object.entries(rule.together)) load[name] += amounts[cell.at];
        continue;
      }
      const starts = startsOf(rule, cell);
      if (!starts.length) continue;
      load.runs += starts.length;
      load.tasks += starts.length * rule.tasks;
      load.cpu += starts.length * (rule.cpu ?? 0);
      load.memory += starts.length * (rule.memory ?? 0);
      if (rule.cpu === null) load.withoutCpu += starts.length * rule.tasks;
      if (rule.memory === null) load.withoutMemory += starts.length * rule.tasks;
      if (!rule.collides) continue;
      for (const minute of starts) minutes.set(minute, [...(minutes.get(minute) ?? []), rule]);
    }
    load.crowds = [...minutes].filter(([, crowd]) => crowd.length >= FEWEST).sort(([one], [other]) => one - other);
    return load;
  }

  function levelsOf(values) {
    const least = Math.min(...values), most = Math.max(...values);
    return values.map((value) => {
      if (!value) return 0;
      const share = most > least ? (value - least) / (most - least) : 0;
      return Math.min(LEVELS, 1 + Math.floor(LEVELS * Math.sqrt(share)));
    });
  }

  // -- words ------------------------------------------------------------------------------------------------------

  function short(amount) {
    if (amount >= 999_500) return `${Math.round(amount / 1e6)}M`;
    if (amount >= 999.5) return amount < 9950 ? `${(amount / 1000).toFixed(1)}k` : `${Math.round(amount / 1000)}k`;
    if (Number.isInteger(amount)) return String(amount);
    return amount < 1 ? amount.toFixed(2).replace(/0$/, "") : amount < 100 ? String(+amount.toFixed(1)) : String(Math.round(amount));
  }

  const counted = (number, thing) => `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
  const measure = () => MEASURES[document.querySelector("[name=measure]:checked").value];

  function amountOf(load) {
    const { sum, open, shown } = measure();
    const unknown = open && load[open] > 0;
    if (!load[sum]) return unknown ? "?" : "";
    return shown(load[sum]) + (unknown ? "?" : "");
  }

  const turnOf = (cell, minute) => cell.turns.findLast(([from]) => from <= minute);

  function timeOf(cell, minute) {
    const shown = minute + turnOf(cell, minute)[1];
    return `${String(cell.hour).padStart(2, "0")}:${String(shown).padStart(2, "0")}`;
  }

  const nameOf = (cell) => `${cell.day} ${String(cell.hour).padStart(2, "0")}:00`;

  function sentence(load) {
    const sizes = [[load.cpu, "vCPU"], [load.memory, "GiB"]].filter(([amount]) => amount);
    const parts = [`${counted(load.tasks, "task")} in ${counted(load.runs, "run")}`];
    parts.push(...sizes.map(([amount, unit]) => `${short(amount / 1024)} ${unit}`));
    const open = Math.max(load.withoutCpu, load.withoutMemory);
    return parts.join(", ") + (sizes.length && open ? ` (and what ${counted(open, "task")} of unknown size take)` : "");
  }

  const listed = (names, most) => names.slice(0, most).join(", ") + (names.length > most ? ` and ${names.length - most} more` : "");

  // -- drawing ----------------------------------------------------------------------------------------------------

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function build() {
    const head = element("div", undefined, { role: "row" });
    head.append(element("div", "", { role: "columnheader", class: "head" }));
    for (let hour = 0; hour < HOURS; hour++) {
      head.append(element("div", String(hour).padStart(2, "0"), { role: "columnheader", class: "head" }));
    }
    find("grid").append(head);
    data.days.forEach((day, number) => {
      const row = element("div", undefined, { role: "row" });
      const name = element("div", undefined, { role: "rowheader", class: number ? "day" : "day today" });
      const [weekday, ...date] = day.split(" ");
      name.append(element("b", weekday), ` ${date.join(" ")}`);
      row.append(name);
      for (const cell of cells.slice(number * HOURS, (number + 1) * HOURS)) {
        cell.button = element("button", "", { role: "gridcell", tabindex: "-1", type: "button", "data-at": cell.at });
        row.append(cell.button);
      }
      find("grid").append(row);
    });
    cells[data.now.cell].button.tabIndex = 0;
    placeNow(data.now.cell, data.now.share);
    const minute = (Date.now() - data.begin) / 60_000; // the page may be read hours after it was drawn
    const cell = cells.find((_, at) => minute >= data.firsts[at] && minute < data.firsts[at] + data.lengths[at]);
    if (cell) placeNow(cell.at, (minute - data.firsts[cell.at]) / data.lengths[cell.at]);
  }

  function placeNow(at, share) {
    for (const cell of cells) cell.button.classList.remove("now");
    cells[at].button.classList.add("now");
    cells[at].button.style.setProperty("--at", `${Math.round(share * 100)}%`);
  }

  function draw() {
    const wanted = find("search").value.trim().toLowerCase();
    for (const rule of rules) rule.row.hidden = !rule.text.includes(wanted);
    chosen = rules.filter((rule) => rule.box.checked && !rule.row.hidden);
    for (const rule of rules) rule.row.classList.toggle("off", !rule.box.checked);
    loads = cells.map(loadOf);
    const levels = levelsOf(loads.map((load) => load[measure().sum]));
    cells.forEach((cell, at) => {
      const load = loads[at], { button } = cell, none = !data.lengths[at];
      const odd = none ? "none" : cell.clock === "usual" ? "" : "part";
      const kept = button.classList.contains("now") ? "now" : "";
      button.className = [`level${levels[at]}`, odd, load.crowds.length ? "collides" : "", kept].filter(Boolean).join(" ");
      button.textContent = amountOf(load);
      const said = [none ? "" : sentence(load), load.crowds.length ? `${FEWEST} rules or more start in the same minute` : "", cell.said];
      button.setAttribute("aria-label", `${nameOf(cell)}: ${said.filter(Boolean).join(", ")}`);
    });
    drawCollisions();
    for (const item of document.querySelectorAll("#steady li")) item.hidden = !chosen.includes(rules[item.dataset.at]);
    find("steady").hidden = !document.querySelector("#steady li:not([hidden])");
    const tasks = loads.reduce((sum, load) => sum + load.tasks, 0);
    find("chosen").textContent = `${chosen.length} of ${counted(rules.length, "rule")}, ${counted(tasks, "task")} in the week`;
    show(current ?? cells[data.now.cell]);
    if (find("hours").open) drawHours();
  }

  function drawCollisions() {
    const groups = new Map();
    cells.forEach((cell, at) => loads[at].crowds.forEach(([minute, crowd]) => {
      const key = crowd.map((rule) => rules.indexOf(rule)).join();
      const group = groups.get(key) ?? { crowd, moments: [] };
      group.moments.push([cell, minute]);
      groups.set(key, group);
    }));
    const found = [...groups.values()].sort((one, other) => other.crowd.length - one.crowd.length);
    const list = find("crowds");
    list.replaceChildren();
    for (const { crowd, moments } of found.slice(0, MOST_COLLISIONS)) {
      const [cell, minute] = moments[0];
      const times = new Set(moments.map(([where, when]) => timeOf(where, when)));
      const often = moments.length === 1 ? "" : times.size === 1 ? ` on ${moments.length} days, first` : `, ${moments.length} times, first`;
      const button = element("button", `${timeOf(cell, minute)}${often} ${moments.length === 1 ? "on " : ""}${cell.day}`, { type: "button" });
      button.addEventListener("click", () => select(cell));
      const item = element("li");
      item.append(element("i", "▲ ", { class: "mark" }), button, `: ${listed(crowd.map((rule) => rule.name), MOST_IN_ROW)}`);
      list.append(item);
    }
    if (found.length > MOST_COLLISIONS) list.append(element("li", `and ${found.length - MOST_COLLISIONS} more such groups`));
    find("nocrowds").hidden = found.length > 0;
  }

  function runsIn(cell) {
    return chosen
      .filter((rule) => startsOf(rule, cell).length)
      .map((rule) => ({ rule, starts: startsOf(rule, cell) }))
      .sort((one, other) => one.starts[0] - other.starts[0]);
  }

  function timesOf(cell, { rule, starts }) {
    const shown = starts.slice(0, MOST_TIMES), isAgain = (minute) => turnOf(cell, minute)[2];
    const first = shown.filter((minute) => !isAgain(minute)), again = shown.filter(isAgain);
    const parts = first.map((minute) => timeOf(cell, minute));
    if (again.length) parts.push("and again", ...again.map((minute) => timeOf(cell, minute)));
    const more = starts.length > MOST_TIMES ? ` … ${counted(starts.length, "run")}` : "";
    return parts.join(" ") + more + (rule.window ? ` within ${rule.window} min` : "");
  }

  function show(cell) {
    const load = loads[cell.at], panel = find("cell");
    panel.replaceChildren(element("h3", nameOf(cell)));
    if (cell.said) panel.append(element("p", cell.said));
    if (!data.lengths[cell.at]) return;
    panel.append(element("p", load.runs ? sentence(load) : "nothing starts", { class: "soft" }));
    for (const [minute, crowd] of load.crowds) {
      const line = element("p");
      line.append(element("i", "▲ ", { class: "mark" }), `${timeOf(cell, minute)}: ${crowd.length} rules start in the same minute`);
      panel.append(line);
    }
    const list = element("ul"), runs = runsIn(cell);
    for (const run of runs.slice(0, MOST_IN_CELL)) {
      const item = element("li");
      const tasks = run.rule.tasks > 1 ? `, ${run.rule.tasks} tasks each` : "";
      item.append(element("span", run.rule.name + tasks), element("span", timesOf(cell, run)));
      list.append(item);
    }
    if (runs.length > MOST_IN_CELL) list.append(element("li", `and ${runs.length - MOST_IN_CELL} more rules`));
    panel.append(list);
  }

  function select(cell) {
    for (const other of cells) {
      other.button.tabIndex = other === cell ? 0 : -1;
      other.button.setAttribute("aria-selected", String(other === cell));
    }
    current = cell;
    cell.button.focus();
    show(cell);
  }

  function drawHours() {
    const body = document.querySelector("#hours tbody");
    body.replaceChildren();
    for (const cell of cells) {
      const load = loads[cell.at];
      if (!load.runs) continue;
      const row = element("tr"), runs = runsIn(cell);
      const said = runs.slice(0, MOST_IN_ROW).map((run) => `${timesOf(cell, run)} ${run.rule.name}`);
      if (runs.length > MOST_IN_ROW) said.push(`and ${runs.length - MOST_IN_ROW} more rules`);
      row.append(element("th", nameOf(cell), { scope: "row" }), element("td", String(load.tasks)), element("td", said.join("; ")));
      body.append(row);
    }
  }

  // -- what people do ---------------------------------------------------------------------------------------------

  const cellOf = (event) => cells[event.target.closest("#grid button")?.dataset.at];
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  function move(event) {
    const cell = cellOf(event);
    if (!cell) return;
    let next = null;
    if (event.key === "Home") next = cell.number * HOURS;
    else if (event.key === "End") next = cell.number * HOURS + HOURS - 1;
    else if (STEPS[event.key]) {
      const turned = matchMedia("(max-width: 700px)").matches; // where days are columns
      const [down, right] = STEPS[event.key];
      const [days, hours] = turned ? [right, down] : [down, right];
      const number = cell.number + days, hour = cell.hour + hours;
      if (number >= 0 && number < data.days.length && hour >= 0 && hour < HOURS) next = number * HOURS + hour;
    }
    if (next === null) return;
    event.preventDefault();
    select(cells[next]);
  }

  build();
  find("grid").addEventListener("mouseover", (event) => cellOf(event) && show(cellOf(event)));
  find("grid").addEventListener("mouseleave", () => show(current ?? cells[data.now.cell]));
  find("grid").addEventListener("click", (event) => cellOf(event) && select(cellOf(event)));
  find("grid").addEventListener("keydown", move);
  find("search").addEventListener("input", draw);
  for (const input of document.querySelectorAll("[name=measure], #rules input")) input.addEventListener("change", draw);
  for (const [id, checked] of [["all", true], ["none", false]]) {
    find(id).addEventListener("click", () => {
      for (const rule of rules) if (!rule.row.hidden) rule.box.checked = checked;
      draw();
    });
  }
  find("hours").addEventListener("toggle", () => find("hours").open && drawHours());
  addEventListener("beforeprint", () => { find("hours").open = true; drawHours(); });
  for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
  draw();
})();
