"use strict";
// One chart: lines and bands over a row of stamps, drawn as SVG, which prints and follows the page's colours.

const SVG = "http://www.w3.org/2000/svg";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function add(made, attributes, parent, text) {
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (text !== undefined) made.textContent = text;
  return parent.appendChild(made);
}

const svg = (name, ...rest) => add(document.createElementNS(SVG, name), ...rest);
const html = (name, ...rest) => add(document.createElement(name), ...rest);

function number(value, places) {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) >= 1e15) return value.toPrecision(4);
  const rounded = Number(value.toFixed(places)) || 0; // no minus sign before a zero
  return rounded.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places }).replace("-", "−");
}

// --- ticks ---------------------------------------------------------------------------------------

const WIDTH_OF_CHARACTER = 7; // of a label, in pixels, rather too wide

function step125(span, most) {
  const raw = span / Math.max(most, 1), power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5].find(m => m * power >= raw * 0.999) || 10);
}

const placesOf = size => Math.min(Math.max(0, -Math.floor(Math.log10(size) + 1e-9)), 8);

function valueTicks(low, high, most) {
  const step = step125(high - low || 1, most), ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-9; k++) ticks.push(k * step);
  return { ticks, places: placesOf(step) };
}

function logTicks(low, high, most) {
  const ticks = [];
  for (let p = Math.floor(Math.log10(low)); p <= Math.log10(high); p++)
    for (const m of [1, 2, 5]) if (m * 10 ** p >= low && m * 10 ** p <= high) ticks.push(m * 10 ** p);
  if (ticks.length < 2) return valueTicks(low, high, most);
  return { ticks, places: placesOf(ticks[0]) };
}

// a stamp as text, "2024-03-01", "2024-03-01 06:30:00" or "2024-03-01 06:30:00+01:00", in numbers, without the offset
function parts(stamp) {
  const [year, month, day, hour = 0, minute = 0, second = 0] = stamp.split(/[-+ :]/).map(Number);
  const days = Math.floor(Date.UTC(year, month - 1, day) / 864e5);
  return { year, month, day, hour, minute, days, seconds: days * 86400 + hour * 3600 + minute * 60 + second };
}

function partsBefore(labels, from) {
  if (from > 0) return parts(labels[from - 1]);
  if (labels.length < 2) return null;
  const first = parts(labels[0]).seconds; // one step before the first stamp
  const before = new Date((2 * first - parts(labels[1]).seconds) * 1000).toISOString();
  return parts(before.slice(0, 19).replace("T", " "));
}

const DATE = /^-?\d{4,}-\d\d-\d\d/;
const two = n => String(n).padStart(2, "0");
const dayName = s => `${s.day} ${MONTHS[s.month - 1]}`;
const clock = s => s.hour + s.minute ? `${two(s.hour)}:${two(s.minute)}` : dayName(s);
// from the finest to the coarsest: in which period a stamp lies, and what its first stamp is called
const PERIODS = [
  ...[1, 5, 15, 30, 60, 180, 360, 720].map(n => ({ key: s => Math.floor(s.seconds / (60 * n)), name: clock, first: s => `${dayName(s)} ${two(s.hour)}:${two(s.minute)}` })),
  ...[1, 2, 7, 14].map(n => ({ key: s => Math.floor((s.days + 3) / n), name: dayName, first: s => `${dayName(s)} ${s.year}` })),
  ...[1, 3, 6].map(n => ({ key: s => Math.floor((s.year * 12 + s.month - 1) / n), name: s => s.month === 1 ? String(s.year) : MONTHS[s.month - 1],
    first: s => s.month === 1 ? String(s.year) : `${MONTHS[s.month - 1]} ${s.year}` })),
  ...[1, 2, 5, 10, 20, 50, 100].map(n => ({ key: s => Math.floor(s.year / n), name: s => String(s.year), first: s => String(s.year) })),
];

