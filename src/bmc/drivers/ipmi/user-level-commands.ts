/**
 * Commands that run at user level (IPMI v2.0 appendix G), at which every session begins: a session that asks nothing else
 * needs no Set Session Privilege Level, which saves a cold power status one round trip of five. What is not listed here is
 * asked at the highest level the user may have.
 */
import { networkFunction } from '../../../protocols/ipmi/session/index.ts';

const numbers: readonly (readonly [number, readonly number[]])[] = [
  // Capabilities, status, restart cause, power-on hours.
  [networkFunction.chassis, [0x00, 0x01, 0x07, 0x0f]],
  // Device SDRs; reading factors, hysteresis, thresholds, event enable and status, reading, type.
  [networkFunction.sensorEvent, [0x20, 0x21, 0x22, 0x23, 0x25, 0x27, 0x29, 0x2b, 0x2d, 0x2f]],
  // Device id, self test, ACPI state, GUIDs, watchdog; privilege, close and info of sessions; channels, payloads, suites.
  [networkFunction.application, [0x01, 0x04, 0x07, 0x08, 0x25, 0x37, 0x38, 0x3b, 0x3c, 0x3d, 0x42, 0x54]],
  // FRU info and data; SDR repository info, reservation, records, time; SEL info, reservation, entries, time.
  [networkFunction.storage, [0x10, 0x11, 0x20, 0x22, 0x23, 0x28, 0x40, 0x42, 0x43, 0x48]],
];

const userLevel = new Set(numbers.flatMap(([fn, commands]) => commands.map((command) => fn * 256 + command)));

export function runsAtUserLevel(command: { networkFunction: number; command: number }): boolean {
  return userLevel.has(command.networkFunction * 256 + command.command);
}
