/**
 * Mouse, touch, pen, wheel and keyboard input on the map. A press that does not move is a click, which may pick a dot. Two
 * fingers, Shift or, where the pointer is fixed, any press move the map instead of the pointer.
 */
function listenToInput(canvas, state, act, dotAt) {
  const touches = new Map(); // the fingers on the map, by pointer
  let pressed = null;
  const spot = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  const onMap = (event) => spot(event).map(within);

  canvas.onpointerdown = (event) => {
    if (event.button || !state.plane) return;
    canvas.setPointerCapture(event.pointerId);
    act.peek(null);
    if (event.pointerType === "touch") touches.set(event.pointerId, spot(event));
    if (touches.size > 1) return pinch();
    pressed = { x: event.clientX, y: event.clientY, last: spot(event), pans: event.shiftKey || state.fixed, dragged: false };
    pressed.before = state.latent;
    if (!pressed.pans) act.move(...onMap(event));
  };
  /** A second finger: the first one was not meant to move the pointer. */
  const pinch = () => {
    if (pressed && !pressed.pans) act.undo(pressed.before);
    pressed = null;
  };
  canvas.onpointermove = (event) => {
    if (touches.size > 1) return void (touches.has(event.pointerId) && spread(event));
    if (!pressed) return hover(event);
    if (!pressed.dragged && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < 4) return;
    pressed.dragged = true;
    if (!pressed.pans) return act.move(...onMap(event));
    const here = spot(event);
    act.pan(...here.map((at, i) => at - pressed.last[i]));
    pressed.last = here;
  };
  const spread = (event) => {
    const middle = ([one, other]) => one.map((at, i) => (at + other[i]) / 2);
    const apart = ([one, other]) => Math.hypot(one[0] - other[0], one[1] - other[1]);
    const before = [...touches.values()];
    touches.set(event.pointerId, spot(event));
    const now = [...touches.values()];
    const [from, to] = [middle(before), middle(now)];
    act.pan(...to.map((at, i) => at - from[i]));
    if (apart(before) > 0.02) act.zoom(apart(now) / apart(before), ...to);
  };
  const hover = (event) => {
    if (!state.plane || event.pointerType === "touch") return;
    canvas.style.cursor = !state.fixed && dotAt(...spot(event)) !== null ? "pointer" : "";
    act.peek(onMap(event));
  };
  canvas.onpointerleave = () => act.peek(null);
  canvas.onpointerup = (event) => {
    touches.delete(event.pointerId);
    if (!pressed) return;
    const { dragged, pans } = pressed;
    pressed = null;
    if (pans) return;
    if (dragged) act.release();
    else act.pick(dotAt(...onMap(event)));
  };
  canvas.onpointercancel = (event) => (touches.delete(event.pointerId), (pressed = null), act.rest());
  listenToWheel(canvas, state, act, onMap);

  canvas.onkeydown = (event) => {
    if (!state.plane) return;
    const factor = { "+": 2, "=": 2, "-": 1 / 2, 0: 0 }[event.key];
    if (factor !== undefined && !event.ctrlKey && !event.metaKey) return event.preventDefault(), void act.zoom(factor);
    if (state.fixed) return;
    const step = event.shiftKey ? 0.1 : 0.02;
    const [right, down] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [];
    if (event.key === "Enter") act.pick(dotAt(...state.plane.share(...state.plane.place(state.latent)), Infinity));
    else if (right === undefined) return;
    else walk(right, down);
    event.preventDefault();
  };
  /** Move the pointer, and the map with it where it would leave the part that is shown. */
  const walk = (right, down) => {
    const [left, top] = state.plane.share(...state.plane.place(state.latent)).map(within);
    const [x, y] = [left + right, top + down];
    const overflow = [x, y].map((at) => at - within(at));
    act.pan(...overflow.map((over) => -over));
    act.move(...[x, y].map((at, i) => within(at - overflow[i])));
    act.rest();
  };
}

const NUDGE = 1500; // milliseconds for which the words stay that say how to zoom

/** The wheel zooms at the mouse with Ctrl, which is also how browsers report a pinch on a touchpad, or once the map was clicked. */
function listenToWheel(canvas, state, act, onMap) {
  let hiding = 0;
  const nudge = canvas.parentElement.querySelector(".nudge");
  canvas.parentElement.addEventListener( // the buttons on the map as well
    "wheel",
    (event) => {
      if (!state.plane || !event.deltaY) return;
      const held = event.ctrlKey || event.metaKey;
      if (!held && document.activeElement !== canvas) {
        nudge.hidden = false;
        clearTimeout(hiding);
        hiding = setTimeout(() => (nudge.hidden = true), NUDGE);
        return; // the page scrolls
      }
      nudge.hidden = true;
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : 30 * event.deltaY;
      const delta = Math.max(-120, Math.min(120, lines));
      const zoomed = act.zoom(Math.exp(-delta * (held && Math.abs(delta) < 50 ? 0.01 : 0.003)), ...onMap(event));
      if (zoomed || held) event.preventDefault(); // without, the page scrolls; with Ctrl the browser would zoom the page
    },
    { passive: false },
  );
}
