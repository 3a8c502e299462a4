/* A picture with a brush on it: white strokes on black are the mask. Strokes are kept, so that they can be undone. */
studio.brush = (picture, props, tell) => {
  "use strict";
  const { el, button, image } = studio;
  const shot = image(picture);
  shot.loading = "eager";
  const canvas = el("canvas", {
    className: "pb-mask", tabIndex: 0,
    "aria-label": "Mask: paint over what shall change. With the keyboard: arrows move, space paints.", role: "img",
  });
  const ring = el("div", { className: "pb-ring", hidden: true });
  const size = el("input", { type: "range", min: 1, max: 40, value: 10, "aria-label": "Brush size" });
  const erase = el("input", { type: "checkbox" });
  const strokes = [];
  let stroke = null;
  let cursor = null;

  const width = () => (Number(size.value) / 100) * Math.max(canvas.width, canvas.height);
  function paint(context, colour) {
    context.lineCap = context.lineJoin = "round";
    for (const one of strokes) {
      context.globalCompositeOperation = one.erase ? "destination-out" : "source-over";
      context.strokeStyle = colour;
      context.lineWidth = one.width;
      context.beginPath();
      one.points.forEach(([x, y], number) => (number ? context.lineTo(x, y) : context.moveTo(x, y)));
      if (one.points.length === 1) context.lineTo(one.points[0][0] + 0.01, one.points[0][1]);
      context.stroke();
    }
    context.globalCompositeOperation = "source-over";
  }
  function draw() {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    paint(context, "#ffe600");
  }
  function exported() {
    if (!strokes.some((one) => !one.erase)) return null;
    const strokesOnly = el("canvas", { width: canvas.width, height: canvas.height });
    paint(strokesOnly.getContext("2d"), "#fff");
    const mask = el("canvas", { width: canvas.width, height: canvas.height });
    const context = mask.getContext("2d");
    context.fillRect(0, 0, mask.width, mask.height);
    context.drawImage(strokesOnly, 0, 0);
    return mask.toDataURL("image/png");
  }
  function changed() { draw(); tell({ mask: exported() }); }
  const begin = (point) => { stroke = { erase: erase.checked, width: width(), points: [point] }; strokes.push(stroke); };
  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
  }
  function mark() {
    const scale = canvas.clientWidth / canvas.width;
    const across = width() * scale;
    ring.hidden = false;
    ring.style.cssText = `width:${across}px;height:${across}px;left:${cursor[0] * scale - across / 2}px;top:${cursor[1] * scale - across / 2}px`;
  }
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    begin(place(event));
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    stroke.points.push(...(event.getCoalescedEvents ? event.getCoalescedEvents() : [event]).map(place));
    draw();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => { if (stroke) { stroke = null; changed(); } });
  }
  canvas.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way && event.key !== " ") return;
    event.preventDefault();
    cursor = cursor || [canvas.width / 2, canvas.height / 2];
    if (way) cursor = cursor.map((at, n) => Math.min(Math.max(at + (way[n] * width()) / 2, 0), n ? canvas.height : canvas.width));
    else { begin(cursor); stroke = null; changed(); }
    mark();
  });
  canvas.addEventListener("blur", () => { ring.hidden = true; });
  const fit = () => { canvas.width = shot.naturalWidth; canvas.height = shot.naturalHeight; draw(); };
  shot.addEventListener("load", fit);
  if (shot.complete && shot.naturalWidth) fit();

  const tools = el("div", { className: "pb-tools" },
    el("label", {}, "Brush ", size), el("label", {}, erase, " Erase"),
    button("Undo", () => { strokes.pop(); changed(); }, { "aria-label": "Undo stroke" }),
    button("Clear", () => { strokes.length = 0; changed(); }, { "aria-label": "Clear mask" }));
  return {
    tools,
    node: el("div", {}, el("div", { className: "pb-surface pb-checker" }, shot, canvas, ring), tools,
      el("p", { className: "pb-note" }, "Paint over a part to change nothing but that part.")),
  };
};
