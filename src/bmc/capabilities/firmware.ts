import type { BmcResult, CallOptions } from '../result.ts';

export interface FirmwareComponent {
  id: string;
  /** E.g. `BMC`, `BIOS`, `NIC 1`. */
  name: string;
  version: string;
  updatable: boolean;
}

export interface FirmwareCapability {
  list(options?: CallOptions): Promise<BmcResult<FirmwareComponent[]>>;
  /** `imageUrl` is fetched by the BMC. `done` when the new version reads back; the BMC may restart on the way. */
  update(componentId: string, imageUrl: string, options?: CallOptions): Promise<BmcResult<FirmwareComponent>>;
}
