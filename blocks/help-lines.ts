const typeAtEnd = / +\[(?:string|boolean|number)\](?: \[required\])?$/;
const indent = /^ +/;
const gap = / {2,}/;
/** Other spellings, and what only a terminal can do. */
const isSpare = (row: string): boolean => /^ .* {2}(?:Same as --|.*\(command line only\)$)/.test(row);

/** Help that was laid out as a table for a wide terminal, as it can be read on a phone: no columns, no types, nothing twice. */
export const helpLines = (text: string): string =>
  text
    .split('\n')
    .map((row) => row.replace(typeAtEnd, '').replace(indent, '  '))
    .filter((row) => !isSpare(row))
    .map((row) => (row.startsWith('  ') ? `  ${row.slice(2).replace(gap, ': ')}` : row))
    .join('\n');
