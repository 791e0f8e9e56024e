// The report's behaviour: choosing a node in any picture shows it in the details and in all pictures.
"use strict";
(() => {
  const about = JSON.parse(document.getElementById("about").textContent);
  const details = document.getElementById("panel");
  const nodes = new Map(about.operators.map((node) => [`${node.subgraph}:${node.index}`, node]));
  const order = [...nodes.keys()];
  const places = new Map();
  for (const place of about.plan ? about.plan.places : []) {
    const key = place.kind === "scratch" ? `scratch ${place.subgraph}:${place.first - 1}`
      : `${place.subgraph}:${place.tensor}`;
    places.set(key, place);
  }
  let chosen = null;

  // Text never becomes markup: names in a model may hold anything.
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null && child !== ""));
    return element;
  }
  const number = (value) => value.toLocaleString("en-US");
  const bytes = (value) => `${number(value)} byte${value === 1 ? "" : "s"}`;
  const precise = (value) => Number(value.toPrecision(6)).toString();

  function quantization(tensor) {
    if (Array.isArray(tensor.scale)) {
      const low = Math.min(...tensor.scale), high = Math.max(...tensor.scale);
      return `${tensor.scale.length} scales, ${precise(low)} to ${precise(high)}`;
    }
    return tensor.scale ? `scale ${precise(tensor.scale)}, zero point ${tensor.zero_point}` : "not quantized";
  }

  function card(node, tensor, role) {
    const place = places.get(`${node.subgraph}:${tensor.index}`);
    let where = tensor.constant ? "constant, stays in flash" : "";
    if (place) where = `at ${number(about.plan.records + place.offset)} in the arena`;
    const shape = `${tensor.shape.join("x") || "scalar"} ${tensor.dtype}`;
    return make("div", { class: `tensor-card ${tensor.constant ? "constant" : role}` },
      make("b", null, shape), ` ${bytes(tensor.bytes)}`,
      make("small", null, quantization(tensor)), make("small", null, where), make("small", null, tensor.name));
  }

  function row(list, name, value) {
    list.append(make("dt", null, name), make("dd", null, value));
  }

  function show(key) {
    const node = nodes.get(key);
    const step = (by) => {
      const button = make("button", { type: "button", "aria-label": by < 0 ? "previous" : "next" }, by < 0 ? "‹" : "›");
      button.addEventListener("click", () => move(by));
      return button;
    };
    const facts = make("dl");
    row(facts, "node", `${node.index}${node.subgraph ? ` of subgraph ${node.subgraph}` : ""}`);
    row(facts, "kernel", node.family ? node.family.toLowerCase() : "none: can't run");
    if (node.macs) row(facts, "MACs", number(node.macs));
    if (node.params) row(facts, "parameters", number(node.params));
    for (const [core, cycles] of Object.entries(node.cycles)) {
      if (cycles === null) row(facts, "cycles", `not measured on ${core}`);
      else row(facts, "cycles", `${number(cycles)} on ${core}, estimated`);
    }
    for (const [what, called] of node.calls) row(facts, what, `subgraph ${called}`);
    if (about.clock && node.cycles[about.clock.core] !== null) {
      row(facts, "time", `${Number((node.cycles[about.clock.core] / about.clock.hz * 1000).toPrecision(3))} ms on ${about.clock.board}`);
    }
    const scratch = places.get(`scratch ${key}`);
    if (scratch) row(facts, "scratch", bytes(scratch.bytes));
    const refused = about.unsupported.filter((u) => `${u.subgraph}:${u.node}` === key);
    details.replaceChildren(
      make("div", { class: "step" }, step(-1), step(1)),
      make("h2", { id: "chosen" }, node.op),
      ...refused.map((u) => make("p", { class: "no-mark" }, u.text)),
      facts,
      make("h3", null, "reads"), ...node.inputs.map((tensor) => card(node, tensor, "reads")),
      make("h3", null, "writes"), ...node.outputs.map((tensor) => card(node, tensor, "writes")));
  }

  function mark(selector, name) {
    for (const element of document.querySelectorAll(selector)) element.classList.add(name);
  }

  function choose(key) {
    if (!nodes.has(key)) return;
    for (const name of ["selected", "reads", "writes", "scratches"]) {
      for (const element of document.querySelectorAll(`svg .${name}`)) element.classList.remove(name);
    }
    chosen = key;
    const node = nodes.get(key);
    show(key);
    mark("svg.plan", "chosen");
    mark(`svg [data-node="${key}"]`, "selected");
    mark(`svg [data-scratch="${key}"]`, "scratches");
    for (const tensor of node.inputs) mark(`svg [data-tensor="${node.subgraph}:${tensor.index}"]`, "reads");
    for (const tensor of node.outputs) mark(`svg [data-tensor="${node.subgraph}:${tensor.index}"]`, "writes");
    const inGraph = document.querySelector(`svg.graph [data-node="${key}"]`);
    const column = document.getElementById("graph");
    if (inGraph) {
      const box = inGraph.getBoundingClientRect(), view = column.getBoundingClientRect();
      if (box.top < view.top) column.scrollTop -= view.top - box.top + 20;
      if (box.bottom > view.bottom) column.scrollTop += box.bottom - view.bottom + 20;
    }
  }

  function move(by) {
    const at = order.indexOf(chosen);
    choose(order[Math.max(0, Math.min(order.length - 1, at + by))]);
  }

  // A tensor stands for the node that writes it, an input for the first that reads it.
  function ofTensor(key) {
    const [subgraph, index] = key.split(":").map(Number);
    const has = (tensors) => tensors.some((tensor) => tensor.index === index);
    const here = order.filter((k) => nodes.get(k).subgraph === subgraph);
    return here.find((k) => has(nodes.get(k).outputs)) || here.find((k) => has(nodes.get(k).inputs));
  }

  document.addEventListener("click", (event) => {
    const place = event.target.closest("[data-tensor], [data-scratch]");
    const node = event.target.closest("[data-node]");
    if (node) choose(node.dataset.node);
    else if (place) choose(place.dataset.scratch || ofTensor(place.dataset.tensor));
  });
  document.addEventListener("keydown", (event) => {
    const node = event.target.closest ? event.target.closest("[data-node]") : null;
    if (node && (event.key === "Enter" || event.key === " ")) {
      choose(node.dataset.node);
      event.preventDefault();
    } else if (chosen !== null && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      move(event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
    }
  });
  document.getElementById("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
})();
