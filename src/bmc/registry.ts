import type { Driver } from './driver.ts';
import { ipmiDriver } from './drivers/ipmi/driver.ts';
import { unmanagedDriver } from './drivers/unmanaged/driver.ts';
import type { DriverName } from './names.ts';

/** Every driver there is. A new one is added here and nowhere else (docs/guides/adding-a-driver.md). */
export const drivers: Readonly<Record<DriverName, Driver>> = {
  ipmi: ipmiDriver,
  unmanaged: unmanagedDriver,
};
