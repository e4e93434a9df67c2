/** Light, dark, or as the system has it; a choice is kept in this browser. */
const KEY = 'tradernet-theme';

export function startTheme(): void {
  const chosen = localStorage.getItem(KEY);
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}

export function switchTheme(): void {
  const root = document.documentElement;
  const isDark =
    root.dataset.theme === 'dark' ||
    (root.dataset.theme === undefined && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.theme = isDark ? 'light' : 'dark';
  localStorage.setItem(KEY, root.dataset.theme);
  // Canvases are drawn again with the tokens' new values.
  dispatchEvent(new Event('themechange'));
}

/** A token's value at this moment, for what draws on a canvas. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
