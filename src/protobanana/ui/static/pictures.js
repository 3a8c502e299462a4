/* The pictures a tab works on: choose, drop, paste or take one of this session; one with brush or frame, or a tray. */
studio.pictures = (element, props, watch, trigger) => {
  "use strict";
  const { el, button, image } = studio;
  const root = element.querySelector(".pb-pictures");
  const most = props.most;
  const chosen = el("div", { className: "pb-chosen" });
  const told = el("p", { className: "pb-error", role: "alert" });
  const input = el("input", { type: "file", accept: "image/*", multiple: most > 1, "aria-label": props.label });
  const strip = el("div", { className: "pb-strip" });
  const session = el("details", { className: "pb-session", open: props.open }, el("summary", {}, "Earlier pictures"), strip);
  const words = el("span");
  const drop = el("label", { className: "pb-drop" }, words, input);
  root.replaceChildren(chosen, drop, session, told);
  let surface = null;
  let shown = null;

  const value = () => props.value || { pictures: [] };
  function set(change) {
    props.value = { ...value(), ...change };
    draw();
    trigger("change");
  }
  async function take(list) {
    told.textContent = "";
    for (const file of studio.files(list)) {
      try { add(await studio.upload(file)); } catch (error) { told.textContent = error.message; }
    }
  }
  function add(picture) {
    const others = value().pictures;
    if (most > 1 && others.length >= most) { told.textContent = `At most ${most} pictures.`; return; }
    set({ pictures: most > 1 ? [...others, picture] : [picture], mask: null });
  }
  function move(from, to) {
    const pictures = [...value().pictures];
    if (to < 0 || to >= pictures.length) return;
    pictures.splice(to, 0, ...pictures.splice(from, 1));
    set({ pictures });
  }
  const remove = (number) => set({ pictures: value().pictures.filter((_, other) => other !== number), mask: null });

  function card(picture, number, count) {
    return el("figure", {
      className: "pb-card", draggable: true,
      ondragstart: (event) => event.dataTransfer.setData("text/pb", String(number)),
      ondragover: (event) => event.preventDefault(),
      ondrop: (event) => {
        const from = event.dataTransfer.getData("text/pb");
        if (from) { event.preventDefault(); event.stopPropagation(); move(Number(from), number); }
      },
    }, image(picture), el("figcaption", {},
      button("◀", () => move(number, number - 1), { "aria-label": `Picture ${number + 1} earlier`, disabled: !number }),
      el("b", {}, String(number + 1)),
      button("▶", () => move(number, number + 1), { "aria-label": `Picture ${number + 1} later`, disabled: number + 1 === count }),
      button("✕", () => remove(number), { "aria-label": `Remove picture ${number + 1}` })));
  }

  function plain(picture) {
    const tools = el("div", { className: "pb-tools" });
    return { tools, node: el("div", {}, el("div", { className: "pb-surface pb-checker" }, image(picture)), tools) };
  }

  function draw() {
    const pictures = value().pictures || [];
    drop.hidden = most > 1 && pictures.length >= most;
    words.textContent = pictures.length ? `${most > 1 ? "One more" : "Another picture"}: drop, paste or choose` : props.hint;
    const signature = pictures.map((one) => one.src).join("\n");
    if (signature !== shown) {
      shown = signature;
      surface = null;
      root.classList.toggle("pb-filled", pictures.length > 0);
      if (most > 1) {
        chosen.replaceChildren(...pictures.map((one, number) => card(one, number, pictures.length)));
      } else if (pictures.length) {
        const make = props.sides ? studio.frame : props.brush ? studio.brush : plain;
        surface = make(pictures[0], props, (change) => set(change));
        surface.tools.append(button("Remove", () => remove(0), { "aria-label": "Remove picture" }));
        chosen.replaceChildren(surface.node);
      } else chosen.replaceChildren();
    }
    if (surface && surface.update) surface.update(value());
  }

  function list() {
    const known = studio.all().reverse();
    session.hidden = !known.length;
    strip.replaceChildren(...known.map((one) => {
      const shot = image(one, `Use: ${one.words || "picture"}`);
      shot.onerror = () => studio.forget(one);
      return button(shot, () => add(one), { className: "pb-button pb-thumb", title: one.words || "" });
    }));
  }

  input.addEventListener("change", () => { take(input.files); input.value = ""; });
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length) { event.preventDefault(); take(event.dataTransfer.files); }
  });
  document.addEventListener("paste", (event) => {
    const pasted = studio.files(event.clipboardData && event.clipboardData.files);
    if (pasted.length && root.offsetParent) { event.preventDefault(); take(pasted); }
  });
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.toggle("pb-over", name === "dragover"));
  }
  studio.listen(list);
  watch("value", draw);
  list();
  draw();
  const has = (picture) => (value().pictures || []).some((one) => studio.same(one, picture));
  const empty = () => !(value().pictures || []).length;
  studio.places.set(props.place, { root, add, has, empty });
};
