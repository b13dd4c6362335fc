/**
 * The machine room: the lifecycle of a server. The state table, the operations that move a machine through it (one
 * workflow per file: deploy-machine, inspect-machine), what people may ask, and what a booting machine is told.
 */
export { type BootDirectory, createBootDirectory } from './boot-directory.ts';
export { createBootBackend } from './boot-backend.ts';
export { DEPLOY_MACHINE, deployMachine, type DeployMachineInput } from './deploy-machine.ts';
export { bmcOfMachine, defaultDeadlines, type MachineDeadlines, type MachineEnvironment } from './environment.ts';
export { INSPECT_MACHINE, inspectMachine, type InspectMachineInput } from './inspect-machine.ts';
export { confirmBmcStep } from './power-steps.ts';
export { createRecoveringMoves, HEAL_MACHINE, type RecoveringMoves } from './recovering.ts';
export { createRamdiskWork } from './ramdisk-work.ts';
export { createMachineRequests, type DeployRequest, type MachineRequests } from './requests.ts';
export {
  allows,
  leadsTo,
  machineStates,
  type MachineState,
  type MachineVerb,
  offeredVerbs,
  stateTable,
} from './states.ts';
export { failureOf, type MachineFailure, stateOf } from './transition.ts';
