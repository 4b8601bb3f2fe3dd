// The mapping of ours in JavaScript: what the parsers' results become. It follows the crate's own
// definition, which the native program prints.

import { GIVEN } from './given.js';

/** What an element of a shape's or no shape's name holds. */
export const UNKNOWN = { kind: 'unknown' };
export const FIELDS = { kind: 'fields' };

/** From the printed definition to `{name → {kind: 'object', attributes: Map, fields: Map}}`. */
export function read(printed) {
  const shapes = new Map();
  const kind = (of) => {
    if (typeof of === 'string') return of === 'unknown' ? UNKNOWN : of === 'fields' ? FIELDS : { kind: of };
    return of.object ? shape(of.object) : { kind: 'list', item: of.list, of: kind(of.of) };
  };
  const table = (fields) => new Map(Object.entries(fields).map(([name, of]) => [name, kind(of)]));
  const shape = (name) => {
    if (!shapes.has(name)) {
      const { attributes, fields } = printed[name];
      shapes.set(name, { kind: 'object', attributes: table(attributes), fields: table(fields) });
    }
    return shapes.get(name);
  };
  Object.keys(printed).forEach(shape);
  return shapes;
}

/** One text as a JSON value: typed if it fits its type, else as text. */
export function scalar(kind, text) {
  if (text === '') return null;
  switch (kind) {
    case 'integer':
      return INTEGER.test(text) && Number.isSafeInteger(+text) ? +text : text;
    case 'decimal':
      return DECIMAL.test(text) ? +text : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'time':
      return time(text);
    default:
      return text;
  }
}

const INTEGER = /^-?(0|[1-9][0-9]*)$/;
const DECIMAL = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/;

/** In UTC. What ends with `Z` is already, or is text that stays as it is. */
function time(text) {
  if (text.length === 20 && text.endsWith('Z')) return text;
  const ms = RFC3339.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? text : new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** Only spaces, as XML has them. */
export function isBlank(text) {
  return /^[ \t\r\n]*$/.test(text);
}

/** The CloudEvent around a notification's type, action and object. */
export function envelope({ type, action, object }) {
  const id = object?.id ?? undefined;
  return {
    specversion: '1.0',
    id: GIVEN.id,
    source: GIVEN.source,
    type: `net.3scale.${type}.${action}`,
    ...(id === undefined ? {} : { subject: `${type}/${id}` }),
    time: object?.updated_at ?? new Date(GIVEN.received).toISOString(),
    sequence: String(GIVEN.sequence).padStart(20, '0'),
    dataschema: `${GIVEN.base}/schemas/${type}.json`,
    datacontenttype: 'application/json',
    data: { type, action, object },
  };
}
