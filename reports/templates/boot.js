// What a reader does: clicks, keys, scrolling, printing.

/** Shows an event: unfolded if need be, in the middle of the diagram, selected. */
function focusOn(index) {
  if (index < 0) return;
  if (!diagram.shown[index]) {
    diagram.shown[index] = 1;
    diagram.selected = index;
    arrange();
  }
  select(index);
  centre(index);
  document.querySelector(".row.selected").scrollIntoView({ block: "center" });
}

function centre(index) {
  const scroller = byId("scroller");
  scroller.scrollTop = Math.max(0, yOf(diagram.rowOf[index]) - scroller.clientHeight / 2);
  redraw(true);
}

function select(index) {
  diagram.selected = index;
  const step = columns.step[index];
  for (const item of document.querySelectorAll(".story li")) item.classList.toggle("current", item.dataset.step === String(step));
  const panel = byId("selected");
  const object = columns.object[index];
  const commit = run.commits.find(([at]) => at === step);
  const facts = [`step ${step}`, seconds(columns.time[index]), kindOf(index), objectOf(index), columns.rv[index] ? `revision ${columns.rv[index]}` : ""];
  const button = (text, act) => {
    const made = make("button", { type: "button" }, text);
    made.addEventListener("click", act);
    return made;
  };
  const jump = (other) => button(`${columns.step[other]}: ${clipped(textOf(other), 320)}`, () => focusOn(other));
  panel.replaceChildren(
    make("h3", {}, textOf(index)),
    make("p", { class: "hint" }, facts.filter(Boolean).join(" · ")),
    commit && commit[5].length ? make("ul", {}, ...commit[5].map((text) => make("li", {}, run.texts[text]))) : null,
    make("div", { class: "tools" },
      button("What led here", () => light(closure(index, causesOf))),
      button("What came of it", () => light(closure(index, effectsOf))),
      object >= 0 ? button(`Follow ${clipped(objectName(object), 260)}`, () => follow(object)) : null,
      button("What was believed here", () => {
        believeAt(step);
        byId("beliefs").scrollIntoView();
      })),
    make("div", { class: "tools causes" }, ...causesOf(index).slice(0, 6).map(jump)));
  panel.hidden = false;
  redraw(true);
}

/** Highlights events, and unfolds the last of those that are folded. */
function light(indices) {
  diagram.lit = indices;
  const folded = [...indices].filter((index) => !diagram.shown[index]).sort((a, b) => a - b);
  for (const index of folded.slice(-REVEAL_MAX)) diagram.shown[index] = 1;
  byId("clear").hidden = false;
  arrange();
  if (diagram.selected >= 0) centre(diagram.selected);
}

function follow(object) {
  const found = new Set();
  for (let index = 0; index < count; index += 1) if (columns.object[index] === object) found.add(index);
  byId("history-object").value = object;
  showHistory();
  light(found);
}

function clearLight() {
  diagram.lit = null;
  byId("clear").hidden = true;
  redraw(true);
}

/** Unfolds a stretch; of a long one its end, which is nearer to what comes of it. */
function unfold(place) {
  const fold = diagram.rows[place];
  if (typeof fold !== "object") return;
  for (let index = Math.max(fold.from, fold.to - REVEAL_MAX + 1); index <= fold.to; index += 1) diagram.shown[index] = 1;
  arrange();
}

function unfoldAll() {
  const all = shownCount() < count;
  diagram.shown.fill(all ? 1 : 0);
  if (!all) {
    for (const step of run.slice) {
      if (indexOf(step) >= 0) diagram.shown[indexOf(step)] = 1;
    }
  }
  arrange();
  centreOnWhatMatters();
}

/** On what is selected, else on what went wrong. */
function centreOnWhatMatters() {
  const anchor = [diagram.selected, wrongIndex, indexOf(run.violation)].find((index) => index >= 0 && diagram.shown[index]);
  if (anchor !== undefined) centre(anchor);
}

function zoom(by) {
  diagram.height = Math.min(56, Math.max(14, diagram.height + by));
  measure();
  redraw(true);
}

function onClick(target) {
  const fold = target.closest("[data-fold]");
  const hit = target.closest("[data-index]");
  if (fold) unfold(Number(fold.dataset.fold));
  else if (hit) select(Number(hit.dataset.index));
}

