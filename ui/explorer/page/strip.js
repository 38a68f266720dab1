/** The pictures on the straight path from A to B; a click on one moves the pointer there. */

const STEPS = 12;

async function showStrip(place, state, decode, judge, go) {
  const [a, b] = state.ends;
  const latents = Array.from({ length: STEPS }, (_, step) => a.map((value, i) => value + (step / (STEPS - 1)) * (b[i] - value)));
  const all = new Float32Array(STEPS * a.length);
  latents.forEach((latent, step) => all.set(latent, step * a.length));
  const [{ images }, marks] = await Promise.all([decode(all), judge(all).catch(() => null)]);
  if (state.ends[0] !== a || state.ends[1] !== b) return; // other ends were chosen meanwhile
  place.querySelector(".frames").replaceChildren(
    ...latents.map((latent, step) => {
      const [button, canvas] = ["button", "canvas"].map((tag) => document.createElement(tag));
      const here = marksAt(marks, step);
      [, canvas.height, canvas.width] = state.image;
      paintImage(canvas.getContext("2d"), images, state.image, step);
      button.type = "button";
      button.className = here.join(" ");
      const words = [say("step", { step: step + 1, count: STEPS }), here.map((mark) => say(`${mark}_short`)).join(", ")];
      button.setAttribute("aria-label", words.filter(Boolean).join(": "));
      button.append(canvas);
      button.onclick = () => go(latent);
      return button;
    }),
  );
  place.hidden = false;
}
