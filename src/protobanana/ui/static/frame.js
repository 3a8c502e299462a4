/* A picture in the frame it shall grow to: drag a side, or type its pixels. */
studio.frame = (picture, props, tell) => {
  "use strict";
  const { el, image } = studio;
  const shot = image(picture);
  shot.loading = "eager";
  const frame = el("div", { className: "pb-frame" }, shot);
  const size = el("output", { className: "pb-size" });
  const fields = {};
  let sides = Object.fromEntries(props.sides.map((side) => [side, 0]));

  function draw() {
    const [wide, high] = [shot.naturalWidth || 1, shot.naturalHeight || 1];
    const [width, height] = [wide + sides.left + sides.right, high + sides.top + sides.bottom];
    frame.style.aspectRatio = `${width} / ${height}`;
    frame.style.maxWidth = `min(100%, calc(45vh * ${width / height}))`;
    shot.style.cssText = `left:${(sides.left / width) * 100}%;top:${(sides.top / height) * 100}%;` +
      `width:${(wide / width) * 100}%;height:${(high / height) * 100}%`;
    size.textContent = `${wide} × ${high} → ${width} × ${height}`;
    for (const side of props.sides) if (Number(fields[side].value) !== sides[side]) fields[side].value = sides[side];
  }
  function set(side, pixels) {
    sides = { ...sides, [side]: Math.min(Math.max(Math.round(pixels / 8) * 8 || 0, 0), props.sideMost) };
    draw();
  }
  const done = () => tell({ sides });

  for (const side of props.sides) {
    fields[side] = el("input", {
      type: "number", min: 0, max: props.sideMost, step: 8, value: 0,
      onchange: () => { set(side, Number(fields[side].value)); done(); },
    });
    const handle = el("div", { className: `pb-handle pb-${side}`, "aria-hidden": "true" });
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      const before = sides[side];
      const scale = (shot.naturalWidth || 1) / shot.clientWidth;
      const level = side === "left" || side === "right";
      const sign = side === "left" || side === "top" ? -1 : 1;
      const from = level ? event.clientX : event.clientY;
      handle.onpointermove = (moved) => set(side, before + sign * ((level ? moved.clientX : moved.clientY) - from) * scale);
      handle.onpointerup = handle.onpointercancel = () => { handle.onpointermove = null; done(); };
    });
    frame.append(handle);
  }
  shot.addEventListener("load", draw);
  const typed = props.sides.map((side) => el("label", {}, `${side[0].toUpperCase()}${side.slice(1)} `, fields[side]));
  const tools = el("div", { className: "pb-tools" }, size);
  return {
    tools,
    node: el("div", {}, frame, el("div", { className: "pb-sides" }, ...typed), tools, el("p", { className: "pb-note" }, "Drag a side, or type how many pixels it grows by.")),
    update: (value) => { if (value.sides) sides = { ...sides, ...value.sides }; draw(); },
  };
};
