// What the tests ask of a page; put before every question. Only looks, and marks what was sent.
const shown = (e) => !!e && e.checkVisibility({ visibilityProperty: true, opacityProperty: false })
  && !e.closest("[aria-hidden=true]");
const dialogs = [...document.querySelectorAll("dialog[open]")];
const scope = dialogs.length ? dialogs[dialogs.length - 1] : document.body;
const words = (e) => (e.innerText || e.value || e.getAttribute("aria-label") || "").replace(/\s+/g, " ").trim();
const bare = (text) => text.replace(/\s+/g, "");
// The button that opens the menu in which an element hides.
const opener = (e) => {
  const menu = e.closest("[popover]");
  if (menu && !menu.matches(":popover-open")) return document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
  const folded = e.closest("details:not([open])");
  return folded && !e.closest("summary") ? folded.querySelector("summary") : null;
};
const answer = (e) => ({ element: opener(e) || e, opens: !!opener(e) });
const button = (text) => {
  const all = [...scope.querySelectorAll("button, a[href], summary, [role=tab], input[type=submit]")];
  const fits = (test) => all.filter((e) => (shown(e) || opener(e)) && !e.disabled && test(words(e) || e.textContent.trim()));
  const main = (list) => list.find((e) => e.closest("main, dialog")) || list[0];
  return main(fits((said) => said === text)) || main(fits((said) => bare(said) === bare(text)))
    || main(fits((said) => said.includes(text)));
};
// The offers of an act on this page, with these fields settled.
const offers = (act, given) => [...document.querySelectorAll(`a[href^="/acts/${act}"]`)].filter((e) => {
  const at = new URL(e.href);
  if (at.pathname !== `/acts/${act}`) return false;
  return Object.entries(given).every(([name, value]) => at.searchParams.get(name) === value);
});
const actForm = (act) => [...document.querySelectorAll(`form[data-act="${act}"]`)].find(shown);
const field = (form, name) => {
  const within = form || scope;
  const named = [...within.querySelectorAll(`[name="${CSS.escape(name)}"]`)].filter((e) => e.type !== "hidden");
  if (named.length) return named.find(shown) || named[0];
  for (const label of within.querySelectorAll("label")) {
    const said = words(label);
    if (said === name || said.startsWith(name)) {
      const found = label.htmlFor ? document.getElementById(label.htmlFor) : label.querySelector("input, select, textarea");
      if (found) return found;
    }
  }
  return null;
};
const busy = () => document.readyState !== "complete" || !!document.querySelector(".htmx-request, form[data-sent]");
