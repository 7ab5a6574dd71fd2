// The map on paper: what WebGL has drawn is gone when the printer asks, so a copy is made just before.

const PICTURE = "print-picture";

/** Puts a copy of the present picture of the map into it, with what screen readers are told of it. */
export function takePicture(map) {
  dropPicture(map);
  map.redraw(); // draws at once, so that the picture is still there to be copied
  const source = map.getCanvas();
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [source.width, source.height];
  copy.getContext("2d").drawImage(source, 0, 0);
  copy.className = PICTURE;
  copy.setAttribute("role", "img");
  copy.setAttribute("aria-label", document.getElementById("area-words").textContent);
  map.getContainer().append(copy);
  document.body.classList.add("has-picture");
}

export function dropPicture(map) {
  map.getContainer().querySelector(`.${PICTURE}`)?.remove();
  document.body.classList.remove("has-picture");
}

export function mount(app) {
  addEventListener("beforeprint", () => takePicture(app.page.map));
  addEventListener("afterprint", () => dropPicture(app.page.map));
}
