// The settings, as a sheet beside the terminal that shows at once what they do. Loaded when it is first asked for.

import { choices, defaults, type Settings } from '../settings/settings.ts';
import type { SettingsStore } from '../settings/store.ts';
import { texts } from '../texts.ts';
import { createDialog } from './dialog.ts';
import { button, element } from './element.ts';

/** Fonts made for terminals that people have. Any other may be typed. */
const knownFonts = [
  'Cascadia Code',
  'Consolas',
  'DejaVu Sans Mono',
  'Fira Code',
  'Hack',
  'IBM Plex Mono',
  'JetBrains Mono',
  'Menlo',
  'Source Code Pro',
  'Ubuntu Mono',
];

type OfType<T> = { [Name in keyof Settings]: Settings[Name] extends T ? Name : never }[keyof Settings];

/** Adds the sheet to `root`. */
export function createSettingsDialog(
  root: HTMLElement,
  settings: SettingsStore,
  onClose: () => void,
): HTMLDialogElement {
  const words = texts.settings;
  // Called with what is set: each control shows it.
  const refresh: ((now: Settings) => void)[] = [];

  function choose<Name extends keyof typeof choices>(name: Name, label: string, names: Record<string, string>) {
    const options = choices[name].map((value) => element('option', { value }, names[value] ?? value));
    const select = element('select', {}, ...options);
    select.addEventListener('change', () => settings.change({ [name]: select.value }));
    refresh.push((now) => {
      select.value = now[name];
    });
    return element('label', { class: 'setting' }, label, select);
  }

  function check(name: OfType<boolean>, label: string, allowed?: () => Promise<boolean>) {
    const box = element('input', { type: 'checkbox' });
    box.addEventListener('change', async () => {
      const on = box.checked && ((await allowed?.()) ?? true);
      box.checked = on;
      settings.change({ [name]: on });
    });
    refresh.push((now) => {
      box.checked = now[name];
    });
    return element('label', { class: 'setting' }, label, box);
  }

  function fontSize() {
    const size = element('output', { class: 'count' });
    const by = (step: number) => () => settings.change({ fontSize: settings.now().fontSize + step });
    refresh.push((now) => {
      size.textContent = String(now.fontSize);
    });
    return element(
      'div',
      { class: 'setting', role: 'group', 'aria-label': words.fontSize },
      words.fontSize,
      element(
        'span',
        { class: 'stepper' },
        button('−', by(-1), { 'aria-label': words.smaller }),
        size,
        button('+', by(1), { 'aria-label': words.larger }),
      ),
    );
  }

  function fontFamily() {
    const known = knownFonts.map((value) => element('option', { value }));
    const field = element('input', { type: 'text', list: 'fonts', placeholder: words.fontHint, spellcheck: 'false' });
    field.addEventListener('change', () => {
      settings.change({ fontFamily: field.value.trim() });
      field.value = settings.now().fontFamily;
    });
    refresh.push((now) => {
      if (document.activeElement !== field) field.value = now.fontFamily;
    });
    return element(
      'label',
      { class: 'setting' },
      words.fontFamily,
      field,
      element('datalist', { id: 'fonts' }, ...known),
    );
  }

  const notifyDenied = element('p', { class: 'hint', role: 'status' });
  async function mayNotify(): Promise<boolean> {
    const allowed = (await Notification.requestPermission()) === 'granted';
    notifyDenied.textContent = allowed ? '' : words.notifyDenied;
    return allowed;
  }

  const section = (title: string, ...content: Node[]) =>
    element('fieldset', {}, element('legend', {}, title), ...content);

  const dialog = createDialog(
    root,
    { kind: 'settings', title: words.title, onClose },
    element(
      'div',
      { class: 'dialog-body' },
      section(
        words.appearance,
        choose('theme', words.theme, words.themes),
        fontSize(),
        fontFamily(),
        choose('cursorStyle', words.cursorStyle, words.cursorStyles),
        check('cursorBlink', words.cursorBlink),
        check('bar', words.barShown),
        choose('keyRow', words.keyRow, words.keyRows),
        choose('language', words.language, words.languages),
      ),
      section(
        words.bell,
        check('bellFlash', words.bellFlash),
        check('bellSound', words.bellSound),
        check('bellNotify', words.bellNotify, mayNotify),
        notifyDenied,
      ),
      section(
        words.clipboard,
        check('copyOnSelect', words.copyOnSelect),
        choose('programsCopy', words.programsCopy, words.programsCopies),
      ),
      section(words.accessibility, check('screenReader', words.screenReader)),
      element(
        'div',
        { class: 'setting' },
        element('span', { class: 'hint' }, words.kept),
        button(words.reset, () => settings.change(defaults)),
      ),
    ),
  );
  settings.follow((now) => {
    for (const show of refresh) show(now);
  });
  return dialog;
}
