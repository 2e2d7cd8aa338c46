// What one event looks like on its lane, and the arrows between lanes.

const TAGS = { fault: "weather", wrong: run.tag, violation: "violated" };

const wrongIndex = indexOf(run.wrong);

function isWrong(index) {
  return index === wrongIndex && index >= 0 && !run.missing;
}

/** "fault", "wrong", "violation", "failed", "quiet" or "". */
function standing(index) {
  if (index === wrongIndex) return "wrong";
  const kind = kindOf(index);
  if (kind === "violation" || kind === "fault") return kind;
  if (columns.flag[index] & FAILED) return "failed";
  return ["commit", "workload", "crash", "restart", "pause", "resume"].includes(kind) || columns.flag[index] & EFFECT ? "" : "quiet";
}

function cross(x, y, size, name) {
  return draw("path", { class: name, d: `M${x - size} ${y - size}L${x + size} ${y + size}M${x - size} ${y + size}L${x + size} ${y - size}` });
}

function diamond(x, y, size, name) {
  return draw("path", { class: name, d: `M${x} ${y - size}L${x + size} ${y}L${x} ${y + size}L${x - size} ${y}Z` });
}

function dot(x, y, size, name) {
  return draw("circle", { class: name, cx: x, cy: y, r: size });
}

/** The mark of an event at (x, y). */
function markOf(index, x, y) {
  const kind = kindOf(index), flag = columns.flag[index];
  const failed = flag & FAILED ? " failed" : "";
  const shape = draw("g");
  switch (kind) {
    case "workload": shape.append(draw("rect", { class: "mark user", x: x - 5, y: y - 5, width: 10, height: 10 })); break;
    case "commit": shape.append(diamond(x, y, 5.5, "mark commit")); break;
    case "event": shape.append(draw("path", { class: "mark event", d: `M${x - 5} ${y - 4}L${x + 5} ${y - 4}L${x} ${y + 5}Z` })); break;
    case "reply": shape.append(dot(x, y, 3.2, `mark reply${failed}`)); break;
    case "external":
      shape.append(flag & EFFECT ? diamond(x, y, 5.5, "mark effect") : dot(x, y, 3.2, `mark ${flag & ANSWER ? "reply" : ""}${failed}`));
      break;
    case "fault":
      shape.append(draw("path", { class: "mark fault", d: `M${x + 3} ${y - 9}L${x - 6} ${y + 1.5}L${x - 0.5} ${y + 1.5}L${x - 3} ${y + 9}L${x + 6} ${y - 2}L${x + 0.5} ${y - 2}Z` }));
      break;
    case "crash": shape.append(cross(x, y, 6, "cross")); break;
    case "restart": shape.append(dot(x, y, 5.5, "mark restart")); break;
    case "pause":
    case "resume":
      shape.append(draw("path", { class: "mark", d: kind === "pause" ? `M${x - 3} ${y - 6}V${y + 6}M${x + 3} ${y - 6}V${y + 6}` : `M${x - 4} ${y - 6}L${x + 6} ${y}L${x - 4} ${y + 6}Z` }));
      break;
    case "stream":
      shape.append(draw("path", { class: "lost", d: `M${x - 6} ${y + 3}L${x + 2} ${y - 5}M${x - 2} ${y + 5}L${x + 6} ${y - 3}` }));
      break;
    case "reconcile":
    case "reconciled": shape.append(dot(x, y, 2.4, `mark still${failed}`)); break;
    default: shape.append(dot(x, y, 3.2, `mark${failed}`));
  }
  if (index === wrongIndex) {
    if (kind === "commit" || flag & EFFECT) shape.append(diamond(x, y, 5.5, "mark wrong"));
    shape.append(dot(x, y, 10, "ring"));
  }
  return shape;
}

