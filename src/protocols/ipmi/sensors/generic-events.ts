/** Generic event/reading type codes (IPMI v2.0 Table 42-2). */
import type { EventStates } from './event-state.ts';
import { bad, fine, warn } from './event-state.ts';

/** Event/reading type codes (Table 42-1): 0x02–0x0C are generic, 0x70–0x7F OEM. */
export const eventReadingType = { threshold: 0x01, sensorSpecific: 0x6f } as const;

export const genericEvents: Readonly<Record<number, EventStates>> = {
  0x01: [
    warn('Lower Non-critical - going low'),
    warn('Lower Non-critical - going high'),
    bad('Lower Critical - going low'),
    bad('Lower Critical - going high'),
    bad('Lower Non-recoverable - going low'),
    bad('Lower Non-recoverable - going high'),
    warn('Upper Non-critical - going low'),
    warn('Upper Non-critical - going high'),
    bad('Upper Critical - going low'),
    bad('Upper Critical - going high'),
    bad('Upper Non-recoverable - going low'),
    bad('Upper Non-recoverable - going high'),
  ],
  0x02: [fine('transition to Idle'), fine('transition to Active'), fine('transition to Busy')],
  // What "asserted" means is the maker's secret: worth a look, no more.
  0x03: [fine('State Deasserted'), warn('State Asserted')],
  0x04: [fine('Predictive Failure deasserted'), bad('Predictive Failure asserted')],
  0x05: [fine('Limit Not Exceeded'), bad('Limit Exceeded')],
  0x06: [fine('Performance Met'), bad('Performance Lags')],
  0x07: [
    fine('transition to OK'),
    warn('transition to Non-Critical from OK'),
    bad('transition to Critical from less severe'),
    bad('transition to Non-recoverable from less severe'),
    warn('transition to Non-Critical from more severe'),
    bad('transition to Critical from Non-recoverable'),
    bad('transition to Non-recoverable'),
    warn('Monitor'),
    fine('Informational'),
  ],
  0x08: [warn('Device Removed/Device Absent'), fine('Device Inserted/Device Present')],
  0x09: [fine('Device Disabled'), fine('Device Enabled')],
  0x0a: [
    fine('transition to Running'),
    warn('transition to In Test'),
    warn('transition to Power Off'),
    warn('transition to On Line'),
    warn('transition to Off Line'),
    warn('transition to Off Duty'),
    bad('transition to Degraded'),
    warn('transition to Power Save'),
    bad('Install Error'),
  ],
  0x0b: [
    fine('Fully Redundant'),
    bad('Redundancy Lost'),
    warn('Redundancy Degraded'),
    bad('Non-redundant: Sufficient Resources from Redundant'),
    bad('Non-redundant: Sufficient Resources from Insufficient Resources'),
    bad('Non-redundant: Insufficient Resources'),
    warn('Redundancy Degraded from Fully Redundant'),
    warn('Redundancy Degraded from Non-redundant'),
  ],
  0x0c: [fine('D0 Power State'), fine('D1 Power State'), fine('D2 Power State'), fine('D3 Power State')],
};
