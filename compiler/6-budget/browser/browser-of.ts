/** Browsers by what they call themselves, the more special first: most call themselves Chrome and Safari too. */
const browsers: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Edge', /Edg(?:A|iOS)?\/(\d+)/],
  ['Samsung Internet', /SamsungBrowser\/(\d+)/],
  ['Firefox', /(?:Firefox|FxiOS)\/(\d+)/],
  ['Chrome', /(?:Chrome|CriOS|HeadlessChrome)\/(\d+)/],
  ['Safari', /Version\/([\d.]+).* Safari/],
];

const systems: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Android', /Android/],
  ['iOS', /iPhone|iPad/],
  ['ChromeOS', /CrOS/],
  ['Tizen', /Tizen/],
  ['webOS', /Web0S/],
  ['Windows', /Windows/],
  ['macOS', /Mac OS X/],
  ['Linux', /Linux/],
];

/** Such as `Chrome 147 on Android`. */
export function browserOf(userAgent: string): string {
  const system = systems.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? 'an unknown system';
  for (const [name, pattern] of browsers) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) return `${name} ${version} on ${system}`;
  }
  return `a browser on ${system}`;
}
