// The forms of a convoy's reports. Text only ever enters the page as text, never as markup.
"use strict";

const Forms = (() => {
  const MOST_PHOTO_BYTES = 190000;
  let words = {};

  // make("p", {class: "small"}, "text", child …)
  function make(tag, traits, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(traits || {})) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
    }
    for (const one of children.flat()) {
      if (one !== null && one !== undefined) made.append(one);
    }
    return made;
  }

  const say = (key, values) => Object.entries(values || {}).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, value), words[key] || key);
  const speak = (all) => { words = all; };

  let number = 0;
  function field(label, control) {
    control.id = `field-${number += 1}`;
    return [make("label", { for: control.id }, label), control];
  }

  function choice(options, empty) {
    return make("select", {}, empty ? make("option", { value: "" }, empty) : null,
      options.map(([value, text]) => make("option", { value }, text)));
  }

  function tick(value, text, checked) {
    const box = make("input", { type: "checkbox", value, checked });
    return make("label", { class: "tick" }, box, make("span", {}, text));
  }

  const ticked = (root) => [...root.querySelectorAll("input[type=checkbox]")]
    .filter((one) => one.checked).map((one) => one.value);

  function figure(text) {
    const plain = text.trim().replace(/[٠-٩]/g, (one) => String(one.charCodeAt(0) - 0x660))
      .replace(/[,٫]/, ".").replace(/[\s\u00a0]/g, "");
    if (plain === "") return 0;
    return /^\d+(\.\d{1,3})?$/.test(plain) ? Number(plain) : NaN;
  }

  // A line drawn with the finger, as points of a field of 1000 × 400.
  function signature() {
    const canvas = make("canvas", { width: 1000, height: 400, tabindex: 0, role: "img", "aria-label": say("signature") });
    const pen = canvas.getContext("2d");
    pen.lineWidth = 6; pen.lineCap = "round"; pen.strokeStyle = "#111";
    let strokes = [], line = null;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      const scale = (value, size, most) => Math.max(0, Math.min(most, Math.round(value / size * most)));
      return [scale(event.clientX - box.left, box.width, 1000), scale(event.clientY - box.top, box.height, 400)];
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      line = [at(event)]; strokes.push(line); event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!line) return;
      const [x, y] = at(event), [a, b] = line[line.length - 1];
      if (Math.hypot(x - a, y - b) < 8) return;
      line.push([x, y]);
      pen.beginPath(); pen.moveTo(a, b); pen.lineTo(x, y); pen.stroke();
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { line = null; });
    const wipe = make("button", { type: "button", class: "plain", onclick: () => {
      strokes = []; pen.clearRect(0, 0, 1000, 400);
    } }, say("wipe"));
    const text = () => {
      const kept = strokes.filter((one) => one.length > 1);
      // Coarser until it fits: what counts is that it was drawn, and by this hand.
      for (let step = 1; step < 20; step += 1) {
        const said = kept.map((one) => one.filter((_, i) => i % step === 0).map(([x, y]) => `${x},${y}`).join(" ")).join(";");
        if (said.length <= 5900) return said;
      }
      return "";
    };
    return { nodes: [make("p", {}, say("signature")), canvas, wipe], text };
  }

  function code() {
    const input = make("input", { maxlength: 100, autocomplete: "off", dir: "ltr" });
    const nodes = field(say("code"), input);
    if ("BarcodeDetector" in window) {
      const told = make("p", { class: "small", role: "status" });
      const camera = make("input", { type: "file", accept: "image/*", capture: "environment" });
      camera.addEventListener("change", async () => {
        try {
          const seen = await new window.BarcodeDetector({ formats: ["qr_code"] }).detect(await createImageBitmap(camera.files[0]));
          if (seen.length) input.value = seen[0].rawValue.slice(0, 100);
          told.textContent = seen.length ? "" : say("scan_failed");
        } catch (_) { told.textContent = say("scan_failed"); }
      });
      nodes.push(...field(say("scan"), camera), told);
    }
    return { nodes, text: () => input.value.trim() };
  }

  // A picture made smaller here, so that it can be sent at all; the server writes it anew.
  async function shrunk(file) {
    const picture = await createImageBitmap(file);
    for (const [side, quality] of [[1600, .7], [1280, .6], [1024, .5], [800, .4], [640, .3]]) {
      const scale = Math.min(1, side / Math.max(picture.width, picture.height));
      const canvas = make("canvas", { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const text = canvas.toDataURL("image/jpeg", quality).split(",")[1];
      if (text.length * 3 / 4 <= MOST_PHOTO_BYTES) return text;
    }
    return null;
  }

  function photo() {
    const input = make("input", { type: "file", accept: "image/*", capture: "environment" });
    const told = make("p", { class: "small", role: "status" });
    let taken = null;
    input.addEventListener("change", async () => {
      taken = null; told.textContent = "";
      if (!input.files.length) return;
      try { taken = await shrunk(input.files[0]); } catch (_) { taken = null; }
      if (!taken) told.textContent = say("photo_failed");
    });
    return { nodes: [...field(say("photo"), input), told], value: () => taken };
  }

  function whereAmI() {
    const told = make("p", { class: "small", role: "status" }, say("finding"));
    let found = null;
    locate().then((one) => {
      found = one;
      told.textContent = one ? say("found", { m: Math.round(one.accuracy_m || 0) }) : say("not_found");
    });
    return { nodes: [told], value: () => found };
  }

  function locate() {
    return new Promise((done) => {
      if (!navigator.geolocation) { done(null); return; }
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => done({ lon: coords.longitude, lat: coords.latitude, accuracy_m: Math.min(coords.accuracy || 0, 100000) }),
        () => done(null), { enableHighAccuracy: true, timeout: 30000, maximumAge: 60000 });
    });
  }

  // parts: {nodes, read} with read() giving the body, or a text that says what is missing.
  function form(title, parts, save, close) {
    const wrong = make("p", { class: "wrong", role: "alert", hidden: true });
    const made = make("form", { class: "card", novalidate: true }, make("h3", {}, title), parts.nodes, wrong,
      make("div", { class: "buttons" },
        make("button", { class: "main" }, say("save")),
        make("button", { type: "button", onclick: close }, say("cancel"))));
    made.addEventListener("submit", (event) => {
      event.preventDefault();
      const said = parts.read();
      wrong.hidden = typeof said !== "string";
      if (typeof said === "string") { wrong.textContent = said; wrong.scrollIntoView({ block: "nearest" }); return; }
      save(said);
    });
    return made;
  }

  function noted(most = 500) {
    const area = make("textarea", { maxlength: most });
    return { nodes: field(say("note"), area), value: () => area.value.trim() };
  }

  function delivered(stop, nameOf) {
    const counts = stop.goods.map((one) => make("input", { inputmode: "decimal", value: String(one.quantity), dir: "ltr" }));
    const receiver = choice(["community", "association", "authority", "health", "school", "household"]
      .map((role) => [role, say(role)]), say("choose"));
    const drawn = signature(), known = code(), note = noted();
    return {
      nodes: [
        ...stop.goods.flatMap((one, i) => field(
          `${say("quantity_of", { item: nameOf(one.names) })} (${one.unit}; ${say("planned")} ${one.quantity})`, counts[i])),
        ...field(say("receiver"), receiver), ...known.nodes, ...drawn.nodes, ...note.nodes,
      ],
      read() {
        const goods = stop.goods.map((one, i) => ({ item: one.item, quantity: figure(counts[i].value) }));
        if (goods.some((one) => Number.isNaN(one.quantity)) || !goods.some((one) => one.quantity > 0)) return say("needs_goods");
        if (!receiver.value) return say("needs_receiver");
        return {
          kind: "delivered", stop: stop.number, goods: goods.filter((one) => one.quantity > 0), receiver: receiver.value,
          note: note.value(), signature: known.text() ? `code:${known.text()}` : drawn.text(),
        };
      },
    };
  }

  function refused(stop, nameOf) {
    const boxes = make("fieldset", {}, make("legend", {}, say("what_refused")),
      stop.goods.map((one) => tick(one.item, nameOf(one.names), stop.goods.length === 1)));
    const note = noted();
    return {
      nodes: [boxes, ...note.nodes],
      read() {
        const goods = ticked(boxes).map((item) => ({ item, quantity: 0 }));
        return goods.length ? { kind: "refused", stop: stop.number, goods, note: note.value() } : say("needs_choice");
      },
    };
  }

  function blocked() {
    const here = whereAmI(), picture = photo(), note = noted();
    const km = make("input", { inputmode: "decimal", dir: "ltr" });
    const classes = make("fieldset", {}, make("legend", {}, say("who_cannot")),
      ["truck", "pickup", "mule", "foot"].map((one) => tick(one, say(one), false)));
    return {
      nodes: [...here.nodes, ...field(say("km"), km), classes, ...picture.nodes, ...note.nodes],
      read() {
        const given = figure(km.value), position = here.value();
        if (!position && !(given > 0)) return say("needs_place");
        return {
          kind: "blocked", classes: ticked(classes), note: note.value(), photo: picture.value(),
          ...(given > 0 ? { km: given } : {}), ...(position ? { position } : {}),
        };
      },
    };
  }

  function happened(kind) {
    const here = whereAmI(), picture = photo(), note = noted();
    return {
      nodes: [...note.nodes, ...here.nodes, ...picture.nodes],
      read() {
        if (kind === "incident" && !note.value()) return say("needs_note");
        const position = here.value();
        return { kind, note: note.value(), photo: picture.value(), ...(position ? { position } : {}) };
      },
    };
  }

  return { make, say, speak, form, delivered, refused, blocked, happened, locate };
})();
