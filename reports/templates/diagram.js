// The space-time diagram: time runs downwards, one row an event, in the order in which things happened: virtual time
// has gaps of hours between bursts of microseconds. Only the rows in sight are in the document.

const REVEAL_MAX = 200; // events that one click on a fold reveals
const WHOLE_MAX = 80; // rows that are shown without a scroll bar of their own
const DRAW_ALL = 400; // so many rows are drawn at once, without watching the scroll bar

const diagram = {
  shown: new Uint8Array(count), // 1: the event has a row of its own
  rows: [], // an event's index, or {from, to}: events that are folded
  rowOf: new Int32Array(count), // of a folded event, its fold's row
  lanes: [], // numbers of the lanes that are drawn
  x: new Map(), // lane -> where it is
  height: 24,
  allLanes: false,
  lit: null, // the events that are highlighted, or null
  selected: -1,
  window: [0, 0],
  passes: [],
};

function startDiagram() {
  for (const step of run.slice) if (indexOf(step) >= 0) diagram.shown[indexOf(step)] = 1;
  for (let index = 0; index < count; index += 1) {
    if (kindOf(index) === "reconciled") {
      const begin = causesOf(index).find((cause) => kindOf(cause) === "reconcile");
      if (begin !== undefined) diagram.passes.push([columns.lane[index], begin, index]);
    }
  }
  byId("legend").append(...legend());
  arrange();
}

function shownCount() {
  let total = 0;
  for (let index = 0; index < count; index += 1) total += diagram.shown[index];
  return total;
}

// ------------------------------------------------------------------------------------------------------------ layout

/** Rows and lanes anew, after something was folded or unfolded, or the page's width changed. */
function arrange() {
  diagram.rows = [];
  for (let index = 0; index < count; index += 1) {
    const last = diagram.rows[diagram.rows.length - 1];
    if (diagram.shown[index]) diagram.rows.push(index);
    else if (typeof last === "object") last.to = index;
    else diagram.rows.push({ from: index, to: index });
    diagram.rowOf[index] = diagram.rows.length - 1;
  }
  const needed = new Set();
  for (const row of diagram.rows) {
    if (typeof row === "number") needed.add(columns.lane[row]).add(columns.peer[row]);
  }
  diagram.lanes = run.lanes.map((lane, number) => number).filter((number) => diagram.allLanes || needed.has(number));
  measure();
  const visible = shownCount();
  byId("unfold-all").textContent = visible < count ? `Show all ${count.toLocaleString("en")} events` : "Only what explains it";
  byId("diagram-hint").textContent = visible < count
    ? `Time runs downwards, one row an event. Shown: ${plural(visible, "event")}; ${(count - visible).toLocaleString("en")} that explain nothing are folded. Click an event for its causes and its object.`
    : "Time runs downwards, one row an event. Click an event for its causes and its object.";
  redraw(true);
}

function measure() {
  const width = byId("scroller").clientWidth || 900;
  diagram.narrow = width < 720;
  const left = diagram.narrow ? 12 : 78;
  const room = diagram.narrow ? width - 24 : Math.max(260, width * 0.52 - left);
  const lanes = Math.max(1, diagram.lanes.length);
  diagram.laneWidth = Math.max(diagram.narrow ? 42 : 58, Math.min(diagram.narrow ? 110 : 150, room / lanes)) * Math.max(1, diagram.height / 24);
  diagram.lanes.forEach((lane, place) => diagram.x.set(lane, left + diagram.laneWidth * (place + 0.5)));
  diagram.left = left;
  diagram.right = left + diagram.laneWidth * lanes;
  diagram.rowHeight = diagram.narrow ? diagram.height + 16 : diagram.height;
  diagram.width = diagram.narrow ? Math.max(width, diagram.right + 12) : Math.max(width, diagram.right + 380);
  diagram.foldHeight = Math.max(14, Math.round(diagram.height * 0.7));
  diagram.tops = new Float64Array(diagram.rows.length + 1);
  diagram.rows.forEach((row, place) => { diagram.tops[place + 1] = diagram.tops[place] + heightOf(row); });
  byId("scroller").classList.toggle("long", diagram.rows.length > WHOLE_MAX);
  byId("canvas").style.height = `${diagram.tops[diagram.rows.length]}px`;
  byId("canvas").style.width = `${diagram.width}px`;
  byId("lane-names").replaceChildren(laneNames());
}

function laneNames() {
  const fits = ([name]) => name.length * 6.6 <= diagram.laneWidth - 6;
  const slanted = diagram.narrow || !diagram.lanes.every((lane) => fits(run.lanes[lane]));
  const height = slanted ? 72 : 38;
  const sheet = draw("svg", { width: diagram.width, height, viewBox: `0 0 ${diagram.width} ${height}` });
  let group = "";
  for (const lane of diagram.lanes) {
    const [name, kind] = run.lanes[lane];
    const x = diagram.x.get(lane);
    const marked = `${kind === "under test" ? "name under-test" : "name"}${slanted ? " slanted" : ""}`;
    const place = slanted ? { transform: `translate(${x} 66) rotate(-35)` } : { x, y: 31 };
    sheet.append(draw("text", { class: marked, ...place }, clipped(name, slanted ? 96 : diagram.laneWidth - 6, 6.6), draw("title", {}, `${name} (${kind})`)));
    if (!slanted && kind !== group && kind !== name) sheet.append(draw("text", { class: "group-name", x, y: 14 }, kind));
    group = kind;
  }
  return sheet;
}

