/**
 * The map: two canvases, the lower one for what rarely changes, the upper one for the pointer.
 * It calls `act` on input: move(left, top), pick(row or null), rest(), release(), undo(latent), peek([left, top] or null),
 * pan(x, y), zoom(factor, left, top); located(whether the user's picture is on the map); and gone() when it was removed from the page.
 */
function latentMap(place, state, act) {
  const [below, above] = place.querySelectorAll("canvas");
  const unit = () => window.devicePixelRatio || 1;
  /** Draw in the next animation frame, once however often it is called; `.now` draws at once. */
  const frame = (draw) => {
    let asked = false;
    const now = () => state.plane && below.width > 1 && draw();
    const soon = () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => ((asked = false), now()));
    };
    return Object.assign(soon, { now });
  };
  const drawBelow = frame(() => {
    const [context, size, dark] = [below.getContext("2d"), below.width, isDark(place)];
    const [red, green, blue, strength] = shadeOf(dark);
    place.parentElement.style.setProperty("--shade", `rgb(${red} ${green} ${blue} / ${strength})`); // for the legend
    context.clearRect(0, 0, size, size);
    if (state.tiles) {
      paintTiles(context, state.tiles, state.plane.zoom, size);
    } else {
      paintDensity(context, state.plane.density, state.plane.zoom, size, [red, green, blue, strength]);
      paintDots(context, state.plane, state.labels, state.hidden, size, unit());
    }
  });
  const drawAbove = frame(() => {
    const [context, size] = [above.getContext("2d"), above.width];
    const style = getComputedStyle(place);
    const [ink, panel] = ["--ink", "--panel"].map((name) => style.getPropertyValue(name));
    const positionOf = (latent) => state.plane.share(...state.plane.place(latent)).map((part) => part * size);
    const spot = (latent) => positionOf(latent).map((at) => Math.min(size, Math.max(0, at)));
    context.clearRect(0, 0, size, size);
    const [ends, [x, y]] = [state.ends.map(spot), spot(state.latent)];
    paintPath(context, ends, unit(), ink, panel);
    const colour = style.getPropertyValue(`--${state.marks.at(-1) ?? "accent"}`);
    const radius = ends.some((end) => Math.hypot(end[0] - x, end[1] - y) < 12 * unit()) ? 14 : 8; // a ring around the letter
    if (state.yours?.std) paintPosterior(context, state.plane, state.yours, size, unit(), ink, panel);
    if (state.yours) act.located(paintStamp(context, positionOf(state.yours.latent), size, unit(), state.yours.stamp, ink, panel));
    paintPointer(context, [x, y], size, unit(), radius, colour, state.tiles ? "#fff" : ink);
  });
  const redraw = () => (drawBelow(), drawAbove());

  listenToInput(above, state, act, (left, top, reach = 9) => nearest(left * above.width, top * above.width, reach * unit()));

  /** The row of the dot nearest to a place on the canvas, at most `reach` away; null if there is none. */
  function nearest(x, y, reach) {
    let [best, least] = [null, reach * reach];
    if (state.tiles) return best; // the tiles cover the dots
    for (let row = 0; row < state.plane.points.length / 2; row++) {
      if (state.labels && state.hidden.has(state.labels[row])) continue;
      const [left, top] = state.plane.share(state.plane.points[2 * row], state.plane.points[2 * row + 1]);
      const far = (left * above.width - x) ** 2 + (top * above.width - y) ** 2;
      if (far < least) [best, least] = [row, far];
    }
    return best;
  }

  let seen = false;
  const resized = new ResizeObserver(() => {
    if (!place.isConnected) return seen && act.gone(); // the observer also fires before the map is on the page
    seen = true;
    const size = Math.round(place.clientWidth * unit());
    if (!size || size === below.width) return;
    for (const canvas of [below, above]) canvas.width = canvas.height = size; // this clears them
    drawBelow.now();
    drawAbove.now();
  });
  const theme = new MutationObserver(redraw);
  resized.observe(place);
  theme.observe(document.body, { attributeFilter: ["class"] });
  return { redraw, point: drawAbove, leave: () => (resized.disconnect(), theme.disconnect()) };
}

const within = (part) => Math.min(1, Math.max(0, part));

function isDark(place) {
  return place.closest(".dark") !== null || document.body.classList.contains("dark");
}
