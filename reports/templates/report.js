"use strict";
// The run, and small helpers. What a trace brings is only ever text: it reaches the page through textContent and
// attributes set one by one, never as markup.

const run = JSON.parse(document.getElementById("run").textContent);
const columns = run.events;
const count = columns.step.length;
const SVG = "http://www.w3.org/2000/svg";
const FAILED = 1, LOST = 2, EFFECT = 4, ANSWER = 8, SILENT = 16; // as in diagram.py

/** A new element: classes, text, attributes; children may be strings. */
function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function byId(id) {
  return document.getElementById(id);
}

/** The index of a step among the events that the page has, or -1. */
function indexOf(step) {
  if (step === null || step === undefined) return -1;
  if (columns.step[step] === step) return step;
  let low = 0, high = count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (columns.step[middle] === step) return middle;
    if (columns.step[middle] < step) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function kindOf(index) {
  return run.kinds[columns.kind[index]];
}

function textOf(index) {
  return run.texts[columns.text[index]];
}

function objectOf(index) {
  const number = columns.object[index];
  return number < 0 ? "" : objectName(number);
}

/** "Secret default/mongo-ca" of "Secret/default/mongo-ca". */
function objectName(number) {
  return run.objects[number].replace("/", " ");
}

function causesOf(index) {
  const causes = columns.cause[index];
  return (typeof causes === "number" ? [causes] : causes).map(indexOf).filter((cause) => cause >= 0);
}

/** What came of each event, made once: a run of 100,000 events has about as many edges. */
const effectsOf = (() => {
  let effects = null;
  return (index) => {
    if (effects === null) {
      effects = new Map();
      for (let later = 0; later < count; later += 1) {
        for (const cause of causesOf(later)) {
          if (effects.has(cause)) effects.get(cause).push(later);
          else effects.set(cause, [later]);
        }
      }
    }
    return effects.get(index) || [];
  };
})();

/** All that one event leads back to, or on to, itself included. */
function closure(index, next) {
  const found = new Set([index]);
  const frontier = [index];
  while (frontier.length && found.size < 20000) {
    for (const other of next(frontier.pop())) {
      if (!found.has(other)) {
        found.add(other);
        frontier.push(other);
      }
    }
  }
  return found;
}

function seconds(time) {
  return `${time.toLocaleString("en", { minimumFractionDigits: 3, maximumFractionDigits: 3 })} s`;
}

function plural(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** `text` in about `width` pixels of the diagram's font; the whole of it is in the tooltip. */
function clipped(text, width, character = 6.3) {
  const most = Math.max(3, Math.floor(width / character));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
