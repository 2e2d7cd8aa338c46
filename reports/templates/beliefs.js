// What a component had been told against what was true, at any moment; and the history of one object.

const OBJECTS_SHOWN = 60; // objects in one list; the rest is counted

/** object number -> {rv, step} as the store had it just before `step`. */
function storeAt(step) {
  const stored = new Map();
  for (const [at, object, rv, deleted] of run.commits) {
    if (at >= step) break;
    if (deleted) stored.delete(object);
    else stored.set(object, rv);
  }
  return stored;
}

/** object number -> revision, as the component held it just before `step`; 0 is "held once, not now". */
function beliefAt(component, step) {
  const held = new Map();
  for (const [at, object, rv] of run.beliefs[component] || []) {
    if (at >= step) break;
    held.set(object, rv);
  }
  return held;
}

/** Leaves of a JSON value: path -> text. */
function leaves(value, path = "", found = new Map()) {
  if (value !== null && typeof value === "object" && Object.keys(value).length) {
    for (const [key, inner] of Object.entries(value)) {
      leaves(inner, Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key, found);
    }
  } else {
    found.set(path, typeof value === "string" ? value : JSON.stringify(value));
  }
  return found;
}

function compare(component, step) {
  const stored = storeAt(step), held = beliefAt(component, step);
  const rows = [];
  for (const object of new Set([...held.keys(), ...stored.keys()])) {
    const ours = held.get(object) || 0, theirs = stored.get(object) || 0;
    if (!held.has(object) && !listedWhole(component, run.objects[object])) continue; // it never asked for such things
    if (!ours && !theirs) continue;
    const what = ours === theirs ? "equal" : !ours ? "unknown" : !theirs ? "gone" : ours < theirs ? "older" : "differs";
    rows.push({ object, ours, theirs, what });
  }
  const order = ["older", "gone", "unknown", "differs", "equal"];
  return rows.sort((a, b) => order.indexOf(a.what) - order.indexOf(b.what) || (run.objects[a.object] < run.objects[b.object] ? -1 : 1));
}

function listedWhole(component, name) {
  return (run.whole[component] || []).some((listed) => name.startsWith(`${listed}/`));
}

const BELIEFS = {
  older: "out of date", gone: "gone from the store", unknown: "not in its cache", differs: "differs", equal: "equal",
};

function showBeliefs() {
  const component = byId("believer").value, step = Number(byId("moment").value);
  byId("moment-range").value = step;
  const rows = compare(component, step);
  const differing = rows.filter((row) => row.what !== "equal");
  const index = nearest(Math.min(step, columns.step[count - 1]));
  const when = count ? `just before step ${step} (${seconds(columns.time[index])})` : "";
  byId("belief-summary").textContent = !component ? "Nobody heard anything in this run."
    : rows.length === 0 ? `${component} held nothing, and had asked for nothing, ${when}.`
    : differing.length === 0 ? `${component}'s cache equals the store ${when}: ${plural(rows.length, "object")}.`
    : `${component} is wrong about ${differing.length} of ${plural(rows.length, "object")} ${when}.`;
  const listed = byId("show-equal").checked || !differing.length ? rows : differing;
  byId("belief-list").replaceChildren(...listed.slice(0, OBJECTS_SHOWN).map((row, place) => beliefRow(row, place < 5)));
  if (listed.length > OBJECTS_SHOWN) byId("belief-list").append(make("p", { class: "hint" }, `and ${listed.length - OBJECTS_SHOWN} more`));
}

function beliefRow(row, open) {
  const told = row.what === "older" || row.what === "differs" ? `revision ${row.ours} in its cache, ${row.theirs} in the store`
    : row.what === "gone" ? `revision ${row.ours} in its cache, not in the store`
    : row.what === "unknown" ? `revision ${row.theirs} in the store` : `revision ${row.ours}`;
  const details = make("details", { class: `object ${row.what}`, open: open && row.what !== "equal" },
    make("summary", {}, make("b", { class: "tag" }, BELIEFS[row.what]), ` ${objectName(row.object)} `, make("span", { class: "quiet" }, `(${told})`)));
  const fillIn = () => { if (details.open && details.childElementCount === 1) details.append(...differences(row)); };
  details.addEventListener("toggle", fillIn);
  fillIn();
  return details;
}

const NAMING = /^(apiVersion|kind|metadata\.(name|namespace|uid|generation|creationTimestamp|resourceVersion)|metadata\.ownerReferences\[\d+\]\.(?!name$).*)$/;

