"use strict";
// What this page draws of its data, and how a reader goes through the series.

const data = JSON.parse(document.getElementById("data").textContent);
const one = id => document.getElementById(id);
const state = { series: 0, whole: false, found: data.series.map((_, k) => k) };
const RECENT = Math.max(6 * data.horizon, 120); // rows of the past that are shown at first
const LITTLE = 1.25 * RECENT; // as many are shown at once

function levels(values) {
  return Object.keys(values).map(name => name.startsWith(`${data.name}-lo-`) ? Number(name.slice(data.name.length + 4)) : NaN)
    .filter(level => !Number.isNaN(level)).sort((a, b) => b - a);
}

// the same for a model in every chart
const css = name => name === data.name ? "ours-line" : `rival-${Math.max(data.rivals.indexOf(name), 0) % 5}`;

// intervals, the widest first; joined to the last known value, `before`, where there is one
function bands(values, begins, before) {
  return levels(values).map(level => {
    const low = before.concat(values[`${data.name}-lo-${level}`]), high = before.concat(values[`${data.name}-hi-${level}`]);
    return { name: `${level} %`, low, high, begins: begins - before.length, joined: k => k < begins };
  });
}

const isModel = name => name !== "y" && !/-(lo|hi)-[\d.]+$/.test(name);

function forecastChart(series) {
  const labels = data.axes[series.axis], n = series.y.length, before = (series.y.at(-1) ?? null) === null ? [] : [series.y.at(-1)];
  const models = Object.keys(series.forecast).filter(isModel);
  const lines = models.map(name => ({ name, css: css(name), y: before.concat(series.forecast[name]), begins: n - before.length }));
  const past = { name: data.target, css: "past", y: series.y, begins: 0 };
  return {
    labels, from: state.whole || n <= LITTLE ? 0 : n - RECENT, to: labels.length - 1, lines: n ? [past, ...lines] : lines,
    bands: bands(series.forecast, n, before), rule: n - 1, height: 340, places: data.places,
    title: `Forecast of ${series.id || data.target}: the past, the forecast and its intervals. Arrow keys read the values.`,
  };
}

function heldOutChart(series) {
  const labels = data.axes[series.axis], { begins, values } = series.held_out, end = begins + values[data.name].length;
  const lines = data.rivals.map(name => ({ name, css: css(name), y: values[name], begins }));
  return {
    labels, from: Math.max(0, begins - 3 * data.horizon), to: end - 1, rule: begins - 0.5, height: 280, places: data.places,
    lines: [{ name: data.target, css: "past", y: series.y, begins: 0 }, ...lines, { name: data.name, css: "ours-line", y: values[data.name], begins }],
    bands: bands(values, begins, []),
    title: `The last held-out rows of ${series.id || data.target} with the forecasts of the best models. Arrow keys read the values.`,
  };
}

function stepChart() {
  const line = name => ({ name, css: css(name), y: data.steps.errors[name], begins: 0 });
  return { labels: data.steps.labels, from: 0, to: data.steps.labels.length - 1, lines: [...data.rivals, data.name].map(line), bands: [], height: 230,
    places: 2, axis: "step ahead", unit: data.steps.measure, title: `${data.steps.measure} by step ahead, for the best models. Arrow keys read the values.` };
}

function lossChart() {
  const most = Math.max(...data.losses.map(loss => loss.length)), values = data.losses.flat();
  const low = Math.min(...values), many = data.losses.length > 1;
  return { labels: Array.from({ length: most }, (_, k) => k + 1), from: 0, to: most - 1, bands: [], height: 230, axis: "epoch", unit: "loss", places: 4,
    log: low > 0 && Math.max(...values) / low > 5,
    lines: data.losses.map((loss, k) => ({ name: many ? (k ? "" : `${data.losses.length} networks`) : "loss", css: many ? "member" : "ours-line", y: loss, begins: 0 })),
    title: "Training loss of every network by epoch. Arrow keys read the values." };
}

function totalChart() {
  const chart = forecastChart(data.total), held = data.total.held_out, of = held ? held.values[data.name] : [];
  if (held) chart.lines.push({ name: `${data.name}, held out`, css: "member", y: of, begins: held.begins });
  return { ...chart, from: Math.max(0, data.total.y.length - RECENT), title: "Sum over all series: the past and the forecast. Arrow keys read the values." };
}

// --- a series ------------------------------------------------------------------------------------

function fillNumbers(series) {
  const table = document.querySelector("#numbers table"), labels = data.axes[series.axis], n = series.y.length;
  const names = Object.keys(series.forecast), body = table.tBodies[0], heads = table.tHead.rows[0];
  while (heads.cells.length > names.length + 1) heads.deleteCell(0); // the id's column: all rows are of one series now
  body.replaceChildren();
  for (let k = 0; k < labels.length - n; k++) {
    const row = body.insertRow();
    html("th", { scope: "row", class: "text" }, row, labels[n + k]);
    for (const name of names) html("td", {}, row, number(series.forecast[name][k], data.places));
  }
}

