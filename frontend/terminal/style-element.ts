// What xterm.js gets instead of a <style> element (see build/patched-xterm.mjs): something that it can put into the page,
// fill and remove, and whose text goes into a constructed style sheet.

/** An inert element with the `textContent` and `remove` of a style element. */
export function createStyleElement(): HTMLElement {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  const element = document.createElement('template');
  Object.defineProperty(element, 'textContent', { set: (css: string) => sheet.replaceSync(css) });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
    Element.prototype.remove.call(element);
  };
  return element;
}
