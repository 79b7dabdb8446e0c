// Runs before the first paint: the page appears at once in the light or dark that was chosen.
(() => {
  const chosen = document.cookie.match(/(?:^|; )theme=(light|dark)/);
  if (chosen) document.documentElement.dataset.theme = chosen[1];
  document.documentElement.classList.add("scripted");
})();
