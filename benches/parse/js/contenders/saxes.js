// saxes: a streaming parser that checks well-formedness and decodes entities. The JSON's values
// are built while it reads, with no tree in between: the quickest way to use it.

import { SaxesParser } from 'saxes';

import { UNKNOWN, isBlank, scalar } from '../mapping.js';

/** `{type, action, object}` of a notification. */
export function notification(xml, shapes) {
  const open = [frame('', UNKNOWN)];

  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const of = open.length === OBJECT_DEPTH ? (shapes.get(name) ?? UNKNOWN) : inside(open[open.length - 1].of, name);
    const element = frame(name, of);
    for (const attribute in attributes) {
      const known = of.attributes?.get(attribute);
      element.value ??= {};
      element.value[known ? attribute : `@${attribute}`] = scalar(known?.kind, attributes[attribute]);
    }
    open.push(element);
  });
  const text = (text) => {
    open[open.length - 1].text += text;
  };
  parser.on('text', text);
  parser.on('cdata', text);
  parser.on('closetag', () => {
    const element = open.pop();
    add(open[open.length - 1], element.name, valueOf(element));
  });
  parser.write(xml).close();

  const { type, action, object } = open[0].value.event;
  return { type, action, object: object[type] };
}

/** Around the object: nothing, `<event>`, `<object>`. */
const OBJECT_DEPTH = 3;

/** An element that is open: what it holds, and what of it has been read. */
function frame(name, of) {
  return { name, of, value: undefined, text: '', repeated: undefined };
}

function inside(parent, name) {
  switch (parent.kind) {
    case 'object':
      return parent.fields.get(name) ?? UNKNOWN;
    case 'list':
      return name === parent.item ? parent.of : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

function valueOf({ of, value, text }) {
  if (value !== undefined) return value;
  switch (of.kind) {
    case 'list':
      return [];
    case 'object':
      return isBlank(text) ? null : text;
    case 'fields':
      return {};
    default:
      return scalar(of.kind, text);
  }
}

/** Adds a member: a name that repeats becomes an array. */
function add(frame, name, value) {
  if (frame.of.kind === 'list') {
    (frame.value ??= []).push(value);
    return;
  }
  const members = (frame.value ??= {});
  if (!Object.hasOwn(members, name)) {
    members[name] = value;
  } else if (frame.repeated?.has(name)) {
    members[name].push(value);
  } else {
    (frame.repeated ??= new Set()).add(name);
    members[name] = [members[name], value];
  }
}
