/* What the page's own widgets share: making elements, the pictures of this browser, uploads and downloads. */
window.studio = (() => {
  "use strict";
  const SHELF = "protobanana.pictures";
  const MOST = 80;
  const listeners = new Set();
  let key = "";
  let shelf = [];
  try { shelf = JSON.parse(localStorage.getItem(SHELF) || "[]"); } catch { shelf = []; }

  function el(name, props = {}, ...children) {
    const made = document.createElement(name);
    for (const [prop, value] of Object.entries(props)) {
      if (prop.startsWith("on")) made.addEventListener(prop.slice(2), value);
      else if (prop in made && prop !== "list") made[prop] = value;
      else made.setAttribute(prop, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  const button = (words, act, props = {}) =>
    el("button", { type: "button", className: "pb-button", onclick: act, ...props }, words);

  const same = (a, b) => (a.id ? a.id === b.id : a.src === b.src);

  function save() {
    // A picture that the gateway does not keep is megabytes of text: it lasts as long as the page.
    const small = shelf.filter((one) => !one.src.startsWith("data:"));
    try { localStorage.setItem(SHELF, JSON.stringify(small)); } catch { /* private mode: nothing lasts */ }
    listeners.forEach((tell) => tell());
  }

  function remember(pictures) {
    let changed = false;
    for (const one of pictures) {
      const known = shelf.find((other) => same(one, other));
      if (known && known.src === one.src) continue;
      shelf = [...shelf.filter((other) => !same(one, other)), { ...known, ...one }].slice(-MOST);
      changed = true;
    }
    if (changed) save();
  }

  function forget(picture) {
    shelf = picture ? shelf.filter((other) => !same(picture, other)) : [];
    save();
  }

  async function upload(file) {
    const kept = await fetch("pictures", {
      method: "POST", body: file, headers: key ? { authorization: `Bearer ${key}` } : {},
    });
    if (!kept.ok) throw new Error((await kept.json()).error.message);
    const about = await kept.json();
    const picture = about.src ? about : { id: "", src: await dataUrl(file), size: "", parent: "" };
    const named = { ...picture, words: file.name || "pasted picture" };
    remember([named]);
    return named;
  }

  const dataUrl = (blob) => new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });

  /* Bytes as they came when the format is the wished one, else converted here; JPEG has no transparency: on white. */
  async function download(picture, format) {
    const original = await (await fetch(picture.src)).blob();
    let blob = original;
    if (original.type !== `image/${format}`) {
      const bitmap = await createImageBitmap(original);
      const canvas = el("canvas", { width: bitmap.width, height: bitmap.height });
      const context = canvas.getContext("2d");
      if (format === "jpeg") { context.fillStyle = "#fff"; context.fillRect(0, 0, canvas.width, canvas.height); }
      context.drawImage(bitmap, 0, 0);
      blob = await new Promise((done) => canvas.toBlob(done, `image/${format}`, 0.95));
    }
    const link = el("a", { href: URL.createObjectURL(blob), download: `${picture.id || "picture"}.${format}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  function image(picture, alt = "") {
    return el("img", { src: picture.src, alt: alt || picture.words || "picture", loading: "lazy", draggable: false });
  }

  /* A picture pixel by pixel, over the page. */
  function enlarge(picture) {
    const dialog = el("dialog", { className: "pb-dialog pb-checker", "aria-label": "Picture at full size", onclick: () => dialog.close(), onclose: () => dialog.remove() }, image(picture));
    document.body.append(dialog);
    dialog.showModal();
  }

  /* Where a picture can be worked on next: the tabs that take pictures, by title. */
  let titles = [];
  const places = new Map();
  function uses(picture) {
    const open = [...places].filter(([, { root }]) => root.isConnected).map(([title]) => title);
    const choice = el("select", {
      className: "pb-use", "aria-label": "Use this picture in",
      onchange: () => { use(picture, choice.value); choice.value = ""; },
    }, el("option", { value: "" }, "Use in …"),
    ...[...new Set([...titles, ...open])].map((title) => el("option", { value: title }, title)));
    return choice;
  }
  /* A tab that is opened for the first time is still being built, and Gradio may set its values once more after that:
     the picture is given until it is seen to stay. */
  function use(picture, title) {
    show(title);
    let left = 60;
    let stayed = 0;
    let given = false;
    const timer = setInterval(() => {
      const place = places.get(title);
      left -= 1;
      if (place && place.root.isConnected) {
        if (place.has(picture)) stayed += 1;
        else if (!given || place.empty()) { given = true; stayed = 0; place.add(picture); }
        else left = 0; // somebody has chosen another one meanwhile
      }
      if (stayed > 3 || left <= 0) clearInterval(timer);
    }, 100);
  }
  function show(title) {
    const found = [...document.querySelectorAll("[role=tab]")].find((one) => one.textContent.trim() === title);
    if (found) found.click();
  }

  const files = (list) => [...(list || [])].filter((file) => file.type.startsWith("image/"));

  return {
    el, button, image, upload, download, remember, forget, files, same, enlarge, uses, places,
    all: () => [...shelf],
    listen: (tell) => listeners.add(tell),
    offer: (names) => { titles = names; },
    unlock: (value) => { key = value || ""; return value; },
  };
})();

/* Ctrl+Enter runs the visible tab, Escape stops it. */
document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const wanted = (event.ctrlKey || event.metaKey) && event.key === "Enter" ? ".pb-run" : event.key === "Escape" ? ".pb-stop" : "";
  const found = wanted && [...document.querySelectorAll(wanted)].find((one) => one.offsetParent && !one.disabled);
  if (found) { event.preventDefault(); found.click(); }
});

/* A picture that is clicked is shown at its full size. */
document.addEventListener("click", (event) => {
  const shot = event.target.closest("#pb-chat .message img, .pb-result .pb-surface > img:first-child");
  if (shot) studio.enlarge({ src: shot.src, words: shot.alt });
});
