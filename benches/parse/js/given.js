// What an event gets besides what 3scale said: the same as `given` in ../ours/lib.rs.

export const GIVEN = {
  id: '0192f3c4-0000-7000-8000-000000000000',
  source: 'https://acme-admin.3scale.net',
  sequence: 42,
  received: 1_700_000_000_123,
  base: 'https://edge.example.com',
};
