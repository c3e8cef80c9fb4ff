import { binary, cast, constant, select, unary } from '../../kernel/expr.ts';
import { type DType, dtypes } from '../../tensor/dtype.ts';
import { given } from '../given.ts';
import { OpError } from '../op.ts';
import { binaryOf, comparisonOf, elementwise, nameOps } from './row.ts';

const none = (): undefined => undefined;

export const logic = nameOps({
  not: elementwise({
    operands: ['bool'],
    tolerance: 'exact',
    parse: none,
    value: ([x]) => unary('not', given(x)),
  }),
  and: binaryOf('bool', (a, b) => binary('and', a, b)),
  or: binaryOf('bool', (a, b) => binary('or', a, b)),
  xor: binaryOf('bool', (a, b) => binary('xor', a, b)),
  equal: comparisonOf('any', (a, b) => binary('eq', a, b)),
  less: comparisonOf('numeric', (a, b) => binary('lt', a, b)),
  lessOrEqual: comparisonOf('numeric', (a, b) => binary('le', a, b)),
  isNaN: elementwise({
    operands: ['float'],
    tolerance: 'exact',
    result: () => 'bool',
    parse: none,
    value: ([x]) => binary('ne', given(x), given(x)),
  }),
  isInf: elementwise({
    operands: ['float'],
    tolerance: 'exact',
    result: () => 'bool',
    parse: (a) => ({ negative: a.boolean('detectNegative', true), positive: a.boolean('detectPositive', true) }),
    value: ([operand], { negative, positive }) => {
      const x = given(operand);
      if (negative && positive) return binary('eq', unary('abs', x), constant(x.dtype, Infinity));
      if (!negative && !positive) return constant('bool', false);
      return binary('eq', x, constant(x.dtype, negative ? -Infinity : Infinity));
    },
  }),
  where: elementwise({
    operands: ['bool', 'any', 'any'],
    tolerance: 'exact',
    result: ([, a]) => given(a),
    parse: none,
    value: ([condition, a, b]) => select(given(condition), given(a), given(b)),
  }),
  identity: elementwise({ operands: ['any'], tolerance: 'exact', parse: none, value: ([x]) => given(x) }),
  /** float to integer truncates, integer to narrower integer wraps, to bool is x != 0 */
  cast: elementwise({
    operands: ['any'],
    tolerance: 'discontinuous',
    parse: (a) => ({ to: requireDType(a.string('to')) }),
    result: (_, { to }) => to,
    value: ([x], { to }) => cast(to, given(x)),
  }),
});

const isDType = (name: string): name is DType => Object.hasOwn(dtypes, name);

function requireDType(name: string): DType {
  if (isDType(name)) return name;
  throw new OpError(`cast: "to" must be an element type, not "${name}"`);
}
