/** A small picture next to the mouse: what the latent decodes to that a click would take. */

const PAUSE = 120; // milliseconds for which the mouse rests before the server is asked
const PEEK = 72; // CSS pixels of the picture's longer side, at least

function peekOf(place, state, decode, isHere) {
  const canvas = place.querySelector(".peek");
  const [, height, width] = state.image;
  const times = Math.max(1, Math.ceil(PEEK / Math.max(width, height)));
  let at = null; // of the mouse on the map
  let waiting = 0;
  [canvas.width, canvas.height] = [width, height];
  [canvas.style.width, canvas.style.height] = [`${times * width}px`, `${times * height}px`];

  const show = latest(async () => {
    if (!at) return;
    const { images } = await decode(state.plane.moved(state.latent, ...state.plane.at(...at)));
    if (!at) return;
    paintImage(canvas.getContext("2d"), images, state.image);
    canvas.hidden = false;
    put();
  });
  /** Beside the mouse, on the side where there is room. */
  const put = () => {
    const [x, y] = at.map((share) => share * place.clientWidth);
    const [wide, high] = [times * width + 18, times * height + 18];
    canvas.style.left = `${x + wide > place.clientWidth ? x - wide : x + 18}px`;
    canvas.style.top = `${y - high < 0 ? y + 18 : y - high}px`;
  };
  return (spot) => {
    at = spot;
    clearTimeout(waiting);
    if (!at) return void (canvas.hidden = true);
    if (!canvas.hidden) put();
    if (isHere()) return void show().catch(() => {});
    canvas.hidden = true; // it would show another place until the server answers
    waiting = setTimeout(() => show().catch(() => {}), PAUSE);
  };
}
