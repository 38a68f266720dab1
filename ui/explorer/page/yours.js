/**
 * The user's picture: next to the map as the model sees it and as it is reconstructed, and a mark on the map at its code.
 * It returns a function that shows another picture, or none.
 */
function yoursOf(page, state, ask, { go, changed }) {
  const card = page.querySelector(".yours");
  const [seen, image] = card.querySelectorAll("canvas");
  const [button, problem] = [card.querySelector(".go"), card.querySelector(".problem")];
  let picture = null;
  button.onclick = () => go(state.yours.latent);
  button.hidden = state.fixed;

  const show = latest(async () => {
    const mine = picture;
    const found = mine ? await ask("picture", { picture: mine }) : null;
    if (mine !== picture) return; // another one follows
    state.yours = found && { latent: floatsOf(found.latent), stamp: document.createElement("canvas"), ...posteriorIn(found) };
    if (found) {
      for (const [canvas, bytes] of [[seen, found.seen], [image, found.image], [state.yours.stamp, found.seen]]) {
        [, canvas.height, canvas.width] = state.image;
        paintImage(canvas.getContext("2d"), bytesOf(bytes), state.image);
      }
      sayMarks(card.querySelector(".marks"), marksAt(found.marks, 0));
      card.querySelector(".whose").textContent = say(mine.example ? "example" : "yours");
    }
    [problem.hidden, card.hidden] = [true, !found];
    changed();
  });

  return (given) => {
    picture = given?.url ? given : null;
    show().catch((error) => {
      state.yours = null;
      [problem.textContent, problem.hidden, card.hidden] = [error?.told ?? say("trouble"), false, false];
      changed();
    });
  };
}

const STAMP = 30; // CSS pixels of the picture on the map, its longer side
const INSET = 7; // CSS pixels between the map's edge and the tip of the arrow to a code outside

/** A small picture with a stem to the place of its code; outside the map an arrow at the edge points to the code. Returns whether it is on the map. */
function paintStamp(context, [x, y], size, unit, stamp, ink, paper) {
  const inset = INSET * unit;
  const [edgeX, edgeY] = [x, y].map((at) => Math.min(size - inset, Math.max(inset, at)));
  const outside = x < 0 || y < 0 || x > size || y > size;
  const times = (STAMP * unit) / Math.max(stamp.width, stamp.height);
  const [wide, high] = [stamp.width * times, stamp.height * times];
  const away = 14 * unit;
  const left = edgeX + away + wide > size - inset ? edgeX - away - wide : edgeX + away; // on the side with room
  const top = edgeY - away - high < inset ? edgeY + away : edgeY - away - high;
  const line = (colour, width) => {
    context.strokeStyle = colour;
    context.lineWidth = width * unit;
    context.beginPath();
    context.moveTo(edgeX, edgeY);
    context.lineTo(left + wide / 2, top + high / 2);
    context.stroke();
  };
  line(paper, 4), line(ink, 1.5);
  for (const [edge, colour] of [[3, paper], [1.5, ink]]) {
    context.fillStyle = colour;
    context.fillRect(left - edge * unit, top - edge * unit, wide + 2 * edge * unit, high + 2 * edge * unit);
  }
  context.imageSmoothingEnabled = false;
  context.drawImage(stamp, left, top, wide, high);
  const angle = Math.atan2(y - edgeY, x - edgeX);
  for (const [grown, colour] of [[2.5, paper], [0, ink]]) {
    context.fillStyle = colour;
    context.beginPath();
    if (outside) arrow(context, edgeX, edgeY, angle, (7 + grown) * unit);
    else context.rect(edgeX - (4 + grown / 1.5) * unit, edgeY - (4 + grown / 1.5) * unit, (8 + grown * 1.33) * unit, (8 + grown * 1.33) * unit);
    context.fill();
  }
  return !outside;
}

function arrow(context, x, y, angle, length) {
  for (const turn of [0, 2.4, -2.4]) context.lineTo(x + length * Math.cos(angle + turn), y + length * Math.sin(angle + turn));
  context.closePath();
}
