const SVG = 'http://www.w3.org/2000/svg';

const PATHS = {
  moon: ['M15.6 12.4A6.4 6.4 0 0 1 8.2 4.6a6.4 6.4 0 1 0 7.4 7.8Z'],
  hash: ['M8 3.5 6.5 16.5', 'M13.5 3.5 12 16.5', 'M3.8 7.5h13', 'M3.2 12.5h13'],
  chat: ['M3.5 5.5a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H9l-3.8 3v-3a2 2 0 0 1-1.7-2Z'],
  home: ['M3.5 9 10 3.5 16.5 9', 'M5.2 8v8h9.6V8', 'M8.4 16v-4.2h3.2V16'],
  send: ['M3.5 10 16.5 4 12.6 16.3 9.8 11Z', 'M9.8 11 16.5 4'],
  bolt: ['M11 2.8 4.8 11.4H10l-1 5.8 6.2-8.6H10Z'],
  close: ['M5 5l10 10', 'M15 5 5 15'],
  eye: ['M2.5 10S5.2 5 10 5s7.5 5 7.5 5-2.7 5-7.5 5-7.5-5-7.5-5Z', 'M10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z'],
  columns: ['M3.5 4.5h13v11h-13z', 'M10 4.5v11'],
  dots: ['M4.6 10h.01', 'M10 10h.01', 'M15.4 10h.01'],
  check: ['M4.5 10.5l3.6 3.6 7.4-8'],
  compass: ['M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z', 'M12.8 7.2 11.3 11.3 7.2 12.8 8.7 8.7Z'],
  arrow: ['M4 10h11.5', 'M11 5.5 15.5 10 11 14.5'],
};

/** A line icon of 20 by 20 that takes the colour of its text; hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  for (const d of PATHS[name] ?? []) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
