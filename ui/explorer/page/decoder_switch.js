/**
 * Decodes the picture at the pointer: in this browser once its decoder is loaded and agrees with the server,
 * otherwise on the server. A badge shows which; a click on it switches. `preference.server` outlives the model.
 */
function decoderSwitch(place, about, decodeOnServer, ask, preference, changed) {
  const [badge, figure] = [place.querySelector("button"), place.querySelector("span")];
  let inBrowser = null; // the decoder in this browser, once it is loaded and agrees
  let reason = about.web ? "" : say("noFiles"); // why the browser does not decode
  let left = false;
  const queued = oneAtATime(decodeOnServer); // the pointer and the mouse ask by turns

  function show() {
    const here = decoder.isHere();
    badge.textContent = say(here ? "inBrowser" : "onServer");
    badge.title = inBrowser ? say(here ? "toServer" : "toBrowser") : reason;
    badge.disabled = inBrowser === null;
    figure.textContent = inBrowser ? say("agree", { difference: roundedUp(inBrowser.difference) }) : "";
  }

  badge.onclick = () => {
    preference.server = !preference.server;
    show();
    changed();
  };
  const decoder = {
    /** {images} of one latent. */
    async decode(latent) {
      if (inBrowser === null || preference.server) return queued(latent);
      try {
        return { images: await inBrowser.decode(latent) };
      } catch {
        giveUp(say("cannot"));
        return queued(latent);
      }
    },
    isHere: () => inBrowser !== null && !preference.server,
    async prepare() {
      if (!about.web) return;
      const found = await browserDecoder(ask, about).catch(() => null);
      if (left) return void found?.leave();
      inBrowser = found;
      if (found === null) giveUp(say("cannot"));
      else if (!(found.difference <= found.allowed)) giveUp(say("disagree", { difference: roundedUp(found.difference), allowed: roundedUp(found.allowed) }));
      place.dataset.difference = found?.difference ?? "";
      show();
      if (inBrowser) changed();
    },
    leave() {
      left = true;
      inBrowser?.leave();
      inBrowser = null;
    },
  };
  show();
  return decoder;

  function giveUp(why) {
    inBrowser?.leave();
    [inBrowser, reason] = [null, why];
    show();
  }
}

/** A small number rounded up to two significant digits, without an exponent: 0.00000024. */
function roundedUp(value) {
  const digits = value > 0 && value < 1 ? Math.min(12, Math.ceil(-Math.log10(value)) + 1) : 2;
  return value === 0 ? "0" : (Math.ceil(value * 10 ** digits - 1e-9) / 10 ** digits).toFixed(digits);
}
