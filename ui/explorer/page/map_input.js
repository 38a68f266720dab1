/** Mouse, touch, pen and keyboard input on the map. A press that does not move is a click, which may pick a dot. */
function listenToInput(canvas, state, act, dotAt) {
  let pressed = null;
  const spot = (event) => {
    const box = canvas.getBoundingClientRect();
    return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  };
  canvas.onpointerdown = (event) => {
    if (event.button || !state.plane || state.fixed) return;
    canvas.setPointerCapture(event.pointerId);
    pressed = { x: event.clientX, y: event.clientY, dragged: false };
    act.move(...spot(event));
  };
  canvas.onpointermove = (event) => {
    if (!pressed) return void (canvas.style.cursor = state.plane && !state.fixed && dotAt(...spot(event)) !== null ? "pointer" : "");
    if (!pressed.dragged && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < 4) return;
    pressed.dragged = true;
    act.move(...spot(event));
  };
  canvas.onpointerup = (event) => {
    if (!pressed) return;
    const { dragged } = pressed;
    pressed = null;
    if (dragged) act.release();
    else act.pick(dotAt(...spot(event)));
  };
  canvas.onpointercancel = () => ((pressed = null), act.rest());
  canvas.onkeydown = (event) => {
    if (!state.plane || state.fixed) return;
    const step = event.shiftKey ? 0.1 : 0.02;
    const [right, down] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [];
    const [left, top] = state.plane.share(...state.plane.place(state.latent)).map(within);
    if (event.key === "Enter") act.pick(dotAt(left, top, Infinity));
    else if (right === undefined) return;
    else act.move(within(left + right), within(top + down)), act.rest();
    event.preventDefault();
  };
}