function startPanning(scroller) {
  let from = null;
  scroller.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) from = { x: event.clientX, y: event.clientY, left: scroller.scrollLeft, top: scroller.scrollTop, moved: false, clicked: false };
  });
  window.addEventListener("pointermove", (event) => {
    if (from === null) return;
    if (!from.moved && Math.hypot(event.clientX - from.x, event.clientY - from.y) < 5) return;
    from.moved = true;
    scroller.classList.add("dragging");
    scroller.scrollLeft = from.left - (event.clientX - from.x);
    scroller.scrollTop = from.top - (event.clientY - from.y);
  });
  window.addEventListener("pointerup", () => {
    scroller.classList.remove("dragging");
    const pressed = from;
    setTimeout(() => { // after the click: one that ends a drag is none, and a row redrawn while it was pressed gets none
      from = null;
      if (pressed !== null && !pressed.moved && !pressed.clicked) onClick(document.elementFromPoint(pressed.x, pressed.y) ?? scroller);
    }, 0);
  });
  scroller.addEventListener("click", (event) => {
    if (from !== null) from.clicked = true;
    if (from === null || !from.moved) onClick(event.target);
  });
}

function startTooltip(canvas) {
  const tooltip = byId("tooltip");
  canvas.addEventListener("pointermove", (event) => {
    const hit = event.target.closest("[data-index]");
    tooltip.hidden = hit === null || event.pointerType !== "mouse";
    if (tooltip.hidden) return;
    const index = Number(hit.dataset.index);
    const corner = canvas.getBoundingClientRect();
    const lasting = bandsAt(event.clientX - corner.left, event.clientY - corner.top);
    tooltip.replaceChildren(...lasting.map((text) => make("div", {}, text)), make("div", {}, textOf(index)), make("div", {}, [seconds(columns.time[index]), objectOf(index), columns.rv[index] ? `revision ${columns.rv[index]}` : ""].filter(Boolean).join(" · ")));
    tooltip.style.left = `${Math.min(event.clientX + 14, window.innerWidth - tooltip.offsetWidth - 8)}px`;
    tooltip.style.top = `${Math.min(event.clientY + 18, window.innerHeight - tooltip.offsetHeight - 8)}px`;
  });
  canvas.addEventListener("pointerleave", () => { tooltip.hidden = true; });
}

function onKey(event) {
  const moves = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key === "Enter" || event.key === " ") {
    if (event.target.closest("[data-fold]")) onClick(event.target);
    else return;
  } else if (event.key in moves) {
    let place = diagram.selected >= 0 ? diagram.rowOf[diagram.selected] : 0;
    do place += moves[event.key]; while (typeof diagram.rows[place] === "object");
    if (typeof diagram.rows[place] === "number") focusOn(diagram.rows[place]);
  } else if (event.key === "Escape") clearLight();
  else return;
  event.preventDefault();
}

async function copyReplay() {
  const text = byId("replay").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch { // a page from disk may not be allowed to
    const range = document.createRange();
    range.selectNodeContents(byId("replay"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand("copy");
  }
  byId("copy").textContent = "Copied";
  setTimeout(() => { byId("copy").textContent = "Copy"; }, 2000);
}

function start() {
  document.documentElement.classList.add("scripted");
  startDiagram();
  startBeliefs();
  const scroller = byId("scroller");
  startPanning(scroller);
  startTooltip(byId("canvas"));
  scroller.addEventListener("keydown", onKey);
  if (diagram.rows.length > DRAW_ALL) centreOnWhatMatters(); // a short one is read from its beginning
  let due = false;
  scroller.addEventListener("scroll", () => {
    if (!due) requestAnimationFrame(() => { due = false; redraw(); });
    due = true;
  });
  scroller.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 2 : -2);
  }, { passive: false });
  const on = (id, act) => byId(id) && byId(id).addEventListener("click", act);
  on("copy", copyReplay);
  on("unfold-all", unfoldAll);
  on("zoom-in", () => zoom(4));
  on("zoom-out", () => zoom(-4));
  on("clear", clearLight);
  on("all-lanes", () => {
    diagram.allLanes = !diagram.allLanes;
    byId("all-lanes").setAttribute("aria-pressed", diagram.allLanes);
    arrange();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-step]");
    if (!link) return;
    event.preventDefault();
    focusOn(indexOf(Number(link.dataset.step)));
  });
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== width && !diagram.printing) { measure(); redraw(true); }
    width = window.innerWidth;
  });
  window.addEventListener("beforeprint", () => { diagram.printing = diagram.rows.length <= 3000; redraw(true); });
  window.addEventListener("afterprint", () => { diagram.printing = false; redraw(true); });
}

start();
