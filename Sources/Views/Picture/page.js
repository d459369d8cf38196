// Makes a page of walks one to step through. Without it everything is there to read, and folds by itself.
// No ampersand and no less-than sign stand here, so that the page is well-formed XML too.
"use strict";
(() => {
  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const walks = all("details.walk");
  const filter = document.getElementById("filter");
  const failed = document.getElementById("failed");
  const shown = document.getElementById("shown");
  let walk = null;
  let row = null;

  for (const element of all("[data-script]")) element.hidden = false;

  const rows = (element) => all("tr[data-step]", element);
  // The text of each walk and the devices that it passes, once: a filter looks at it at every key.
  const texts = walks.map((element) =>
    [element.textContent].concat(rows(element).map((line) => line.dataset.place)).join(" ").toLowerCase());
  const visible = () => walks.filter((element) => !element.hidden);
  const isShown = (element) => element ? !element.hidden : false;

  // Scrolls the page to what is below its header, which stays in view.
  function bring(element, block) {
    document.documentElement.style.scrollPaddingTop = document.querySelector("header").offsetHeight + 12 + "px";
    element.scrollIntoView({ block: block });
  }

  // Brings what is pointed at into the map's window, and leaves the page where it is.
  function show(place) {
    const figure = place.closest(".figure");
    const rect = place.querySelector("rect.spot");
    const [x, y] = ["x", "y"].map((name) => Number(rect.getAttribute(name)));
    const right = x + Number(rect.getAttribute("width"));
    const isIn = (from, to, start, length) => from > start ? start + length > to : false;
    if (!isIn(y, y + 30, figure.scrollTop, figure.clientHeight)) figure.scrollTop = y - figure.clientHeight / 2;
    if (!isIn(x, right, figure.scrollLeft, figure.clientWidth)) figure.scrollLeft = x - figure.clientWidth / 2;
  }

  // The devices of the map, by namespace/device: a namespace may be drawn twice.
  const places = new Map();
  for (const place of all("g.place")) {
    const name = place.dataset.place;
    if (!places.has(name)) places.set(name, []);
    places.get(name).push(place);
  }

  function clear(name) {
    for (const element of all("." + name)) element.classList.remove(name);
  }

  // The wires of the map, by the devices at their ends.
  const wires = new Map();
  for (const wire of all("g.link")) {
    for (const name of [wire.dataset.from + " " + wire.dataset.to, wire.dataset.to + " " + wire.dataset.from]) {
      if (!wires.has(name)) wires.set(name, []);
      wires.get(name).push(wire);
    }
  }

  const namespace = (place) => place.dataset.place.slice(0, place.dataset.place.lastIndexOf("/"));

  // A line from one device of a box to another, left of their names.
  function joinWithin(one, two) {
    if (one.ownerSVGElement !== two.ownerSVGElement) return;
    if (namespace(one) !== namespace(two)) return;
    const [from, to] = [one, two].map((place) => {
      const rect = place.querySelector("rect.spot");
      return { x: Number(rect.getAttribute("x")), y: Number(rect.getAttribute("y")) + 10 };
    });
    // Ports hang on a line of the drawing.
    const x = from.x === to.x ? from.x - 5 : Math.max(from.x, to.x) - 10;
    const end = (point, other) => {
      if (point.x > x) return [point.x + "," + point.y, x + "," + point.y];
      return [x + "," + (point.y + (other.y > point.y ? 10 : -10))];
    };
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    line.setAttribute("class", "walked");
    line.setAttribute("points", end(from, to).concat(end(to, from).reverse()).join(" "));
    one.ownerSVGElement.append(line);
  }

  // Marks the walk's path on the map: its devices, and what joins them.
  function drawPath(element) {
    let before = null;
    for (const step of rows(element)) {
      if (step.dataset.part !== "request") continue;
      const here = step.dataset.place;
      if (here === before) continue;
      if (!places.has(here)) continue;
      for (const place of places.get(here)) place.classList.add("passed");
      if (before === null) {
        show(places.get(here)[0]);
      } else if (wires.has(before + " " + here)) {
        for (const wire of wires.get(before + " " + here)) wire.classList.add("passed");
      } else {
        for (const one of places.get(before)) for (const two of places.get(here)) joinWithin(one, two);
      }
      before = here;
    }
  }

  function chooseWalk(element) {
    if (walk === element) return;
    walk = element;
    row = null;
    for (const name of ["current", "chosen", "passed"]) clear(name);
    for (const line of all("polyline.walked")) line.remove();
    if (!walk) return;
    walk.classList.add("chosen");
    drawPath(walk);
  }

  function chooseRow(next, opens) {
    chooseWalk(next.closest("details.walk"));
    walk.open = true;
    for (const element of all("tr[data-step] details[open]", walk)) {
      if (!next.contains(element)) element.open = false;
    }
    row = next;
    clear("current");
    row.classList.add("current");
    for (const stop of all("g.stop", walk)) {
      const numbers = stop.dataset.steps.split(" ");
      const isPart = stop.dataset.part === row.dataset.part;
      stop.classList.toggle("current", isPart ? numbers.includes(row.dataset.step) : false);
    }
    for (const place of places.get(row.dataset.place) || []) {
      place.classList.add("current");
      show(place);
    }
    const evidence = row.querySelector("details");
    if (evidence) evidence.open = evidence.open || opens;
    bring(row, "nearest");
  }

  function step(distance) {
    const from = isShown(walk) ? walk : visible()[0];
    if (!from) return;
    const list = rows(from);
    if (list.length === 0) return chooseWalk(from);
    const here = walk === from ? list.indexOf(row) : -1;
    const at = here >= 0 ? here + distance : distance > 0 ? 0 : list.length - 1;
    chooseRow(list[Math.max(0, Math.min(list.length - 1, at))], true);
  }

  function turn(distance) {
    const list = visible();
    if (list.length === 0) return;
    const at = isShown(walk) ? list.indexOf(walk) + distance : 0;
    const next = list[Math.max(0, Math.min(list.length - 1, at))];
    chooseWalk(next);
    next.open = true;
    bring(next, "start");
  }

  function foldAll() {
    const list = visible();
    const opens = !list.some((element) => element.open);
    for (const element of list) element.open = opens;
  }

  function choose() {
    const words = filter ? filter.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
    walks.forEach((element, index) => {
      const fits = words.every((word) => texts[index].includes(word));
      const isWanted = failed.checked ? element.classList.contains("failed") : true;
      element.hidden = fits ? !isWanted : true;
    });
    const count = visible().length;
    if (shown) shown.textContent = count === walks.length ? "" : count + " of " + walks.length + " shown";
    if (!isShown(walk)) chooseWalk(visible()[0] || null);
  }

  document.addEventListener("click", (event) => {
    const stop = event.target.closest("g.stop");
    if (stop) {
      const number = stop.dataset.steps.split(" ")[0];
      const found = rows(stop.closest("details.walk")).find(
        (element) => element.dataset.part === stop.dataset.part ? element.dataset.step === number : false);
      if (found) chooseRow(found, true);
      return;
    }
    const place = event.target.closest("g.place");
    if (place) {
      if (!filter) return;
      filter.value = place.dataset.place;
      choose();
      return;
    }
    const line = event.target.closest("tr[data-step]");
    if (line) return chooseRow(line, !event.target.closest("summary"));
    const summary = event.target.closest("details.walk > summary");
    if (summary) chooseWalk(summary.parentElement);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target === filter) {
      if (event.key === "Escape") {
        filter.value = "";
        choose();
        filter.blur();
      } else if (event.key === "Enter") {
        filter.blur();
        turn(0);
      }
      return;
    }
    const actions = {
      j: () => step(1), ArrowRight: () => step(1), k: () => step(-1), ArrowLeft: () => step(-1),
      n: () => turn(1), p: () => turn(-1), f: foldAll,
      o: () => { if (walk) walk.open = !walk.open; },
      "/": () => { if (filter) filter.focus(); },
    };
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  });

  if (filter) filter.addEventListener("input", choose);
  if (failed) failed.addEventListener("change", choose);
  const fold = document.getElementById("fold");
  if (fold) fold.addEventListener("click", foldAll);
  if (walks.length > 0) chooseWalk(walks.find((element) => element.classList.contains("failed")) || walks[0]);
})();
