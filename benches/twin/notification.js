// A notification of 3scale's, read with fast-xml-parser: numbers, booleans, lists and times as our events have them.

import { XMLParser } from 'fast-xml-parser';

const LISTS = { plans: 'plan', users: 'user', keys: 'key', referrer_filters: 'referrer_filter' };
const INTEGERS = new Set(['id', 'account_id', 'user_account_id', 'service_id', 'cancellation_period', 'trial_period_days']);
const DECIMALS = new Set(['vat_rate', 'setup_fee', 'cost_per_month']);
const BOOLEANS = new Set([
  'monthly_billing_enabled',
  'monthly_charging_enabled',
  'credit_card_stored',
  'approval_required',
  'custom',
  'default',
]);
const TABLES = new Set(['extra_fields', 'annotations']);
const TIMES = new Set(['created_at', 'updated_at']);

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  ignoreDeclaration: true,
  isArray: (name, path) => LISTS[String(path).split('.').at(-2)] === name,
});

/** `{type, action, object}`, or `null` if it is something else. */
export function notification(xml) {
  const event = read(xml)?.event;
  const { type, action } = event ?? {};
  const object = event?.object?.[type];
  if (!type || !action || typeof object !== 'object') return null;
  return { type, action, object: members(object) };
}

function read(xml) {
  try {
    return parser.parse(xml);
  } catch {
    return null;
  }
}

function members(element) {
  const members = {};
  for (const name in element) members[name] = value(name, element[name]);
  return members;
}

function value(name, parsed) {
  if (LISTS[name]) return parsed === '' ? [] : parsed[LISTS[name]].map((one) => value(LISTS[name], one));
  if (TABLES.has(name)) return parsed === '' ? {} : parsed;
  if (typeof parsed === 'object') return members(parsed);
  return parsed === '' ? null : scalar(name, parsed);
}

function scalar(name, text) {
  if (INTEGERS.has(name) || DECIMALS.has(name)) return Number.isNaN(+text) ? text : +text;
  if (BOOLEANS.has(name)) return text === 'true';
  if (TIMES.has(name)) return time(text);
  return text;
}

function time(text) {
  if (text.endsWith('Z')) return text;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString().replace('.000Z', 'Z');
}
