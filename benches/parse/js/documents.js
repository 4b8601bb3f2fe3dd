// The documents: samples of the crate for the small ones, and generated accounts for the large.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SAMPLES = 'crates/threescale/tests/samples';

/** What is measured, as `{name, file, bytes}`. Writes the generated ones into `folder`. */
export function documents(folder) {
  mkdirSync(folder, { recursive: true });
  const sample = (name) => join(SAMPLES, `${name}.xml`);
  const generated = (name, size) => {
    const file = join(folder, name);
    writeFileSync(file, account(size));
    return file;
  };
  return [
    ['user', sample('user_created')],
    ['account', sample('account_created')],
    ['account with all there is', sample('account_updated_full')],
    ['account with many users and plans', generated('account_37.xml', 37_000)],
    ['account with very many', generated('account_750.xml', 750_000)],
  ].map(([name, file]) => ({ name, file, bytes: readFileSync(file).length }));
}

/** The samples that are notifications: on all of them the contenders must agree. */
export function samples() {
  return readdirSync(SAMPLES)
    .filter((name) => /^(account|application|user)_.*\.xml$/.test(name))
    .map((name) => join(SAMPLES, name));
}

/**
 * An account of about `size` bytes as 3scale writes it (app/lib/three_scale/xml/builder.rb): on
 * one line, `<x/>` for nil and `<x></x>` for no children, quotes raw, times in the tenant's zone.
 * The same for the same size.
 */
function account(size) {
  const random = mulberry32(size);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const head =
    '<?xml version="1.0" encoding="UTF-8"?><event><action>updated</action><type>account</type><object>' +
    '<account><id>2445581234567</id><created_at>2021-05-14T20:22:53Z</created_at>' +
    '<updated_at>2023-06-14T15:37:32+02:00</updated_at><state>approved</state><annotations></annotations>' +
    '<org_name>Acme &amp; Sons</org_name><vat_rate>21.0</vat_rate><country>Canada</country>' +
    '<extra_fields></extra_fields><monthly_billing_enabled>true</monthly_billing_enabled>' +
    '<monthly_charging_enabled>true</monthly_charging_enabled><credit_card_stored>false</credit_card_stored>';
  const tail = '</account></object></event>';

  const plans = [];
  const users = [];
  let length = head.length + tail.length;
  for (let id = 1; length < size; id++) {
    // A plan for each product that the account is on; mostly users.
    const [list, element] = id % 3 === 0 ? [plans, plan(id, random, pick)] : [users, user(id, random, pick)];
    list.push(element);
    length += Buffer.byteLength(element);
  }
  return `${head}<plans>${plans.join('')}</plans><users>${users.join('')}</users>${tail}`;
}

function user(id, random, pick) {
  const [first, last] = [pick(FIRST), pick(LAST)];
  const time = `20${10 + Math.floor(random() * 16)}-0${1 + Math.floor(random() * 9)}-14T1${Math.floor(random() * 10)}:37:32`;
  // Most tenants run in UTC; of the others' users some signed up by themselves, in UTC too.
  const zone = random() < 0.8 ? 'Z' : pick(['+02:00', '-05:00', '+00:00']);
  const extra = random() < 0.5 ? `<department>R&amp;D ${pick(LAST)}</department><tags>a</tags><tags>b</tags>` : '';
  return (
    `<user><id>${9000 + id}</id><created_at>${time}${zone}</created_at><updated_at>${time}${zone}</updated_at>` +
    `<account_id>2445581234567</account_id><state>${pick(['active', 'active', 'pending', 'suspended'])}</state>` +
    `<role>${pick(['member', 'member', 'admin'])}</role>` +
    (random() < 0.2 ? `<open_id>https://id.example/x?a=${id}&amp;b=2</open_id>` : '') +
    `<username>user${id}</username><email>user${id}@acme.example</email>` +
    `<first_name>${first}</first_name><last_name>${last}</last_name><extra_fields>${extra}</extra_fields></user>`
  );
}

function plan(id, random, pick) {
  const type = pick(['application_plan', 'application_plan', 'service_plan']);
  const attributes = type === 'application_plan' ? ` custom="${random() < 0.3}" default="false"` : '';
  const trial = random() < 0.5 ? '<trial_period_days/>' : '<trial_period_days>30</trial_period_days>';
  return (
    `<plan${attributes}><id>${id}</id><name>${pick(['Unlimited', 'Gold &amp; more', 'Basic (2024)'])}</name>` +
    `<type>${type}</type><state>${pick(['published', 'hidden'])}</state>` +
    `<approval_required>${random() < 0.2}</approval_required><setup_fee>0.0</setup_fee>` +
    `<cost_per_month>${pick(['0.0', '2.99', '150.0'])}</cost_per_month>${trial}` +
    `<cancellation_period>0</cancellation_period><service_id>${34 + (id % 50)}</service_id></plan>`
  );
}

const FIRST = ['Zoë', 'John', 'Ana', 'Łukasz', 'Mary', 'Peter', 'Chloé', 'Wei'];
const LAST = ["O'Neil", 'Smith &amp; Co', 'García', 'Müller', 'Brown', 'Nowak', 'Jones', 'Li'];

/** A small generator of numbers in [0, 1), the same for the same seed. */
function mulberry32(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
