/**
 * Install: what goes onto a disk. Images and their digests, the boot identity of a machine in the ramdisk, and the
 * server's side of the ramdisk's protocol. What a machine is to do is asked of the room above, by the port `RamdiskWork`.
 */
export {
  attemptProgress,
  attemptResult,
  type AttemptResult,
  type BootAttempt,
  type BootAttempts,
  createBootAttempts,
  type IdentifiedAttempt,
} from './boot-attempts.ts';
export { declareImages, findImage, type Image, type ImageDeclaration, verifyImage } from './images.ts';
export { inventoryOf, inventoryTime, keepInventory } from './inventories.ts';
export { bearerToken, jsonAnswer, parseBody, problemAnswer } from './json-requests.ts';
export type {
  CompletionReport,
  FailureReport,
  InventoryReport,
  ProgressReport,
  RamdiskNext,
  RamdiskTask,
} from './ramdisk-messages.ts';
export { createRamdiskService, type RamdiskService, type RamdiskWork } from './ramdisk-service.ts';
export { createWakeups, waitUntil, type Wakeups } from './wakeups.ts';
