/** Asks for an answer whenever this mark is in an open tab and the state differs from that of the last answer.
 *  Gradio runs this with `element`, `props`, `trigger` and `watch`. */
const PATIENCE = 10_000; // ms until a call counts as lost; doubled with each further one
const NOTHING = " "; // the state in which there is nothing to ask
let last = { number: 0, state: NOTHING }; // the last call, and the state that it was made for
let waiting = false; // for its answer
let answered = NOTHING; // the state of the answer that is shown
let losses = 0;
let timer;

const open = () => element.getClientRects().length > 0;
const state = () => `${props.changed} ${props.value}`;

function look() {
  if (waiting || state() === answered || !open()) return;
  [last, waiting] = [{ number: last.number + 1, state: state() }, true];
  timer = setTimeout(() => {
    waiting = false;
    losses += 1;
    look();
  }, PATIENCE * 2 ** losses);
  trigger("expand", { call: last.number });
}

function done() {
  const failed = props.done.startsWith("failed"); // an error was shown; the same call would fail again
  if (failed || Number(props.done) === last.number) {
    clearTimeout(timer);
    [answered, waiting, losses] = [last.state, false, 0];
  } else if (!waiting) {
    answered = null; // an older answer came last, and is shown now
  }
  setTimeout(look);
}

// by `setTimeout`, so that the other components have their values of the same answer when the page asks again
watch("value", () => setTimeout(look));
watch("changed", () => setTimeout(look));
watch("done", done);
new ResizeObserver(look).observe(element); // hidden elements have no size
setTimeout(look);
