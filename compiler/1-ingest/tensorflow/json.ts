/** What JSON.parse gives. */
export type Json = null | boolean | number | string | readonly Json[] | JsonFields;

export interface JsonFields {
  readonly [name: string]: Json;
}

/** A file that holds something else than its format asks for. */
export class Malformed extends Error {}

const isFields = (json: Json | undefined): json is JsonFields =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

const isList = (json: Json | undefined): json is readonly Json[] => Array.isArray(json);

/** A JSON object with typed access; what is null counts as left out. All but `has` throw Malformed for another type. */
export class Fields {
  /** where the object lies, for messages; '' is the whole file */
  readonly path: string;
  readonly #json: JsonFields;

  constructor(json: Json | undefined, path: string) {
    const place = path === '' ? 'it' : path;
    if (!isFields(json)) throw new Malformed(`${place} is ${json === undefined ? 'missing' : 'no object'}`);
    this.path = path;
    this.#json = json;
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  value(name: string): Json | undefined {
    return Object.hasOwn(this.#json, name) ? (this.#json[name] ?? undefined) : undefined;
  }

  names(): string[] {
    return Object.keys(this.#json);
  }

  string(name: string, fallback?: string): string {
    const value = this.value(name) ?? fallback;
    if (typeof value !== 'string') throw this.#wrong(name, 'no text');
    return value;
  }

  number(name: string, fallback?: number): number {
    const value = this.value(name) ?? fallback;
    if (typeof value !== 'number') throw this.#wrong(name, 'no number');
    return value;
  }

  boolean(name: string, fallback?: boolean): boolean {
    const value = this.value(name) ?? fallback;
    if (typeof value !== 'boolean') throw this.#wrong(name, 'neither true nor false');
    return value;
  }

  list(name: string): readonly Json[] {
    const value = this.value(name);
    if (!isList(value)) throw this.#wrong(name, 'no list');
    return value;
  }

  fields(name: string): Fields {
    return new Fields(this.value(name), this.pathOf(name));
  }

  /** A list of objects. */
  entries(name: string): Fields[] {
    return this.list(name).map((json, i) => new Fields(json, `${this.pathOf(name)}[${i}]`));
  }

  /** A list of numbers, or one number, which counts as a list of it. */
  numbers(name: string): number[] {
    const value = this.value(name);
    const list = typeof value === 'number' ? [value] : this.list(name);
    return list.map((entry) => {
      if (typeof entry !== 'number') throw this.#wrong(name, 'no list of numbers');
      return entry;
    });
  }

  strings(name: string): string[] {
    return this.list(name).map((entry) => {
      if (typeof entry !== 'string') throw this.#wrong(name, 'no list of texts');
      return entry;
    });
  }

  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  #wrong(name: string, what: string): Malformed {
    return new Malformed(this.has(name) ? `${this.pathOf(name)} is ${what}` : `${this.pathOf(name)} is missing`);
  }
}
