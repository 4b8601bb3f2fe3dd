// txml: a small and quick parser into a tree. It decodes entities since version 6, if asked to,
// and checks next to nothing: of an end tag only that its name is contained in it.

import { parse } from 'txml';

import { UNKNOWN, isBlank, scalar } from '../mapping.js';

const OPTIONS = {
  decodeEntities: true,
  skipXmlDeclaration: true,
  // Values are kept as they are, and no element is empty because HTML has one of its name.
  keepWhitespace: true,
  selfClosingTags: [],
};

/** `{type, action, object}` of a notification. */
export function notification(text, shapes) {
  const event = parse(text, OPTIONS).find((node) => node.tagName === 'event');
  const child = (name) => event.children.find((node) => node.tagName === name);
  const type = child('type').children.join('');
  const [object] = child('object').children.filter(isElement);
  return { type, action: child('action').children.join(''), object: value(object, shapes.get(object.tagName) ?? UNKNOWN) };
}

function value({ attributes, children }, of) {
  const isBare = !children.some(isElement) && Object.keys(attributes).length === 0;
  switch (of.kind) {
    case 'list':
      return children.filter(isElement).map((child) => value(child, child.tagName === of.item ? of.of : UNKNOWN));
    case 'fields':
      return members(attributes, children, of);
    case 'object': {
      if (!isBare) return members(attributes, children, of);
      const text = children.join('');
      return isBlank(text) ? null : text;
    }
    default:
      return isBare ? scalar(of.kind, children.join('')) : members(attributes, children, of);
  }
}

function members(attributes, children, of) {
  const members = {};
  let repeated;
  for (const name in attributes) {
    const known = of.attributes?.get(name);
    members[known ? name : `@${name}`] = scalar(known?.kind, attributes[name]);
  }
  for (const child of children) {
    if (!isElement(child)) continue;
    const name = child.tagName;
    const inside = of.fields?.get(name) ?? UNKNOWN;
    if (!Object.hasOwn(members, name)) {
      members[name] = value(child, inside);
    } else if (repeated?.has(name)) {
      members[name].push(value(child, inside));
    } else {
      (repeated ??= new Set()).add(name);
      members[name] = [members[name], value(child, inside)];
    }
  }
  return members;
}

function isElement(node) {
  return typeof node === 'object';
}
