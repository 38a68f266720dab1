/**
 * Where the pointer's picture is decoded: in this browser once that is ready and was found to agree with the
 * server, else on the server. A badge says which; a click on it changes over. `wish.server` outlives the model.
 */
function waysToDecode(place, about, decode, ask, wish, changed) {
  const [badge, figure] = [place.querySelector("button"), place.querySelector("span")];
  let here = null;
  let why = about.web ? "" : say("noFiles"); // not here
  let left = false;

  function show() {
    const inBrowser = here !== null && !wish.server;
    badge.textContent = say(inBrowser ? "inBrowser" : "onServer");
    badge.title = here ? say(inBrowser ? "toServer" : "toBrowser") : why;
    badge.disabled = here === null;
    figure.textContent = here ? say("agree", { difference: plain(here.difference) }) : "";
  }

  badge.onclick = () => {
    wish.server = !wish.server;
    show();
    changed();
  };
  show();
  return {
    /** {images, ranks} of one latent; in the browser there are no ranks. */
    async decode(latent) {
      if (here === null || wish.server) return decode(latent);
      try {
        return { images: await here.decode(latent) };
      } catch {
        giveUp(say("cannot"));
        return decode(latent);
      }
    },
    async prepare() {
      if (!about.web) return;
      const found = await decoderHere(ask, about).catch(() => null);
      if (left) return void found?.leave();
      here = found;
      if (found === null) giveUp(say("cannot"));
      else if (!(found.difference <= found.allowed)) giveUp(say("disagree", { difference: plain(found.difference), allowed: plain(found.allowed) }));
      place.dataset.difference = found?.difference ?? "";
      show();
      if (here) changed();
    },
    leave() {
      left = true;
      here?.leave();
      here = null;
    },
  };

  function giveUp(reason) {
    here?.leave();
    [here, why] = [null, reason];
    show();
  }
}

/** A small number, rounded up to two digits that count: 0.00000024. */
function plain(value) {
  const digits = value > 0 && value < 1 ? Math.min(12, Math.ceil(-Math.log10(value)) + 1) : 2;
  return value === 0 ? "0" : (Math.ceil(value * 10 ** digits - 1e-9) / 10 ** digits).toFixed(digits);
}
