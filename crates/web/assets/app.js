// What makes the pages quicker for those with a keyboard. Every page works without it.
// No words here: what is said stands in the page, in the language of the page.
(() => {
  "use strict";
  const root = document.documentElement;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const typing = (element) =>
    element?.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(element?.tagName ?? "");

  // ---- light and dark

  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  function switchTheme() {
    const theme = isDark() ? "light" : "dark";
    root.dataset.theme = theme;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    document.dispatchEvent(new CustomEvent("theme-changed"));
  }

  // ---- menus: placed beside what opened them

  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.(".menu[popover]") || event.newState !== "open") return;
    const opener = one(`[popovertarget="${CSS.escape(menu.id)}"]`);
    if (!opener) return;
    const place = opener.getBoundingClientRect();
    menu.classList.add("placed");
    const below = place.bottom + 4 + menu.offsetHeight <= innerHeight;
    const top = below ? place.bottom + 4 : Math.max(8, place.top - 4 - menu.offsetHeight);
    const left = Math.min(Math.max(8, place.right - menu.offsetWidth), innerWidth - menu.offsetWidth - 8);
    menu.style.top = `${top}px`;
    menu.style.left = `${Math.max(8, left)}px`;
    opener.setAttribute("aria-expanded", "true");
    one("a, button", menu)?.focus({ preventScroll: true });
    const closed = (later) => {
      if (later.newState !== "closed") return;
      opener.setAttribute("aria-expanded", "false");
      menu.removeEventListener("toggle", closed);
    };
    menu.addEventListener("toggle", closed);
  }, true);

  // Arrow keys go through an open menu.
  function walkMenu(event, menu) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return false;
    const items = all("a, button", menu);
    const at = items.indexOf(document.activeElement);
    items[(at + step + items.length) % items.length]?.focus();
    return true;
  }

  // ---- the drawer of a narrow screen

  function drawer(open) {
    const side = one("#menu");
    if (!side) return;
    side.classList.toggle("open", open);
    one(".menu-open")?.setAttribute("aria-expanded", String(open));
    if (open) (one("a[aria-current]", side) ?? one("li a", side))?.focus();
  }

  // ---- rows by keyboard

  const rowsOf = () => all("table.data").find((table) => table.offsetParent)?.tBodies[0]?.rows ?? [];

  function markRow(row) {
    all("tr.here").forEach((other) => other.classList.remove("here"));
    row.classList.add("here");
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function moveRow(step) {
    const rows = [...rowsOf()];
    if (!rows.length) return false;
    const at = rows.findIndex((row) => row.classList.contains("here"));
    const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
    markRow(rows[next]);
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const menu = one(".menu:popover-open");
    if (menu && walkMenu(event, menu)) return event.preventDefault();
    if (event.key === "Escape" && one("#menu.open")) {
      drawer(false);
      one(".menu-open")?.focus();
      return;
    }
    if (typing(event.target) || one("dialog[open]") || menu) return;
    // A page with a keyboard of its own says so on its main part.
    if (event.target.closest?.("[data-own-keys]")) return;
    const here = one("tr.here");
    const done = {
      "/": () => {
        const field = one("#list-search") ?? one("#find-search");
        field?.focus();
        field?.select();
        return field;
      },
      "?": () => one("#keys")?.showModal?.() ?? true,
      j: () => moveRow(1),
      k: () => moveRow(-1),
      ArrowDown: () => here && moveRow(1),
      ArrowUp: () => here && moveRow(-1),
      n: () => one("a[rel=next]")?.click() ?? one("a[rel=next]"),
      p: () => one("a[rel=prev]")?.click() ?? one("a[rel=prev]"),
      Enter: () => {
        if (!here || event.target !== here) return false;
        const link = one("td a[href]", here);
        link?.click();
        return link;
      },
    }[event.key];
    if (done?.()) event.preventDefault();
  });

  // ---- clicks

  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-theme-switch], [data-print], [data-copy], [data-close], [data-keys], .menu-open, .menu-close, #menu a");
    const side = one("#menu.open");
    if (side && !side.contains(event.target) && !event.target.closest(".menu-open")) drawer(false);
    if (!target) return;
    if (target.matches("[data-theme-switch]")) switchTheme();
    else if (target.matches("[data-print]")) window.print();
    else if (target.matches("[data-close]")) {
      // Cancelling leaves the dialog; on a page of its own it is a link back.
      const dialog = target.closest("dialog");
      if (dialog) {
        event.preventDefault();
        dialog.close();
      }
    } else if (target.matches("[data-keys]")) one("#keys")?.showModal();
    else if (target.matches("[data-copy]")) {
      const text = one(target.dataset.copy)?.textContent ?? "";
      navigator.clipboard?.writeText(text).then(() => {
        target.classList.add("done");
        live(target.dataset.done ?? "");
        setTimeout(() => target.classList.remove("done"), 1500);
      });
    } else if (target.matches(".menu-open")) {
      event.preventDefault();
      drawer(!one("#menu")?.classList.contains("open"));
    } else if (target.matches(".menu-close")) {
      event.preventDefault();
      drawer(false);
    } else drawer(false);
  });

  // ---- forms: ask once more, send once

  function live(words) {
    const region = one("#live");
    if (region) region.textContent = words;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("form[data-ask]") && !form.dataset.sure) {
      const ask = one("#ask");
      if (ask?.showModal) {
        event.preventDefault();
        event.stopImmediatePropagation();
        one("[data-ask-words]", ask).textContent = form.dataset.ask;
        ask.returnValue = "";
        ask.showModal();
        ask.addEventListener("close", () => {
          if (ask.returnValue !== "yes") return;
          form.dataset.sure = "yes";
          const box = one("input[name=sure]", form);
          if (box) box.checked = true;
          form.requestSubmit(event.submitter ?? undefined);
        }, { once: true });
        return;
      }
    }
    if (form.method !== "post" || event.defaultPrevented) return;
    // After the form's content is taken, so that the button's own value is sent too.
    setTimeout(() => wait(form, true), 0);
  }, true);

  function wait(form, busy) {
    all("button[type=submit]", form).forEach((button) => {
      button.disabled = busy;
      button.classList.toggle("busy", busy && button.classList.contains("main"));
    });
    if (!busy) delete form.dataset.sure;
  }
  addEventListener("pageshow", (event) => {
    if (event.persisted) all("form").forEach((form) => wait(form, false));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.matches?.("form")) wait(event.detail.elt, false);
  });

  // The script asks by a dialog, so the box that asks without it goes.
  function prepare(within) {
    all("form[data-ask] .form-part.sure", within).forEach((part) => {
      part.hidden = true;
      one("input", part).required = false;
    });
    all(".table-box", within).forEach((box) => {
      box.addEventListener("scroll", () => box.classList.toggle("slid", box.scrollLeft > 0), { passive: true });
    });
    const wrong = one("[aria-invalid=true]", within);
    if (wrong) wrong.focus();
  }

  // ---- live parts

  // An empty filter does not belong into the address.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") return;
    const empty = [...event.detail.formData.entries()].filter(([, value]) => value === "").map(([name]) => name);
    empty.forEach((name) => event.detail.formData.delete(name));
  });

  // An answer without the wanted part is another page: what was done leads on, or something went wrong.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig, serverResponse } = event.detail;
    const select = requestConfig.elt.closest("[hx-select]")?.getAttribute("hx-select");
    if (!select?.startsWith("#") || serverResponse.includes(`id="${select.slice(1)}"`)) return;
    const arrived = new URL(xhr.responseURL || location.href, location.href);
    if (arrived.pathname === "/login") {
      event.preventDefault();
      location.reload();
      return;
    }
    const page = new DOMParser().parseFromString(serverResponse, "text/html");
    event.preventDefault();
    if (!one("main", page)) {
      location.assign(arrived);
      return;
    }
    const same = arrived.pathname === location.pathname;
    if (requestConfig.verb !== "get" && xhr.status < 400) {
      if (!same) history.replaceState({ house: true }, "");
      history[same ? "replaceState" : "pushState"]({ house: true }, "", arrived.pathname + arrived.search);
    }
    document.title = page.title;
    all("dialog[open]").forEach((dialog) => dialog.close());
    document.body.className = page.body.className;
    document.body.replaceChildren(...page.body.childNodes);
    window.htmx?.process(document.body);
    document.dispatchEvent(new CustomEvent("page-changed"));
    prepare(document);
    if (!same || xhr.status >= 400) scrollTo(0, 0);
    live(one(".say.flash, .say.bad")?.textContent ?? "");
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const within = event.detail.target;
    const dialog = one("#dialog");
    if (dialog && (within.id === "dialog-body" || dialog.contains(one("#act")))) {
      if (!dialog.open && one("#act", dialog)) {
        dialog.setAttribute("aria-label", one("h1", dialog)?.textContent ?? "");
        dialog.showModal();
        (one("#act [aria-invalid=true]", dialog) ?? one("#act .fields input, #act .fields select, #act .fields textarea", dialog))?.focus();
      }
    }
    prepare(document);
    document.dispatchEvent(new CustomEvent("page-changed"));
    const words = one("[data-live]");
    if (words) live(words.textContent);
  });

  // A page left by the back button is fetched again.
  addEventListener("popstate", (event) => {
    if (event.state?.house) location.reload();
  });

  // ---- paper

  // Paper is light, and shows the figures of every chart.
  let worn;
  addEventListener("beforeprint", () => {
    worn = root.dataset.theme;
    root.dataset.theme = "light";
    document.dispatchEvent(new CustomEvent("theme-changed"));
    all("details.figures:not([open])").forEach((part) => {
      part.open = true;
      part.dataset.opened = "yes";
    });
  });
  addEventListener("afterprint", () => {
    if (worn) root.dataset.theme = worn;
    else delete root.dataset.theme;
    document.dispatchEvent(new CustomEvent("theme-changed"));
    all("details.figures[data-opened]").forEach((part) => {
      part.open = false;
      delete part.dataset.opened;
    });
  });

  // A long menu shows where one is.
  one("#menu a[aria-current]")?.scrollIntoView({ block: "nearest" });
  prepare(document);
})();