/** An arrow, straight, with an open head; `lost` ends it on its way. */
function arrow(x1, y1, x2, y2, name, lost = false) {
  const shape = draw("g");
  if (lost) {
    const x = x1 + (x2 - x1) * 0.6, y = y1 + (y2 - y1) * 0.6;
    shape.append(draw("path", { class: `arrow ${name}`, d: `M${x1} ${y1}L${x} ${y}` }), cross(x, y, 4.5, "lost"));
    return shape;
  }
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const ux = (x2 - x1) / length, uy = (y2 - y1) / length;
  const tipX = x2 - ux * 6, tipY = y2 - uy * 6; // not under the mark
  shape.append(
    draw("path", { class: `arrow ${name}`, d: `M${x1} ${y1}L${tipX} ${tipY}` }),
    draw("path", { class: `head ${name}`, d: `M${tipX - ux * 6 - uy * 3.5} ${tipY - uy * 6 + ux * 3.5}L${tipX} ${tipY}L${tipX - ux * 6 + uy * 3.5} ${tipY - uy * 6 - ux * 3.5}` }),
  );
  return shape;
}

/** How an event's message came: {kind, from: index or -1, lane}; null if it came from nowhere else. */
function messageOf(index) {
  const kind = kindOf(index), lane = columns.lane[index], peer = columns.peer[index], flag = columns.flag[index];
  const causes = causesOf(index);
  const sent = (test) => causes.find((cause) => test(kindOf(cause)) && columns.lane[cause] !== lane);
  if (kind === "commit" || (kind === "external" && flag & EFFECT)) {
    const from = sent((other) => other === "request" || other === "external");
    return peer < 0 ? null : { kind: isWrong(index) || isWrong(from) ? "command wrong" : "command", from: from ?? -1, lane: peer };
  }
  if (kind === "reply" || (kind === "external" && flag & ANSWER)) {
    if (causes.some((cause) => columns.flag[cause] & LOST)) return null; // what it hears is a silence
    const from = causes.find((cause) => columns.lane[cause] === peer);
    if (flag & SILENT) return from === undefined || peer < 0 ? null : { kind: "reply failed", from, lane: peer, lost: true };
    return peer < 0 ? null : { kind: flag & FAILED ? "reply failed" : "reply", from: from ?? -1, lane: peer };
  }
  if (kind === "event") return peer < 0 ? null : { kind: "watch", from: sent((other) => other === "commit") ?? -1, lane: peer };
  if (kind === "fault" && flag & LOST) {
    const from = causes.find((cause) => columns.lane[cause] !== lane && columns.lane[cause] >= 0);
    return from === undefined ? null : { kind: "reply failed", from, lane: columns.lane[from], lost: true };
  }
  return null;
}

/** Does a request's way to its server need an arrow of its own, because no commit of it is shown? */
function goesAlone(index, isShown) {
  const kind = kindOf(index), flag = columns.flag[index];
  if (columns.peer[index] < 0) return false;
  if (kind === "external" && !(flag & (EFFECT | ANSWER))) return !effectsOf(index).some((later) => columns.flag[later] & EFFECT && isShown(later));
  return kind === "request" && !effectsOf(index).some((later) => kindOf(later) === "commit" && isShown(later));
}

/** A request that, for all that the run tells, never got there: nothing came of it but silence. */
function unanswered(index) {
  return !effectsOf(index).some((later) => ["reply", "commit", "external"].includes(kindOf(later)) && !(columns.flag[later] & SILENT));
}

function legend() {
  const entries = [
    ["command", "M1 6H24", "command"], ["reply", "M1 6H24", "reply"], ["watch", "M1 6H24", "watch event"],
  ].map(([name, path, text]) => make("span", {}, draw("svg", { width: 26, height: 12 }, draw("path", { class: `arrow ${name}`, d: path })), text));
  const marks = [
    [diamond(8, 7, 5, "mark commit"), "write"], [cross(8, 7, 4.5, "cross"), "crash"],
    [draw("rect", { class: "band stale", x: 5, y: 1, width: 6, height: 12 }), "cache behind"],
  ].map(([mark, text]) => make("span", {}, draw("svg", { width: 16, height: 14 }, mark), text));
  return [...entries, ...marks];
}
