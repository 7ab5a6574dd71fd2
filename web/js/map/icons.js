// Symbols of the layers, drawn by code: every kind has a shape of its own, so that colour is never alone. The legend,
// the list of layers and the map show the same pictures.

const HALF_PX = 14;
const PIXELS = 2; // of the picture for one of the page

const INK = Object.freeze({
  health: "#a3003c", refuge: "#00614f", snow: "#2f4858", service: "#3d4f5c", camera: "#1d1d1d", bus: "#4c240f",
});

function path(draw, points) {
  draw.beginPath();
  for (const [x, y] of points) draw.lineTo(x, y);
  draw.closePath();
}

function disc(draw, x, y, radius) {
  draw.beginPath();
  draw.arc(x, y, radius, 0, 2 * Math.PI);
}

const plates = {
  square: (draw) => { draw.beginPath(); draw.roundRect(-11, -11, 22, 22, 4); },
  disc: (draw) => disc(draw, 0, 0, 11.5),
  house: (draw) => path(draw, [[0, -13], [12, -3], [12, 11], [-12, 11], [-12, -3]]),
  hexagon: (draw) => path(draw, [[-6.5, -11.5], [6.5, -11.5], [13, 0], [6.5, 11.5], [-6.5, 11.5], [-13, 0]]),
  diamond: (draw) => path(draw, [[0, -13], [13, 0], [0, 13], [-13, 0]]),
  wide: (draw) => { draw.beginPath(); draw.roundRect(-13, -9, 26, 18, 4); },
};

function strokes(draw, lines, width = 2.6) {
  draw.lineWidth = width;
  draw.lineCap = "round";
  for (const line of lines) {
    draw.beginPath();
    for (const [x, y] of line) draw.lineTo(x, y);
    draw.stroke();
  }
}

const cross = (draw, arm, thick) => {
  draw.fillRect(-arm, -thick, 2 * arm, 2 * thick);
  draw.fillRect(-thick, -arm, 2 * thick, 2 * arm);
};

const flake = (draw) => strokes(draw, [0, 60, 120].map((degrees) => {
  const [x, y] = [7.5 * Math.cos((degrees * Math.PI) / 180), 7.5 * Math.sin((degrees * Math.PI) / 180)];
  return [[-x, -y], [x, y]];
}), 2.4);

function dot(draw, radius, y = 0) {
  disc(draw, 0, y, radius);
  draw.fill();
}

function ring(draw, radius) {
  disc(draw, 0, 0, radius);
  draw.lineWidth = 2.4;
  draw.stroke();
}

function person(draw) {
  dot(draw, 2.6, -2);
  path(draw, [[-4.5, 9], [0, 1], [4.5, 9]]);
  draw.fill();
}

function lens(draw) {
  ring(draw, 5.4);
  dot(draw, 1.8);
  draw.fillRect(7.5, -6.5, 3, 3);
}

function rings(draw) {
  ring(draw, 6.5);
  dot(draw, 2.4);
}

const drawn = (...lines) => (draw) => strokes(draw, lines);

// name: [plate, ink, drawing]; a drawing fills and strokes in the colour that it is given
const SYMBOLS = {
  hospital: ["square", "health", (draw) => cross(draw, 7.5, 2.4)],
  emergency_hospital: ["hexagon", "health", (draw) => cross(draw, 7.5, 2.8)],
  shelter: ["house", "refuge", person],
  emergency_site: ["disc", "refuge", drawn([[-6, 0], [6, 0]], [[1.5, -5], [6.5, 0], [1.5, 5]])],
  snow_dump: ["hexagon", "snow", flake],
  fire_station: ["disc", "service", drawn([[0, 8], [0, -1]], [[-6, -7], [-5, -2], [0, -1], [5, -2], [6, -7]])],
  police_station: ["disc", "service", drawn([[-5, -5], [5, 5]], [[-5, 5], [5, -5]])],
  school: ["square", "service", drawn([[-4, 8], [-4, -8]], [[-3, -7], [6, -4], [-3, -1]])],
  care_home: ["house", "service", drawn([[1, 9], [1, -1], [-3, -3], [-5, 0]])],
  town_hall: ["square", "service", rings],
  other: ["diamond", "service", (draw) => dot(draw, 3.2)],
  camera: ["wide", "camera", lens],
  bus_stop: ["disc", "bus", (draw) => draw.fillRect(-7.5, -2.2, 15, 4.4)],
};

export const ICONS = Object.freeze(Object.keys(SYMBOLS));

/** The picture of a symbol, 56 x 56 pixels for 28 x 28 on the page: a dark plate with a light drawing and edge, which
 *  is legible on both themes and on every road colour. */
export function iconPicture(name) {
  const [plate, ink, drawing] = SYMBOLS[name];
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 2 * HALF_PX * PIXELS;
  const draw = canvas.getContext("2d");
  draw.scale(PIXELS, PIXELS);
  draw.translate(HALF_PX, HALF_PX);
  draw.lineJoin = "round";
  plates[plate](draw);
  draw.fillStyle = INK[ink];
  draw.strokeStyle = "#ffffff";
  draw.lineWidth = 1.6;
  draw.fill();
  draw.stroke();
  draw.fillStyle = "#ffffff";
  drawing(draw);
  return draw.getImageData(0, 0, canvas.width, canvas.height);
}

const HATCH_PX = 12;

/** Slanting lines for areas of which nothing is known. */
function hatch(colour) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = HATCH_PX * PIXELS;
  const draw = canvas.getContext("2d");
  draw.scale(PIXELS, PIXELS);
  draw.strokeStyle = colour;
  draw.lineWidth = 1;
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
    draw.beginPath();
    draw.moveTo(shift, HATCH_PX);
    draw.lineTo(shift + HATCH_PX, 0);
    draw.stroke();
  }
  return draw.getImageData(0, 0, canvas.width, canvas.height);
}

export const HATCH = "hatch";

export function addIcons(map, colours) {
  const put = (name, picture) => {
    if (map.hasImage(name)) map.removeImage(name);
    map.addImage(name, picture, { pixelRatio: PIXELS });
  };
  for (const name of ICONS) put(`symbol-${name}`, iconPicture(name));
  put(HATCH, hatch(colours.missing));
}
