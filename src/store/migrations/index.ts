/** Every migration, in order. Forward only: a migration that has been released is never edited, the next one mends it. */
import type { Migration } from '../migrate.ts';
import { firstLife } from './0001-first-life.ts';
import { recovery } from './0002-recovery.ts';
import { systemKeys } from './0003-system-keys.ts';

export const migrations: readonly Migration[] = [firstLife, recovery, systemKeys];
