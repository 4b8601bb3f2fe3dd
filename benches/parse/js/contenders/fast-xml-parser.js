// fast-xml-parser: the parser that most JavaScript uses. It makes plain objects, in which a name
// that repeats is an array. Its own guesses at types are off: the schema says what a value is.
// Without its validator, which would make it slower, it checks little.

import { XMLParser } from 'fast-xml-parser';

import { UNKNOWN, isBlank, scalar } from '../mapping.js';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  processEntities: true,
});

/** `{type, action, object}` of a notification. */
export function notification(text, shapes) {
  const { type, action, object } = parser.parse(text).event;
  return { type, action, object: value(object[type], shapes.get(type) ?? UNKNOWN) };
}

/** `parsed` is a text, an object, or an array where the name repeats. */
function value(parsed, of) {
  if (Array.isArray(parsed)) return parsed.map((one) => value(one, of));
  const isBare = typeof parsed === 'string';
  switch (of.kind) {
    case 'list':
      return isBare ? [] : items(parsed, of);
    case 'fields':
      return isBare ? {} : members(parsed, of);
    case 'object':
      return isBare ? (isBlank(parsed) ? null : parsed) : members(parsed, of);
    default:
      return isBare ? scalar(of.kind, parsed) : members(parsed, of);
  }
}

function items(parsed, of) {
  const items = parsed[of.item] ?? [];
  return (Array.isArray(items) ? items : [items]).map((item) => value(item, of.of));
}

function members(parsed, of) {
  const members = {};
  for (const name in parsed) {
    if (name === '#text') continue;
    if (name.startsWith('@')) {
      const known = of.attributes?.get(name.slice(1));
      members[known ? name.slice(1) : name] = scalar(known?.kind, parsed[name]);
    } else {
      members[name] = value(parsed[name], of.fields?.get(name) ?? UNKNOWN);
    }
  }
  return members;
}
