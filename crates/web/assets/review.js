// The reviewer's screen by keyboard: j and k go through the queue, a letter presses the button that bears it.
// Without the script every button and every line of the queue works by itself.
(() => {
  "use strict";
  const root = () => document.querySelector("[data-review]");
  const typing = (element) =>
    element?.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(element?.tagName ?? "");
  let busy = false;

  const queue = () => [...root().querySelectorAll(".review-queue a[data-account]")];
  const current = () => queue().findIndex((line) => line.getAttribute("aria-current") === "true");

  function say(words) {
    const region = document.querySelector("#live");
    if (region) region.textContent = words;
  }

  // The wanted parts of a page of this screen take the place of those that are shown.
  async function show(path, push) {
    const answer = await fetch(path, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-review]");
    if (!fresh) {
      location.assign(path);
      return;
    }
    root().replaceWith(fresh);
    if (push) history.replaceState({}, "", path);
    window.htmx?.process(fresh);
    document.dispatchEvent(new CustomEvent("page-changed"));
    fresh.querySelector(".review-queue [aria-current=true]")?.scrollIntoView({ block: "nearest" });
    fresh.querySelector("#review-case")?.focus({ preventScroll: true });
  }

  async function go(step) {
    const lines = queue();
    if (!lines.length) return;
    const at = current();
    const next = lines[Math.min(lines.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    if (next) await show(next.getAttribute("href"), true);
  }

  // An act whose fields are all known is done at once; anything else opens its form.
  async function press(button) {
    if (!button.dataset.act || button.closest(".head .actions")?.closest(".review-case") === null) {
      button.click();
      return;
    }
    const form = new URLSearchParams(new URL(button.href, location.href).search);
    form.set("request_key", crypto.randomUUID?.() ?? String(Date.now()) + Math.random());
    const answer = await fetch(`/acts/${button.dataset.act}`, {
      method: "POST",
      body: form,
      credentials: "same-origin",
      headers: { Accept: "application/json", "X-CSRF": root().dataset.csrf },
    });
    const told = await answer.json();
    say(told.said ?? told.detail ?? "");
    if (!answer.ok) {
      button.click();
      return;
    }
    const lines = queue();
    const next = lines[current() + 1] ?? lines[current()];
    await show(next ? next.getAttribute("href") : location.pathname + location.search, true);
  }

  async function once(work) {
    if (busy) return;
    busy = true;
    try {
      await work();
    } finally {
      busy = false;
    }
  }

  document.addEventListener("keydown", (event) => {
    if (!root() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target) || document.querySelector("dialog[open], .menu:popover-open")) return;
    if (event.key === "j" || event.key === "ArrowDown") {
      event.preventDefault();
      once(() => go(1));
    } else if (event.key === "k" || event.key === "ArrowUp") {
      event.preventDefault();
      once(() => go(-1));
    } else if (event.key === "Enter" && event.target === document.querySelector("#review-case")) {
      event.preventDefault();
      document.querySelector("#review-case h2 a")?.click();
    } else if (/^[a-z]$/.test(event.key)) {
      const button = root().querySelector(`[data-key="${event.key}"]`);
      if (!button) return;
      event.preventDefault();
      once(() => press(button));
    }
  });

  document.addEventListener("click", (event) => {
    const line = event.target.closest?.(".review-queue a[data-account]");
    if (!line || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    once(() => show(line.getAttribute("href"), true));
  });
})();