function differences(row) {
  const ours = row.ours ? run.values[`${row.object}:${row.ours}`] : null;
  const theirs = row.theirs ? run.values[`${row.object}:${row.theirs}`] : null;
  if (ours === undefined || theirs === undefined) return changesBetween(row);
  const left = ours === null ? new Map() : leaves(ours), right = theirs === null ? new Map() : leaves(theirs);
  const lonely = ours === null || theirs === null; // then what merely names it is no difference
  const paths = [...new Set([...left.keys(), ...right.keys()])]
    .filter((path) => left.get(path) !== right.get(path) && !(lonely ? NAMING : /^metadata\.resourceVersion$/).test(path));
  if (!paths.length) return [make("p", { class: "hint" }, lonely ? "Nothing but its name and uid." : "The same contents.")];
  const cell = (side, path, tag) => make("td", {}, side.has(path) ? make(tag, {}, side.get(path)) : make("i", { class: "quiet" }, "not there"));
  return [make("div", { class: "wide" }, make("table", { class: "diff" },
    make("tr", {}, make("th", {}, "field"), make("th", {}, "its cache"), make("th", {}, "the store")),
    ...paths.slice(0, 200).map((path) => make("tr", {}, make("td", {}, path), cell(left, path, "del"), cell(right, path, "ins")))))];
}

/** Where the contents were left out of a large report: what changed between the two revisions. */
function changesBetween(row) {
  const low = Math.min(row.ours, row.theirs || Infinity), high = Math.max(row.ours, row.theirs);
  const commits = run.commits.filter(([, object, rv]) => object === row.object && rv > low && rv <= high);
  const changes = commits.flatMap(([, , rv, , , texts]) => texts.map((text) => `revision ${rv}: ${run.texts[text]}`));
  return [make("p", { class: "hint" }, "The contents are left out of this report; see trace.jsonl. What changed in between:"),
    make("ul", {}, ...(changes.length ? changes : ["not told"]).slice(0, 100).map((text) => make("li", {}, text)))];
}

function showHistory() {
  const number = Number(byId("history-object").value);
  const commits = run.commits.filter((commit) => commit[1] === number);
  const rows = commits.slice(-300).map(([step, , rv, deleted, writer, changes]) => {
    const index = indexOf(step);
    const go = make("button", { type: "button" }, String(step));
    go.addEventListener("click", () => focusOn(index));
    const told = deleted ? ["deleted"] : changes.length ? changes.map((text) => run.texts[text]) : ["created"];
    return make("tr", { class: index === wrongIndex ? "wrong" : null },
      make("td", {}, rv ? String(rv) : "?"), make("td", {}, index < 0 ? "" : seconds(columns.time[index])),
      make("td", {}, run.texts[writer]), make("td", {}, ...told.map((line) => make("div", {}, line)), index === wrongIndex ? make("b", { class: "tag" }, TAGS.wrong) : null),
      make("td", {}, index < 0 ? String(step) : go));
  });
  byId("history").replaceChildren(
    make("tr", {}, ...["revision", "time", "written by", "what changed", "step"].map((title) => make("th", {}, title))), ...rows);
}

function startBeliefs() {
  const components = Object.keys(run.beliefs);
  byId("believer").append(...components.map((name) => make("option", { value: name, selected: name === run.believer }, name)));
  const last = count ? columns.step[count - 1] + 1 : 0;
  for (const id of ["moment", "moment-range"]) byId(id).max = last;
  byId("moment").value = run.moment;
  byId("moment-wrong").textContent = wrongIndex < 0 ? "At the violation" : run.missing ? "At the pass that wrote nothing" : `At the ${run.tag}`;
  byId("moment-wrong").addEventListener("click", () => believeAt(run.moment));
  byId("moment-end").addEventListener("click", () => believeAt(last));
  byId("moment-range").addEventListener("input", () => believeAt(Number(byId("moment-range").value)));
  for (const id of ["believer", "moment", "show-equal"]) byId(id).addEventListener("change", showBeliefs);
  const written = new Map();
  for (const [, object] of run.commits) written.set(object, (written.get(object) || 0) + 1);
  const numbers = [...written.keys()].sort((a, b) => (run.objects[a] < run.objects[b] ? -1 : 1));
  const chosen = mostTold(numbers);
  byId("history-object").append(...numbers.slice(0, 3000).map((number) =>
    make("option", { value: number, selected: number === chosen }, `${clipped(objectName(number), 500)} (${plural(written.get(number), "write")})`)));
  byId("history-object").addEventListener("change", showHistory);
  showBeliefs();
  showHistory();
}

/** The object whose history is told first: that of the wrong write, else the one that the slice writes most. */
function mostTold(numbers) {
  if (wrongIndex >= 0 && numbers.includes(columns.object[wrongIndex])) return columns.object[wrongIndex];
  const told = new Map();
  for (const [step, object, , , writer] of run.commits) {
    if (diagram.shown[indexOf(step)] && run.texts[writer] !== "store") told.set(object, (told.get(object) || 0) + 1);
  }
  return [...told.keys()].sort((a, b) => told.get(b) - told.get(a))[0] ?? numbers[0];
}

function believeAt(step) {
  byId("moment").value = step;
  showBeliefs();
}
