// Light or dark as the reader chose; before anything is drawn, so that nothing flashes. Without a choice the system's.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem('healer-theme');
  } catch {
    // Storage may be forbidden; then the system's choice stands.
  }
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
})();
