// Gradio wraps a picture in a button without a name, and gives the picture no alternative text.
const app = element.closest(".diabolo") ?? document;

function nameAll() {
  for (const block of app.querySelectorAll(".block.pixels")) {
    const label = block.querySelector('[data-testid="block-label"]')?.textContent.trim();
    const button = block.querySelector("button:has(.image-frame)");
    if (label && button && button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
  }
}

new MutationObserver(nameAll).observe(app, { childList: true, subtree: true });
nameAll();
