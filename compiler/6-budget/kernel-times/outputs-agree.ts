type Outputs = Readonly<Record<string, ArrayLike<number | bigint>>>;

/** Runs in pages, as its own text: whether both have the same values, bit by bit but for the kinds of NaN. */
export const outputsAgree = (expected: Outputs, found: Outputs): boolean =>
  Object.entries(expected).every(([name, output]) =>
    Array.prototype.every.call(output, (value, i) => Object.is(value, found[name]?.[i])),
  );
