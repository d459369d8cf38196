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

  // The text of each walk, once: a filter looks at it at every key.
  const texts = walks.map((element) => element.textContent.toLowerCase());
  const rows = (element) => all("tr[data-step]", element);
  const visible = () => walks.filter((element) => !element.hidden);
  const isShown = (element) => element ? !element.hidden : false;

  // Brings what is pointed at into the map's window, and leaves the page where it is.
  function show(place) {
    const figure = place.closest(".figure");
    const rect = place.querySelector("rect.spot");
    const y = Number(rect.getAttribute("y"));
    const isSeen = y > figure.scrollTop ? figure.scrollTop + figure.clientHeight > y + 30 : false;
    if (!isSeen) figure.scrollTop = Math.max(0, y - figure.clientHeight / 2);
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

  // Draws the walk's way on the map: its devices, and a line through them.
  function drawWay(element) {
    clear("passed");
    for (const line of all("polyline.walked")) line.remove();
    let points = [];
    let svg = null;
    const end = () => {
      if (points.length > 1) {
        const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
        line.setAttribute("class", "walked");
        line.setAttribute("points", points.join(" "));
        svg.append(line);
      }
      points = [];
    };
    for (const step of rows(element)) {
      if (step.dataset.part !== "request") continue;
      for (const place of places.get(step.dataset.place) || []) {
        place.classList.add("passed");
        const rect = place.querySelector("rect.spot");
        if (place.ownerSVGElement !== svg) end();
        svg = place.ownerSVGElement;
        const x = Number(rect.getAttribute("x")) + Number(rect.getAttribute("width")) / 2;
        const y = Number(rect.getAttribute("y")) + 19;
        points.push(x + "," + y);
      }
    }
    end();
  }

  function chooseWalk(element) {
    if (walk === element) return;
    walk = element;
    row = null;
    clear("current");
    clear("chosen");
    if (!walk) return;
    walk.classList.add("chosen");
    drawWay(walk);
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
    row.scrollIntoView({ block: "nearest" });
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
    next.scrollIntoView({ block: "start" });
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
    if (!isShown(walk)) chooseWalk(null);
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
      filter.value = place.dataset.place.split("/").pop();
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
