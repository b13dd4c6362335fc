/**
 * The lab: a rack of QEMU servers, each with a real BMC (ipmi_sim), inside the enclosure of `lab/enter`. It is the witness
 * in tests: what a BMC was asked, what a serial console said and what a disk holds is read here, not from Athanor.
 */
export { assertInsideEnclosure, scratchDirectory } from './enclosure.ts';
export { run } from './command.ts';
export { ipmitool } from './ipmitool.ts';
export { hangAtGrub, mendGrub, panicByNmi, panicBySysrq, resetToGrub } from './breakages.ts';
export { typedText } from './keys-seen.ts';
export { panicLines, rowsOf } from './panic-lines.ts';
export { vgaText, type VgaText } from './vga-text.ts';
export type {
  BmcFaults,
  ChassisCall,
  Firmware,
  GuidOrder,
  KeyEvent,
  LabMachine,
  LabMachineSpec,
  SerialMatch,
  WaitForSerialOptions,
} from './machine.ts';
export { startRack, type Rack, type RackOptions } from './rack.ts';
