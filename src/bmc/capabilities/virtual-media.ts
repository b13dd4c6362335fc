import type { BmcResult, CallOptions } from '../result.ts';

export interface VirtualMediaSlot {
  id: string;
  /** Kinds it can pretend to be, e.g. `cdrom`, `usb`, `floppy`. */
  kinds: string[];
  /** The image as the BMC names it; undefined when the slot is empty. */
  image: string | undefined;
  writeProtected: boolean;
}

export interface VirtualMediaImage {
  /** http, https, nfs or cifs URL that the BMC itself fetches. Credentials go below, never into the URL. */
  url: string;
  username?: string;
  password?: string;
}

export interface VirtualMediaCapability {
  list(options?: CallOptions): Promise<BmcResult<VirtualMediaSlot[]>>;
  /** Empties the slot first. `done` when the slot reads back as inserted and stays so. */
  insert(slotId: string, image: VirtualMediaImage, options?: CallOptions): Promise<BmcResult<VirtualMediaSlot>>;
  /** Ejecting an empty slot is `done`. */
  eject(slotId: string, options?: CallOptions): Promise<BmcResult<VirtualMediaSlot>>;
}
