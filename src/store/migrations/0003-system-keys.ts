/** BMCs that want a key of their own beside the user's password. */
import type { Migration } from '../migrate.ts';

export const systemKeys: Migration = {
  number: 3,
  name: 'system-keys',
  // K_g of IPMI 2.0, sealed; null where the BMC has none.
  statements: () => ['alter table credentials add column system_key_sealed text'],
};
