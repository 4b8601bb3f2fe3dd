// Who takes part in Node, and whether they all make the same of a document.

import { deepStrictEqual } from 'node:assert';

import * as fastXmlParser from './fast-xml-parser.js';
import * as saxes from './saxes.js';
import * as txml from './txml.js';
import * as wasm from './wasm.js';
import { envelope } from '../mapping.js';

/** From a document's bytes to JSON: bytes of ours, a string of JavaScript's, which `fetch` takes too. */
export function contenders(module, shapes) {
  const { ours, floor } = wasm.load(module);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const by = ({ notification }) => (document) =>
    JSON.stringify(envelope(notification(decoder.decode(document), shapes)));
  return {
    ours,
    floor,
    'fast-xml-parser': by(fastXmlParser),
    txml: by(txml),
    saxes: by(saxes),
  };
}

/** Throws if one makes another event of a document than ours. The order of members is free. */
export function check(contenders, file, document) {
  const { ours, floor, ...others } = contenders;
  const expected = JSON.parse(new TextDecoder().decode(ours(document)));
  if (floor(document) === 0) throw new Error(`${file}: the bare loop saw nothing`);
  for (const [name, contender] of Object.entries(others)) {
    deepStrictEqual(JSON.parse(contender(document)), expected, `${name} makes another event of ${file} than ours`);
  }
}
