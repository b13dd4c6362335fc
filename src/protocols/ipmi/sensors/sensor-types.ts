/** Names of sensor types (IPMI v2.0 Table 42-3, first column), units (Table 43-15) and entities (Table 43-13). */

const sensorTypes: readonly string[] = [
  'reserved|Temperature|Voltage|Current|Fan|Physical Security|Platform Security Violation Attempt|Processor',
  'Power Supply|Power Unit|Cooling Device|Other Units-based Sensor|Memory|Drive Slot|POST Memory Resize',
  'System Firmware Progress|Event Logging Disabled|Watchdog 1|System Event|Critical Interrupt',
  'Button / Switch|Module / Board|Microcontroller / Coprocessor|Add-in Card|Chassis|Chip Set|Other FRU',
  'Cable / Interconnect|Terminator|System Boot / Restart Initiated|Boot Error',
  'Base OS Boot / Installation Status|OS Stop / Shutdown|Slot / Connector|System ACPI Power State|Watchdog 2',
  'Platform Alert|Entity Presence|Monitor ASIC / IC|LAN|Management Subsystem Health|Battery|Session Audit',
  'Version Change|FRU State',
].flatMap((line) => line.split('|'));

/** E.g. `Temperature`; `OEM (0xc7)` for 0xC0–0xFF and `reserved (0x40)` for what the specification does not name. */
export function sensorTypeName(type: number): string {
  return sensorTypes[type === 0 ? -1 : type] ?? `${type >= 0xc0 ? 'OEM' : 'reserved'} (${hex(type)})`;
}

/** By number; one that is reserved is an empty string. */
const units: readonly string[] = [
  'unspecified|degrees C|degrees F|degrees K|Volts|Amps|Watts|Joules|Coulombs|VA|Nits|lumen|lux|Candela|kPa',
  'PSI|Newton|CFM|RPM|Hz|microsecond|millisecond|second|minute|hour|day|week|mil|inches|feet|cu in|cu feet',
  'mm|cm|m|cu cm|cu m|liters|fluid ounce|radians|steradians|revolutions|cycles|gravities|ounce|pound|ft-lb',
  'oz-in|gauss|gilberts|henry|millihenry|farad|microfarad|ohms|siemens|mole|becquerel|PPM||Decibels|DbA|DbC',
  'gray|sievert|color temp deg K|bit|kilobit|megabit|gigabit|byte|kilobyte|megabyte|gigabyte|word|dword',
  'qword|line|hit|miss|retry|reset|overflow|underrun|collision|packets|messages|characters|error',
  'correctable error|uncorrectable error|fatal error|grams',
].flatMap((line) => line.split('|'));

const rates = ['', 'per microsecond', 'per millisecond', 'per second', 'per minute', 'per hour', 'per day', ''];

/** How a reading is to be understood: the sensor's units bytes (Table 43-1, bytes 21–23). */
export interface SensorUnits {
  percentage: boolean;
  /** 0 none, 1 per microsecond … 6 per day. */
  rate: number;
  /** What the modifier does with the base unit: 0 nothing, 1 base / modifier, 2 base * modifier. */
  modifierUse: number;
  base: number;
  modifier: number;
}

/** E.g. `degrees C`, `percent`, `Watts per second`; empty for a sensor without a unit. */
export function unitText({ percentage, rate, modifierUse, base, modifier }: SensorUnits): string {
  const name = (unit: number) => units[unit] || `unit ${unit}`;
  const plain = base === 0 ? '' : name(base);
  const modified =
    modifierUse === 1 ? `${plain} / ${name(modifier)}` : modifierUse === 2 ? `${plain} * ${name(modifier)}` : plain;
  return [percentage ? 'percent' : '', modified, rates[rate] ?? ''].filter((part) => part !== '').join(' ');
}

const entities: readonly string[] = [
  'unspecified|other|unknown|processor|disk or disk bay|peripheral bay|system management module|system board',
  'memory module|processor module|power supply|add-in card|front panel board|back panel board',
  'power system board|drive backplane|system internal expansion board|other system board|processor board',
  'power unit / power domain|power module / DC-to-DC converter|power management / power distribution board',
  'chassis back panel board|system chassis|sub-chassis|other chassis board|disk drive bay|peripheral bay',
  'device bay|fan / cooling device|cooling unit / cooling domain|cable / interconnect|memory device',
  'system management software|system firmware (BIOS / EFI)|operating system|system bus|group',
  'remote (out of band) management communication device|external environment|battery|processing blade',
  'connectivity switch|processor / memory module|I/O module|processor / I/O module',
  'management controller firmware|IPMI channel|PCI bus|PCI Express bus|SCSI bus (parallel)|SATA / SAS bus',
  'processor / front-side bus|real time clock (RTC)|reserved|air inlet',
].flatMap((line) => line.split('|'));

/** DCMI's own entities (DCMI 1.5 Table 6-11). */
const dcmiEntities = ['air inlet', 'processor', 'baseboard / main system board'];

/** What a sensor or FRU belongs to, e.g. `power supply`. */
export function entityName(id: number): string {
  const ranges: [number, number, string][] = [
    [0x90, 0xaf, 'chassis-specific entity'],
    [0xb0, 0xcf, 'board-set specific entity'],
    [0xd0, 0xff, 'OEM system integrator entity'],
  ];
  const range = ranges.find(([first, last]) => id >= first && id <= last)?.[2] ?? 'reserved';
  return entities[id] ?? dcmiEntities[id - 0x40] ?? `${range} (${hex(id)})`;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}
