/** The event data 2 and 3 that each type of sensor defines for its events (IPMI v2.0 §42.2, Table 42-3). */
type Lines = readonly (string | undefined)[];

/** Undefined: the byte is not specified in this event. */
type Byte = number | undefined;

type Extension = (offset: number, second: Byte, third: Byte) => (string | undefined)[];

/** What is known of the bytes, a line each; empty where the specification defines nothing for this event. */
export function extensionDetails(sensorType: number, offset: number, second: Byte, third: Byte): string[] {
  const extension = extensions[sensorType];
  return extension === undefined ? [] : extension(offset, second, third).filter((line) => line !== undefined);
}

const firmwareErrors: Lines = lines`Unspecified
No system memory is physically installed in the system
No usable system memory, all installed memory has experienced an unrecoverable failure
Unrecoverable hard-disk/ATAPI/IDE device failure
Unrecoverable system-board failure
Unrecoverable diskette subsystem failure
Unrecoverable hard-disk controller failure
Unrecoverable PS/2 or USB keyboard failure
Removable boot media not found
Unrecoverable video controller failure
No video device detected
Firmware (BIOS) ROM corruption detected
CPU voltage mismatch
CPU speed matching failure`;

const firmwareProgress: Lines = lines`Unspecified
Memory initialization
Hard-disk initialization
Secondary processor(s) initialization
User authentication
User-initiated system setup
USB resource configuration
PCI resource configuration
Option ROM initialization
Video initialization
Cache initialization
SM Bus initialization
Keyboard controller initialization
Embedded controller/management controller initialization
Docking station attachment
Enabling docking station
Docking station ejection
Disabling docking station
Calling operating system wake-up vector
Starting operating system boot process
Baseboard or motherboard initialization
reserved
Floppy initialization
Keyboard test
Pointing device test
Primary processor initialization`;

const configurationErrors: Lines = lines`Vendor mismatch
Revision mismatch
Processor missing
Power Supply rating mismatch
Voltage rating mismatch`;

const logActions: Lines = lines`entry added
entry added because event did not map to standard IPMI event
entry added along with one or more corresponding SEL entries
log cleared
log disabled
log enabled`;

const auxiliaryLogs: Lines = ['MCA Log', 'OEM 1', 'OEM 2'];

const eventFilterActions: Lines = ['Alert', 'Power off', 'Reset', 'Power cycle', 'OEM action', 'Diagnostic interrupt'];

const clocks: Lines = ['SEL Timestamp Clock updated', 'SDR Timestamp Clock updated'];

const powerStates: Lines = lines`S0/G0 "working"
S1
S2
S3
S4
S5/G2 "soft-off"
S4/S5 soft-off
G3/Mechanical Off
Sleeping in an S1, S2, or S3 state
G1 sleeping
S5 entered by override
Legacy ON state
Legacy OFF state`;

const restartCauses: Lines = lines`unknown
Chassis Control command
reset via pushbutton
power-up via power pushbutton
watchdog expiration
OEM
automatic power-up on AC being applied due to 'always restore' policy
automatic power-up on AC being applied due to 'restore previous power state' policy
reset via PEF
power-cycle via PEF
soft reset
power-up via RTC`;

const slotTypes: Lines = lines`PCI
Drive Array
External Peripheral Connector
Docking
other standard internal expansion slot
slot associated with entity specified by Entity ID for sensor
AdvancedTCA
DIMM/memory device
FAN
PCI Express
SCSI (parallel)
SATA / SAS
USB`;

const watchdogInterrupts: Lines = ['none', 'SMI', 'NMI', 'Messaging Interrupt'];
const watchdogUses: Lines = [undefined, 'BIOS FRB2', 'BIOS/POST', 'OS Load', 'SMS/OS', 'OEM'];

const sessionCauses: Lines = lines`unspecified
Session deactivated by Close Session command
Session deactivated by timeout
Session deactivated by configuration change`;

const versionChanges: Lines = lines`unspecified
management controller device ID
management controller firmware revision
management controller device revision
management controller manufacturer ID
management controller IPMI version
management controller auxiliary firmware ID
management controller firmware boot block
other management controller firmware
system firmware (EFI / BIOS)
SMBIOS
operating system
operating system loader
service or diagnostic partition
management software agent
management software application
management software middleware
programmable hardware
board/FRU module
board/FRU component
board/FRU replaced with equivalent version
board/FRU replaced with newer version
board/FRU replaced with older version
board/FRU hardware configuration (e.g. strap, jumper, cable change)`;

