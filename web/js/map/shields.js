// Shields of route numbers, drawn by code: the shape says the kind of road, so that colour need not.

const HALF_PX = 13;
const PIXELS = 2; // of the picture for one of the page

const SHAPES = {
  // a triangle with round corners that stands on its tip, as signs of national roads have it
  "shield-national": (draw) => {
    draw.moveTo(-9, -9);
    draw.quadraticCurveTo(0, -12.5, 9, -9);
    draw.quadraticCurveTo(13, -7, 11, -2.5);
    draw.quadraticCurveTo(7.5, 6, 2.5, 10.5);
    draw.quadraticCurveTo(0, 12.5, -2.5, 10.5);
    draw.quadraticCurveTo(-7.5, 6, -11, -2.5);
    draw.quadraticCurveTo(-13, -7, -9, -9);
  },
  "shield-prefectural": (draw) => {
    for (const [x, y] of [[-6.5, -9.5], [6.5, -9.5], [12, 0], [6.5, 9.5], [-6.5, 9.5], [-12, 0]]) draw.lineTo(x, y);
  },
};

function shield(name, colours) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 2 * HALF_PX * PIXELS;
  const draw = canvas.getContext("2d");
  draw.scale(PIXELS, PIXELS);
  draw.translate(HALF_PX, HALF_PX);
  draw.beginPath();
  SHAPES[name](draw);
  draw.closePath();
  draw.lineJoin = "round";
  draw.lineWidth = 1.5;
  draw.fillStyle = colours.shieldFill;
  draw.strokeStyle = colours.shieldEdge;
  draw.fill();
  draw.stroke();
  return draw.getImageData(0, 0, canvas.width, canvas.height);
}

export function addShields(map, colours) {
  for (const name of Object.keys(SHAPES)) {
    if (map.hasImage(name)) map.removeImage(name);
    map.addImage(name, shield(name, colours), { pixelRatio: PIXELS });
  }
}
