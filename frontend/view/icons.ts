// The few pictures on buttons, drawn with lines on a grid of sixteen.

const lines = {
  share: 'M8 9.5v-8M5 4.5l3-3 3 3M4 7H2.5v7h11V7H12',
  find: 'M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0M10.3 10.3 14 14',
  help: 'M6 6.1a2 2 0 1 1 2.9 1.8c-.6.3-.9.8-.9 1.6M8 11.9v.1M14.5 8a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0',
  settings: 'M2 5h5M13 5h1M10 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4M2 11h1M9 11h5M6 13a2 2 0 1 0 0-4 2 2 0 0 0 0 4',
  fullScreen: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  leaveFullScreen: 'M6 2.5V6H2.5M13.5 6H10V2.5M10 13.5V10h3.5M2.5 10H6v3.5',
  hide: 'm4 10 4-4 4 4',
  show: 'm4 6 4 4 4-4',
  close: 'm4 4 8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  more: 'M3 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M7.5 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M12 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0',
  toPrompt: 'M8 2.5v7M4.5 6.5 8 10l3.5-3.5M3.5 13.5h9',
  previous: 'M8 13V3M4 7l4-4 4 4',
  next: 'M8 3v10M4 9l4 4 4-4',
} as const;

export type Icon = keyof typeof lines;

export function icon(name: Icon): SVGElement {
  const svg = 'http://www.w3.org/2000/svg';
  const picture = document.createElementNS(svg, 'svg');
  const path = document.createElementNS(svg, 'path');
  for (const [attribute, value] of [
    ['viewBox', '0 0 16 16'],
    ['class', 'icon'],
    ['aria-hidden', 'true'],
  ] as const) {
    picture.setAttribute(attribute, value);
  }
  path.setAttribute('d', lines[name]);
  picture.append(path);
  return picture;
}
