// The colour theme, set before anything is drawn: "system" follows the
// browser, "light" and "dark" are remembered in this browser.
(() => {
  const names = ["system", "light", "dark"];
  const read = () => {
    try {
      const kept = localStorage.getItem("kai-theme");
      return names.includes(kept) ? kept : "system";
    } catch {
      return "system";
    }
  };
  const set = (name) => {
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    try {
      localStorage.setItem("kai-theme", name);
    } catch { /* storage may be off: the choice then lasts for this page */ }
    return name;
  };
  let current = set(read());
  window.kaiTheme = {
    get: () => current,
    next: () => (current = set(names[(names.indexOf(current) + 1) % names.length])),
  };
})();
