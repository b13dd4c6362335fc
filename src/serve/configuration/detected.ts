/** What detection is asked for and what it finds. */
import type { AddressRange } from '../../boot/index.ts';
import type { Subnet } from './fields.ts';
import type { SystemTexts } from './system-facts.ts';

export interface DetectOptions {
  system: SystemTexts;
  /** Only this interface, and serve it whatever it faces. */
  interface?: string;
  format: 'yaml' | 'json';
  /** Where data are kept: writable for the user that runs this. */
  dataDirectory: string;
  /** Why it was chosen, for the comment. */
  dataDirectoryReason: string;
  ramdiskDirectory: string;
}

export interface DetectedNetwork {
  name: string;
  interface: string;
  subnet: Subnet;
  address: string;
  serve: boolean;
  /** Why it is served or not, for the comment. */
  reason: string;
  range: AddressRange | undefined;
  gateway: string | undefined;
  dns: string[];
  domain: string | undefined;
}