function stampTicks(labels, from, to, most) {
  if (typeof labels[from] === "number") {
    const step = labels.length > 1 ? labels[1] - labels[0] : 1;
    const { ticks } = valueTicks(labels[from], labels[to], most);
    return ticks.filter(t => Number.isInteger((t - labels[0]) / step)).map(t => ({ at: (t - labels[0]) / step, text: String(t) }));
  }
  if (!DATE.test(labels[from])) { // labels of years, such as 2015/16
    const step = Math.ceil((to - from + 1) / most);
    return Array.from({ length: Math.ceil((to - from + 1) / step) }, (_, k) => ({ at: from + k * step, text: labels[from + k * step] }));
  }
  const stamps = [], before = partsBefore(labels, from);
  for (let k = from; k <= to; k++) stamps.push(parts(labels[k]));
  for (const period of PERIODS) {
    const at = [];
    for (let k = before ? 0 : 1; k < stamps.length; k++) if (period.key(stamps[k]) !== period.key(k ? stamps[k - 1] : before)) at.push(k);
    if (at.length <= most && at.length) return at.map((k, n) => ({ at: from + k, text: (n ? period.name : period.first)(stamps[k]) }));
  }
  return [{ at: from, text: labels[from] }];
}

// --- drawing -------------------------------------------------------------------------------------

// values with nulls as a path of their unbroken runs; a value between two gaps would be invisible, so it becomes a point
function linePath(values, begins, from, to, x, y, points) {
  let path = "", run = 0, last = null;
  const close = () => { if (run === 1 && points) points.push(last); run = 0; };
  for (let k = Math.max(from, begins); k <= to && k - begins < values.length; k++) {
    const value = values[k - begins];
    if (value === null) { close(); continue; }
    last = [x(k), y(value)];
    path += `${run ? "L" : "M"}${last[0].toFixed(1)} ${last[1].toFixed(1)}`;
    run++;
  }
  close();
  return path;
}

function bandPath(band, from, to, x, y) {
  const up = [], down = [];
  for (let k = Math.max(from, band.begins); k <= to && k - band.begins < band.low.length; k++) {
    const low = band.low[k - band.begins], high = band.high[k - band.begins];
    if (low === null || high === null) continue;
    up.push(`${x(k).toFixed(1)} ${y(high).toFixed(1)}`);
    down.unshift(`${x(k).toFixed(1)} ${y(low).toFixed(1)}`);
  }
  return up.length ? `M${up.join("L")}L${down.join("L")}Z` : "";
}

function extent(chart) {
  let low = Infinity, high = -Infinity;
  const look = (values, begins) => values.forEach((value, k) => {
    if (value === null || k + begins < chart.from || k + begins > chart.to) return;
    low = Math.min(low, value); high = Math.max(high, value);
  });
  chart.lines.forEach(line => look(line.y, line.begins));
  chart.bands.forEach(band => { look(band.low, band.begins); look(band.high, band.begins); });
  if (low > high) return [0, 1];
  if (low === high) return [low - Math.max(1, Math.abs(low) / 10), high + Math.max(1, Math.abs(high) / 10)];
  if (chart.log) return [low / 1.08, high * 1.08];
  const room = (high - low) * 0.05;
  return [low >= 0 && low < (high - low) * 0.4 ? 0 : low - room, high + room];
}

// chart: { labels, from, to, lines: [{ name, css, y, begins }], bands: [{ name, low, high, begins }], rule, height, log,
// places, axis, unit, title }
function draw(host, chart) {
  const width = Math.max(host.clientWidth || 680, 240), height = chart.height || 300, bottom = chart.axis ? 40 : 24;
  const [low, high] = extent(chart);
  const scale = chart.log ? Math.log : v => v;
  const { ticks, places } = (chart.log ? logTicks : valueTicks)(low, high, Math.max(3, Math.round(height / 60)));
  const texts = ticks.map(t => number(t, places));
  const left = Math.max(...texts.map(t => t.length), 1) * 7 + 10, right = 14, top = chart.unit ? 24 : 8;
  const x = k => chart.to === chart.from ? (left + width - right) / 2 : left + (k - chart.from) / (chart.to - chart.from) * (width - left - right);
  const y = v => top + (scale(high) - scale(v)) / (scale(high) - scale(low)) * (height - top - bottom);
  host.replaceChildren();
  legend(host, chart);
  const root = svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", tabindex: 0, "aria-label": chart.title }, host);
  ticks.forEach((t, k) => {
    svg("line", { class: "grid", x1: left, x2: width - right, y1: y(t), y2: y(t) }, root);
    svg("text", { class: "tick", x: left - 8, y: y(t) + 4, "text-anchor": "end" }, root, texts[k]);
  });
  let taken = -Infinity; // where the last label ends: none is written over another
  for (const tick of stampTicks(chart.labels, chart.from, chart.to, Math.max(2, Math.floor((width - left) / 78)))) {
    svg("line", { class: "grid", x1: x(tick.at), x2: x(tick.at), y1: height - bottom, y2: height - bottom + 4 }, root);
    const anchor = x(tick.at) > width - 40 ? "end" : x(tick.at) < 40 ? "start" : "middle";
    const wide = WIDTH_OF_CHARACTER * tick.text.length;
    const begin = x(tick.at) - wide * { start: 0, middle: 0.5, end: 1 }[anchor];
    if (begin < taken) continue;
    taken = begin + wide + WIDTH_OF_CHARACTER;
    svg("text", { class: "tick", x: x(tick.at), y: height - bottom + 17, "text-anchor": anchor }, root, tick.text);
  }
  if (chart.unit) svg("text", { class: "tick", x: 0, y: 11 }, root, chart.unit);
  if (chart.axis) svg("text", { class: "tick", x: (left + width - right) / 2, y: height - 5, "text-anchor": "middle" }, root, chart.axis);
  if (chart.rule !== undefined && chart.rule > chart.from)
    svg("line", { class: "rule", x1: x(chart.rule), x2: x(chart.rule), y1: top, y2: height - bottom }, root);
  for (const band of chart.bands) svg("path", { class: "band", d: bandPath(band, chart.from, chart.to, x, y) }, root);
  for (const line of chart.lines) {
    const points = [];
    svg("path", { class: `line ${line.css}`, d: linePath(line.y, line.begins, chart.from, chart.to, x, y, points) }, root);
    for (const [cx, cy] of points) svg("circle", { class: `point ${line.css}`, cx, cy, r: 2 }, root);
  }
  follow(host, root, chart, x, top, height - bottom, width);
}