const fruStates: Lines = lines`FRU Not Installed
FRU Inactive
FRU Activation Requested
FRU Activation In Progress
FRU Active
FRU Deactivation Requested
FRU Deactivation In Progress
FRU Communication Lost`;

const fruCauses: Lines = lines`normal state change
commanded by software external to FRU
state change due to operator changing a Handle latch
state change due to operator pressing the hot swap push button
state change due to FRU programmatic action
communication lost
communication lost due to local failure
unexpected extraction
operator intervention/update
unable to compute IPMB address
unexpected deactivation`;

const extensions: Readonly<Record<number, Extension>> = {
  // Physical Security
  0x05: (offset, second) => [offset === 4 ? tell('network controller', second) : undefined],
  // Power Supply
  0x08: (offset, _, third) => [offset === 6 ? named('', configurationErrors, third, 0x0f) : undefined],
  // Memory: which module, relative to the sensor's entity
  0x0c: (_, __, third) => [tell('memory module', third)],
  // System Firmware Progress: errors, else (hang, progress) how far it had come
  0x0f: (offset, second) => [named('', offset === 0 ? firmwareErrors : firmwareProgress, second)],
  // Event Logging Disabled
  0x10: (offset, second, third) => {
    if (offset === 0) return [tell('memory module', second)];
    if (offset === 1) return [tell('event/reading type', second), third === undefined ? undefined : eventMask(third)];
    if (offset === 5) return [third === undefined ? undefined : `${third} percent full`];
    if (offset !== 6) return [];
    const whose = third !== undefined && (third & 0x80) !== 0 ? 'entity instance' : 'processor number';
    return [tell(whose, second)];
  },
  // System Event
  0x12: (offset, second) => {
    if (second === undefined) return [];
    if (offset === 3) return [named('', logActions, second >> 4), named('log: ', auxiliaryLogs, second, 0x0f)];
    if (offset === 4) return eventFilterActions.filter((_, bit) => (second & (1 << bit)) !== 0);
    if (offset !== 5) return [];
    return [named('', clocks, second, 0x0f), (second & 0x80) === 0 ? 'first of pair' : 'second of pair'];
  },
  // Chip Set
  0x19: (offset, second, third) =>
    offset === 0
      ? [named('requested: ', powerStates, second, 0x0f), named('at that time: ', powerStates, third, 0x0f)]
      : [],
  // System Boot / Restart Initiated
  0x1d: (offset, second, third) =>
    offset === 7 ? [named('restart cause: ', restartCauses, second, 0x0f), tell('channel', third)] : [],
  // Slot / Connector
  0x21: (_, second, third) => [named('', slotTypes, second, 0x7f), tell('slot', third)],
  // Watchdog 2
  0x23: (_, second) => [
    second === undefined ? undefined : named('interrupt: ', watchdogInterrupts, second >> 4),
    named('timer use: ', watchdogUses, second, 0x0f),
  ],
  // Management Subsystem Health
  0x28: (offset, second, third) => {
    if (offset === 4) return [tell('sensor', second)];
    return offset === 5 ? [tell('FRU', third)] : [];
  },
  // Session Audit
  0x2a: (_, second, third) => [
    second === undefined || (second & 0x3f) === 0 ? undefined : tell('user', second & 0x3f),
    third === undefined ? undefined : named('', sessionCauses, (third >> 4) & 0x03),
    third === undefined ? undefined : tell('channel', third & 0x0f),
  ],
  // Version Change
  0x2b: (_, second) => [named('change of ', versionChanges, second)],
  // FRU State
  0x2c: (_, second) => [
    named('before: ', fruStates, second, 0x0f),
    second === undefined ? undefined : named('cause: ', fruCauses, second >> 4),
  ],
};

function named(label: string, names: Lines, byte: Byte, mask = 0xff): string | undefined {
  if (byte === undefined) return undefined;
  const name = names[byte & mask];
  return name === undefined ? undefined : `${label}${name}`;
}

function tell(label: string, byte: Byte): string | undefined {
  return byte === undefined ? undefined : `${label} ${byte}`;
}

function eventMask(third: number): string {
  const which = (third & 0x20) !== 0 ? 'all events' : `${(third & 0x10) !== 0 ? 'assertion' : 'deassertion'} events`;
  return `logging is disabled for ${which}`;
}

function lines(text: TemplateStringsArray): string[] {
  return (text[0] ?? '').split('\n');
}