function show(k) {
  state.series = k;
  const series = data.series[k];
  one("glance").textContent = series.glance;
  one("whole").hidden = series.y.length <= LITTLE;
  draw(one("forecast-chart"), forecastChart(series));
  const held = one("held-out-chart");
  if (held) {
    held.hidden = !series.held_out;
    if (series.held_out) draw(held, heldOutChart(series));
  }
  if (data.series.length > 1 || !document.querySelector("#numbers tbody tr")) fillNumbers(series);
  if (data.series.length === 1) return;
  one("pick").value = k;
  const place = state.found.indexOf(k);
  one("place").textContent = place < 0 ? `${state.found.length} found` : `${place + 1} of ${state.found.length}`;
  document.querySelector("#series tr[aria-current]")?.removeAttribute("aria-current");
  document.querySelector(`#series button[data-k="${k}"]`)?.closest("tr").setAttribute("aria-current", "true");
}

function go(by) {
  if (!state.found.length) return;
  const place = state.found.indexOf(state.series), n = state.found.length;
  show(state.found[place < 0 ? 0 : (place + by + n) % n]);
}

function find() {
  const text = one("find").value.trim().toLowerCase();
  state.found = data.series.map((_, k) => k).filter(k => data.series[k].id.toLowerCase().includes(text));
  const pick = one("pick");
  pick.replaceChildren(...state.found.map(k => new Option(data.series[k].id, k)));
  if (!state.found.length) { pick.add(new Option("no series is called so", "")); one("place").textContent = "0 found"; }
  else show(state.found.includes(state.series) ? state.series : state.found[0]);
}

function sparkline(cell, series) {
  const past = series.y.slice(-120), line = series.forecast[data.name], all = past.concat(line).filter(v => v !== null);
  const low = Math.min(...all), high = Math.max(...all), n = past.length + line.length;
  const root = svg("svg", { viewBox: "0 0 120 26", "aria-hidden": "true" }, cell);
  const x = k => 1 + k / Math.max(n - 1, 1) * 118, y = v => high > low ? 24 - (v - low) / (high - low) * 22 : 13;
  svg("path", { class: "line past", d: linePath(past, 0, 0, n, x, y) }, root);
  svg("path", { class: "line ours-line", d: linePath(line, past.length, 0, n, x, y) }, root);
}

// --- the table of series ---------------------------------------------------------------------------

// numbers by size, the largest first, so that errors begin with the worst series; texts by letters; missing cells last
function sortBy(table, column, falling) {
  const cell = row => row.cells[column].textContent.replace("−", "-").replace(/(\d),(?=\d)/g, "$1");
  const rows = [...table.tBodies[0].rows], some = rows.map(cell).filter(text => text !== "–");
  const byNumber = table.tHead.rows[0].cells[column].className !== "text" && some.every(text => /^-?[\d.]+( \D*)?$/.test(text));
  const compare = (a, b) => byNumber ? parseFloat(a) - parseFloat(b) : a.localeCompare(b, "en", { numeric: true });
  rows.sort((one, other) => {
    const a = cell(one), b = cell(other);
    if (a === "–" || b === "–") return (a === "–") - (b === "–");
    return falling ? compare(b, a) : compare(a, b);
  });
  table.tBodies[0].append(...rows);
}

function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (!head.textContent) return;
    const button = html("button", { type: "button", class: "sort" }, head, head.textContent);
    head.replaceChildren(button);
    const fallingFirst = head.className !== "text";
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort"), falling = now ? now === "ascending" : fallingFirst;
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      sortBy(table, column, falling);
    });
  });
}

// --- the page ------------------------------------------------------------------------------------

function drawAll() {
  show(state.series);
  if (one("step-chart")) draw(one("step-chart"), stepChart());
  if (one("total-chart")) draw(one("total-chart"), totalChart());
  if (one("loss-chart") && data.losses.length) draw(one("loss-chart"), lossChart());
}

function listen() {
  if (data.series.length > 1) {
    one("picker").hidden = false;
    find();
    one("find").addEventListener("input", find);
    one("pick").addEventListener("change", event => show(Number(event.target.value)));
    one("previous").addEventListener("click", () => go(-1));
    one("next").addEventListener("click", () => go(1));
    sortable(document.querySelector("#series table"));
    for (const button of document.querySelectorAll("button.pick"))
      button.addEventListener("click", () => { show(Number(button.dataset.k)); one("forecast").scrollIntoView({ block: "start" }); });
    document.addEventListener("keydown", event => {
      if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
      const act = { j: () => go(1), k: () => go(-1), "/": () => one("find").focus() }[event.key];
      if (act) { event.preventDefault(); act(); }
    });
  }
  one("whole").addEventListener("click", () => {
    state.whole = !state.whole;
    one("whole").setAttribute("aria-pressed", state.whole);
    show(state.series);
  });
  const copy = one("copy");
  if (copy) copy.addEventListener("click", async () => {
    const command = one("command");
    try { await navigator.clipboard.writeText(command.textContent); copy.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(command); copy.textContent = "Selected: copy with the keyboard"; }
    setTimeout(() => { copy.textContent = "Copy"; }, 2000);
  });
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; requestAnimationFrame(drawAll); } });
  addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
}

for (const cell of document.querySelectorAll("td.spark")) sparkline(cell, data.series[Number(cell.dataset.k)]);
listen();
drawAll();
