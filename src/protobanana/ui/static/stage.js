/* What comes of a run: progress and rough frames, the pictures, or what went wrong. */
studio.stage = (element, props, watch) => {
  "use strict";
  const { el, button, image } = studio;
  const root = element.querySelector(".pb-stage");
  let at = 0;
  let compare = false;
  let region = false;
  let last = "";

  function progress(live) {
    const bar = el("progress", { max: 1, "aria-label": live.words });
    if (typeof live.share === "number") bar.value = live.share;
    return el("div", { className: "pb-live" }, bar, el("span", {}, live.words),
      live.frame ? el("img", { src: live.frame, alt: "rough preview", className: "pb-preview" }) : null);
  }

  /* Only pictures of one shape can lie upon each other. */
  function alike(one, other) {
    const [a, b] = [one, other].map((picture) => (picture && picture.size ? picture.size.split("x") : [1, NaN]));
    return Math.abs(Math.log((a[0] / a[1]) / (b[0] / b[1]))) < 0.02;
  }

  function big(picture, before) {
    const box = el("div", { className: "pb-surface pb-checker" }, image(picture));
    if (region && picture.mask) box.append(el("img", { src: picture.mask, alt: "the region that was found", className: "pb-region" }));
    if (!compare || !before) return [box];
    const under = image(before, "before");
    under.classList.add("pb-before");
    const slide = el("input", { type: "range", min: 0, max: 100, value: 50, className: "pb-slide", "aria-label": "Before and after" });
    const cut = () => { under.style.clipPath = `inset(0 ${100 - slide.value}% 0 0)`; };
    slide.addEventListener("input", cut);
    cut();
    box.append(under);
    return [box, slide];
  }

  function gallery(value) {
    const pictures = value.pictures;
    const picture = pictures[Math.min(at, pictures.length - 1)];
    const before = alike(value.before, picture) ? value.before : null;
    const toggle = (words, on, act) => button(words, () => { act(); draw(); }, { ariaPressed: String(on) });
    const tools = [
      before ? toggle("Before / after", compare, () => { compare = !compare; }) : null,
      picture.mask ? toggle("Show region", region, () => { region = !region; }) : null,
      button("Full size", () => studio.enlarge(picture)),
      el("span", { className: "pb-note" }, "Save"),
      ...["PNG", "WEBP", "JPEG"].map((format) => button(format, () => studio.download(picture, format.toLowerCase()),
        { className: "pb-button pb-format", "aria-label": `Save ${format}` })),
      studio.uses(picture),
    ];
    const facts = [picture.size.replace("x", " × "), picture.seed === undefined || picture.seed === null ? "" : `seed ${picture.seed}`, picture.words];
    const row = pictures.length < 2 ? null : el("div", { className: "pb-strip" }, ...pictures.map((one, number) =>
      button(image(one, `Variant ${number + 1}`), () => { at = number; draw(); },
        { className: "pb-button pb-thumb", ariaPressed: String(number === at) })));
    return el("figure", { className: "pb-result" }, ...big(picture, before), row,
      el("figcaption", {}, el("div", { className: "pb-tools" }, ...tools.filter(Boolean)),
        el("p", {}, facts.filter(Boolean).join(" · "))));
  }

  function draw() {
    const value = props.value || {};
    const pictures = value.pictures || [];
    const signature = pictures.map((one) => one.src).join("\n");
    if (signature !== last) { last = signature; at = 0; studio.remember(pictures); }
    const begun = value.live && root.getAttribute("aria-busy") !== "true";
    root.setAttribute("aria-busy", String(Boolean(value.live)));
    const shown = [
      value.live ? progress(value.live) : null,
      value.error ? el("p", { className: "pb-error", role: "alert" }, value.error) : null,
      value.words ? el("p", { className: "pb-words", role: "status" }, value.words) : null,
      pictures.length && !props.quiet ? gallery(value) : null,
      ...(value.files || []).map((file) => el("p", {}, el("a", { href: file.src, download: file.name }, file.name))),
    ].filter(Boolean);
    root.replaceChildren(...(shown.length ? shown : [el("p", { className: "pb-hint" }, props.hint)]));
    root.classList.toggle("pb-quiet", props.quiet);
    // On a phone the result is below what was filled in.
    if (begun) root.scrollIntoView({ block: "nearest" });
  }
  watch("value", draw);
  draw();
};