/** What is folded takes less room than what is told. */
function heightOf(row) {
  return typeof row === "number" ? diagram.rowHeight : diagram.foldHeight;
}

/** Where the mark of a row stands; on a narrow page its words stand above it. */
function yOf(place) {
  const height = heightOf(diagram.rows[place]);
  return diagram.tops[place] + (diagram.narrow && height === diagram.rowHeight ? height - diagram.height / 2 : height / 2);
}

/** The row at a height of the canvas. */
function rowAt(y) {
  let low = 0, high = diagram.rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (diagram.tops[middle] <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

// ----------------------------------------------------------------------------------------------------------- drawing

/** Draws the rows in sight, and as many again on both sides. */
function redraw(force = false) {
  const scroller = byId("scroller");
  const total = diagram.rows.length;
  let from = 0, to = total;
  if (total > DRAW_ALL && !diagram.printing) {
    const inSight = Math.ceil(scroller.clientHeight / diagram.foldHeight) + 1;
    const first = rowAt(scroller.scrollTop);
    if (!force && first - inSight / 2 >= diagram.window[0] && Math.min(total, first + inSight * 1.5) <= diagram.window[1]) return;
    from = Math.max(0, first - inSight);
    to = Math.min(total, first + inSight * 2);
  }
  diagram.window = [from, to];
  const top = diagram.tops[from], height = Math.max(1, diagram.tops[to] - top);
  const sheet = draw("svg", { width: diagram.width, height, viewBox: `0 ${top} ${diagram.width} ${height}` });
  sheet.style.top = `${top}px`;
  const layers = ["rows", "bands", "lanes", "passes", "arrows", "marks", "labels"].map((name) => draw("g", { class: name }));
  const [rows, bands, lanes, passes, arrows, marks, labels] = layers;
  for (const lane of diagram.lanes) {
    const x = diagram.x.get(lane);
    lanes.append(draw("line", { class: run.lanes[lane][1] === "under test" ? "lane under-test" : "lane", x1: x, x2: x, y1: top, y2: top + height }));
  }
  drawBands(bands, from, to);
  for (const [lane, begin, end] of diagram.passes) drawPass(passes, lane, begin, end, from, to);
  let before = -1;
  for (let place = from; place < to; place += 1) {
    const row = diagram.rows[place];
    if (typeof row === "number") {
      drawRow(row, place, before, { rows, arrows, marks, labels });
      before = columns.time[row];
    } else {
      rows.append(drawFold(row, place));
    }
  }
  sheet.append(...layers);
  byId("canvas").replaceChildren(sheet);
}

function drawRow(index, place, before, layer) {
  const y = yOf(place), lane = columns.lane[index], state = standing(index);
  const dim = diagram.lit !== null && !diagram.lit.has(index) ? " dim" : "";
  const box = { x: 0, y: diagram.tops[place], width: diagram.width, height: diagram.rowHeight };
  layer.rows.append(draw("rect", { ...box, class: `row ${["wrong", "fault"].includes(state) ? state : ""}${index === diagram.selected ? " selected" : ""}`, "data-index": index }));
  if (!diagram.x.has(lane) || lane < 0) {
    layer.arrows.append(draw("line", { class: `across ${state}${dim}`, x1: diagram.left, x2: diagram.right, y1: y, y2: y }));
  } else {
    const mark = markOf(index, diagram.x.get(lane), y);
    mark.setAttribute("class", `event-mark kind-${kindOf(index)}${dim}`);
    mark.setAttribute("data-index", index);
    layer.marks.append(mark);
  }
  drawMessages(index, place, layer.arrows);
  drawLabel(index, place, before, state, dim, layer.labels);
}

function drawLabel(index, place, before, state, dim, layer) {
  const time = columns.time[index];
  const tag = state === "fault" || state === "wrong" || state === "violation" ? `${TAGS[state].toUpperCase()}: ` : "";
  const words = `${tag}${textOf(index)}`;
  const character = tag ? 7.4 : 6.3; // what stands out is bold
  if (diagram.narrow) {
    const y = diagram.tops[place] + 13;
    layer.append(draw("text", { class: `label ${state}${dim}`, x: 6, y }, clipped(time === before ? words : `${seconds(time)}  ${words}`, diagram.width - 12, character)));
    return;
  }
  const y = yOf(place) + 4;
  if (time !== before) layer.append(draw("text", { class: `time${dim}`, x: diagram.left - 10, y }, seconds(time)));
  layer.append(draw("text", { class: `label ${state}${dim}`, x: diagram.right + 12, y }, clipped(words, diagram.width - diagram.right - 20, character)));
}

/** Arrows into this event; those that leave for events beyond the window are drawn from here as well. */
function drawMessages(index, place, layer) {
  const isShown = (other) => diagram.shown[other] === 1;
  drawIncoming(index, place, layer);
  if (goesAlone(index, isShown) && diagram.x.has(columns.peer[index])) {
    const x = diagram.x.get(columns.lane[index]), y = yOf(place);
    const shape = arrow(x, y, diagram.x.get(columns.peer[index]), y + diagram.rowHeight * 0.4, isWrong(index) ? "command wrong" : "command", unanswered(index));
    layer.append(dimmed(shape, index));
  }
  for (const later of effectsOf(index)) {
    if (isShown(later) && diagram.rowOf[later] >= diagram.window[1]) drawIncoming(later, diagram.rowOf[later], layer);
  }
}

function drawIncoming(index, place, layer) {
  const message = messageOf(index);
  const x2 = diagram.x.get(columns.lane[index]), y2 = yOf(place);
  if (message === null || x2 === undefined) return;
  const seen = message.from >= 0 && diagram.shown[message.from] === 1 && diagram.x.has(columns.lane[message.from]);
  const x = diagram.x.get(message.lane);
  if (seen && columns.lane[message.from] === message.lane) {
    layer.append(dimmed(arrow(x, yOf(diagram.rowOf[message.from]), x2, y2, message.kind, message.lost), index));
  } else if (x !== undefined) {
    const y1 = y2 - diagram.rowHeight * 0.45;
    layer.append(dimmed(arrow(x, y1, x2, y2, message.kind, message.lost), index));
    if (seen) { // committed at one server, heard from another: how far that one lags behind
      const d = `M${diagram.x.get(columns.lane[message.from])} ${yOf(diagram.rowOf[message.from])}L${x} ${y1}`;
      layer.append(dimmed(draw("path", { class: "arrow spread", d }), index));
    }
  }
}

function dimmed(shape, index) {
  if (diagram.lit !== null && !diagram.lit.has(index)) shape.classList.add("dim");
  return shape;
}

function drawPass(layer, lane, begin, end, from, to) {
  const first = diagram.rowOf[begin], last = diagram.rowOf[end];
  if (last < from || first >= to || !diagram.x.has(lane) || !(diagram.shown[begin] || diagram.shown[end])) return;
  layer.append(draw("rect", { class: "pass", x: diagram.x.get(lane) - 5, y: yOf(first) - 4, width: 10, height: Math.max(8, yOf(last) - yOf(first) + 8), rx: 3 }));
}

const BAND_PLACE = { pause: [-13, 26], down: [-13, 26], weather: [-20, 5], stale: [15, 5] };

function drawBands(layer, from, to) {
  for (const [lane, begin, end, kind, text] of run.bands) {
    const first = diagram.rowOf[nearest(begin)], last = diagram.rowOf[nearest(end)];
    if (last < from || first >= to || last <= first || !diagram.x.has(lane)) continue;
    const [offset, width] = BAND_PLACE[kind];
    const x = diagram.x.get(lane) + offset, y = yOf(first), height = yOf(last) - y;
    layer.append(draw("rect", { class: `band ${kind}`, x, y, width, height, rx: 2 }));
    if (height >= 40 && !diagram.narrow) {
      const spot = kind === "stale" ? x + width + 11 : x - 5;
      layer.append(draw("text", { class: "band-text", transform: `translate(${spot} ${y + height / 2}) rotate(-90)`, "text-anchor": "middle" }, clipped(text, height, 5.4)));
    }
  }
}

/** What lasts at a point of the canvas, in words. */
function bandsAt(x, y) {
  const place = rowAt(y);
  return run.bands.filter(([lane, begin, end]) => Math.abs((diagram.x.get(lane) ?? -99) - x) < 24
    && diagram.rowOf[nearest(begin)] <= place && place <= diagram.rowOf[nearest(end)])
    .map(([lane, begin, end, , text]) => `${run.lanes[lane][0]}: ${text}, ${seconds(columns.time[nearest(end)] - columns.time[nearest(begin)])}`);
}

/** The event at or after a step that the page may not have. */
function nearest(step) {
  const index = indexOf(step);
  if (index >= 0) return index;
  const after = columns.step.findIndex((other) => other >= step);
  return after < 0 ? count - 1 : after;
}

function drawFold(fold, place) {
  const folded = fold.to - fold.from + 1;
  const words = `${plural(folded, "event")} folded${folded > REVEAL_MAX ? ` (click for the last ${REVEAL_MAX})` : ""}`;
  const x = diagram.narrow ? 12 : diagram.right + 12;
  return draw("g", { class: "fold", "data-fold": place, role: "button", tabindex: 0, "aria-label": `Show ${words}` },
    draw("rect", { x: 0, y: diagram.tops[place], width: diagram.width, height: diagram.foldHeight }),
    draw("text", { x, y: diagram.tops[place] + diagram.foldHeight / 2 + 4 }, `▸ ${words}`));
}
