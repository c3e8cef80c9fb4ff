/** Text that is HTML already. */
export interface Html {
  readonly html: string;
}

type Piece = string | number | undefined | Html | readonly Html[];

/** A template whose values are escaped, those that are HTML aside; undefined is nothing. */
export const html = (strings: TemplateStringsArray, ...values: readonly Piece[]): Html => ({
  html: strings.map((text, i) => text + print(values[i])).join(''),
});

function print(value: Piece): string {
  if (value === undefined) return '';
  if (typeof value === 'object') return 'html' in value ? value.html : value.map(print).join('');
  return escapeSigns(String(value));
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeSigns = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => escapes[sign] ?? sign);
