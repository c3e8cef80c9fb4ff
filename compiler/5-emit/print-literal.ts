const identifier = /^[A-Za-z_$][\w$]*$/;

export const quote = (text: string): string => {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
};

/** A property name, quoted only where it must be. */
export const printKey = (name: string): string => (identifier.test(name) ? name : quote(name));

/** Plain data as JavaScript source: text of several lines as a template literal, undefined properties left out. */
export function printLiteral(value: unknown): string {
  if (typeof value === 'string') return value.includes('\n') ? printTemplate(value) : quote(value);
  if (Array.isArray(value)) return `[${value.map(printLiteral).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{ ${fields.map(([key, field]) => `${printKey(key)}: ${printLiteral(field)}`).join(', ')} }`;
}

const printTemplate = (text: string): string => `\`${text.replaceAll(/[\\`]|\$\{/g, '\\$&')}\``;
