/* Two trees: the pictures of this browser, each under the one it was made from, and the turns of the chat. */
studio.lineage = (element) => {
  "use strict";
  const { el, button, image } = studio;
  const root = element.querySelector(".pb-tree");
  function branch(picture, all, seen) {
    seen.add(picture);
    const children = all.filter((one) => one.parent && one.parent === picture.id && !seen.has(one));
    const shot = image(picture);
    shot.onerror = () => studio.forget(picture);
    return el("li", {},
      el("div", { className: "pb-leaf" }, el("a", { href: picture.src, target: "_blank", rel: "noopener" }, shot),
        el("span", {}, picture.words || picture.note || "picture", el("small", {}, (picture.size || "").replace("x", " × "))),
        el("div", { className: "pb-tools" }, studio.uses(picture),
          button("Save", () => studio.download(picture, "png"), { "aria-label": `Save ${picture.words || "picture"}` }),
          button("Forget", () => studio.forget(picture), { "aria-label": `Forget ${picture.words || "picture"}` }))),
      children.length ? el("ul", {}, ...children.map((one) => branch(one, all, seen))) : null);
  }
  function draw() {
    const all = studio.all();
    const known = new Set(all.map((one) => one.id));
    const seen = new Set();
    const roots = all.filter((one) => !one.parent || one.parent === one.id || !known.has(one.parent)).reverse();
    root.replaceChildren(all.length
      ? el("ul", {}, ...roots.map((one) => branch(one, all, seen)))
      : el("p", { className: "pb-hint" }, "No pictures yet. What is drawn or attached on any tab appears here."));
    if (all.length) root.append(button("Forget all", () => studio.forget(null), { className: "pb-button pb-end" }));
  }
  studio.listen(draw);
  draw();
};

studio.turns = (element, props, watch, trigger) => {
  "use strict";
  const { el, button, image } = studio;
  const root = element.querySelector(".pb-tree");
  const below = (nodes, parent) => nodes.filter((one) => one.parent === parent);
  function turn(node, value) {
    const answers = below(value.nodes, node.id);
    const end = answers.length ? answers[answers.length - 1].id : node.id;
    const next = answers.flatMap((answer) => below(value.nodes, answer.id));
    const shots = [...node.pictures, ...answers.flatMap((answer) => answer.pictures)].map((one) => image(one));
    const here = value.path.includes(node.id);
    return el("li", {},
      el("div", { className: here ? "pb-leaf pb-here" : "pb-leaf" }, ...shots, el("span", {}, node.text || "(picture)"),
        button("Continue from here", () => { props.value = { ...value, pick: end }; trigger("change"); },
          { "aria-label": `Continue from: ${node.text}`, disabled: value.leaf === end })),
      next.length ? el("ul", {}, ...next.map((one) => turn(one, value))) : null);
  }
  function draw() {
    const value = props.value || { nodes: [], path: [] };
    root.replaceChildren(value.nodes.length
      ? el("ul", {}, ...below(value.nodes, null).map((one) => turn(one, value)))
      : el("p", { className: "pb-note" }, "Every turn of this chat will be here, those that were undone too."));
  }
  watch("value", draw);
  draw();
};

/* Sizes with pictograms of their shape; an empty value leaves the size to the model. */
studio.sizes = (element, props, watch, trigger) => {
  "use strict";
  const { el } = studio;
  const root = element.querySelector(".pb-sizes");
  const name = `sizes-${Math.random()}`;
  function option(size, chosen) {
    const [wide, high] = size ? size.split("x").map(Number) : [1, 1];
    const scale = 24 / Math.max(wide, high);
    const shape = el("i", { className: size ? "pb-shape" : "pb-shape pb-any" });
    shape.style.cssText = `width:${wide * scale}px;height:${high * scale}px`;
    return el("label", { className: "pb-size-option" },
      el("input", {
        type: "radio", name, value: size, checked: size === chosen,
        onchange: () => { props.value = { ...props.value, chosen: size }; trigger("change"); },
      }), el("b", {}, shape), el("span", {}, size ? `${wide} × ${high}` : "automatic"));
  }
  function draw() {
    const { options = [], chosen = "" } = props.value || {};
    root.replaceChildren(el("legend", {}, "Size"), ...["", ...options].map((size) => option(size, chosen)));
    root.hidden = !options.length;
  }
  watch("value", draw);
  draw();
};