function legend(host, chart) {
  const entries = [...chart.lines.map(l => [l.name, l.css]), ...chart.bands.map((b, k) => [b.name, "band", k])];
  const list = html("ul", { class: "legend" }, host);
  for (const [name, css, depth] of entries.filter(([name]) => name)) {
    const item = html("li", {}, list), swatch = svg("svg", { viewBox: "0 0 26 12", "aria-hidden": "true" }, item);
    // bands lie on each other, so that the inner ones are darker
    if (css === "band") for (let k = 0; k <= depth; k++) svg("rect", { class: "band", width: 26, height: 12, rx: 2 }, swatch);
    else svg("path", { class: `line ${css}`, d: "M1 6L25 6" }, swatch);
    item.append(name);
  }
}

// the values under the pointer; arrow keys move it too
function follow(host, root, chart, x, top, bottom, width) {
  const cursor = svg("line", { class: "cursor", y1: top, y2: bottom, visibility: "hidden" }, root);
  const tip = html("div", { class: "tip", hidden: "", role: "status" }, host);
  let place = null;
  const at = (values, begins) => values[place - begins] ?? null;
  const leave = () => { tip.hidden = true; cursor.setAttribute("visibility", "hidden"); };
  function show(k) {
    place = Math.min(Math.max(k, chart.from), chart.to);
    const rows = [];
    for (const line of chart.lines) { const v = at(line.y, line.begins); if (v !== null) rows.push([line.name, number(v, chart.places)]); }
    for (const band of chart.bands) {
      const low = at(band.low, band.begins);
      if (low !== null && !band.joined(place)) rows.push([band.name, `${number(low, chart.places)} … ${number(at(band.high, band.begins), chart.places)}`]);
    }
    tip.replaceChildren();
    html("b", {}, tip, (chart.axis ? `${chart.axis} ` : "") + chart.labels[place]);
    for (const [name, value] of rows) { const row = html("span", {}, tip); html("i", {}, row, name || "value"); html("em", {}, row, value); }
    tip.hidden = false;
    const share = host.clientWidth / width, near = x(place) * share;
    tip.style.left = `${Math.max(0, near < host.clientWidth / 2 ? near + 12 : near - tip.offsetWidth - 12)}px`;
    cursor.setAttribute("x1", x(place)); cursor.setAttribute("x2", x(place)); cursor.setAttribute("visibility", "visible");
  }
  root.addEventListener("pointermove", event => {
    const box = root.getBoundingClientRect(), px = (event.clientX - box.left) / box.width * width;
    show(Math.round(chart.from + (px - x(chart.from)) / ((x(chart.to) - x(chart.from)) || 1) * (chart.to - chart.from)));
  });
  for (const event of ["pointerleave", "blur"]) root.addEventListener(event, leave);
  root.addEventListener("keydown", event => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") leave();
    if (!move) return;
    event.preventDefault();
    show(place === null ? (move > 0 ? chart.from : chart.to) : place + move);
  });
}
