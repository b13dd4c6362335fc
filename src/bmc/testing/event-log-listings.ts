/** What ipmitool and FreeIPMI print of the event log, taken apart. */

export interface ListedEvent {
  id: string;
  /** By its label, e.g. `Sensor Type`. */
  fields: Readonly<Record<string, string>>;
}

/** `ipmitool -v sel list`: a block of `label : value` for each record. */
export function parseVerboseList(printed: string): ListedEvent[] {
  return printed
    .split(/^SEL Record ID +: /m)
    .slice(1)
    .map((block) => {
      const [id = '', ...lines] = block.split('\n');
      const fields = lines.flatMap((line) => {
        const [, label = '', value = ''] = /^ (\S.*?) *: (.*)$/.exec(line) ?? [];
        return label === '' ? [] : [[label, value.trim()] as const];
      });
      return { id: String(Number.parseInt(id, 16)), fields: Object.fromEntries(fields) };
    });
}

export interface ListedLine {
  id: string;
  date: string;
  time: string;
  sensor: string;
}

/** `ipmitool sel list` and `sel elist`. `sensor` is what the latter prints of the sensor, its type and its name: `Temperature Inlet Temp`. */
export function parseElist(printed: string): ListedLine[] {
  return printed
    .split('\n')
    .filter((line) => line.includes('|'))
    .map((line) => {
      const [id = '', date = '', time = '', sensor = ''] = line.split('|').map((cell) => cell.trim());
      return { id: String(Number.parseInt(id, 16)), date, time, sensor };
    });
}

export interface FreeipmiEvent {
  id: string;
  name: string;
  type: string;
  state: string;
  event: string;
}

/** `ipmi-sel --output-event-state --comma-separated-output`. */
export function parseIpmiSel(printed: string): FreeipmiEvent[] {
  return printed
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => {
      const [id = '', , , name = '', type = '', state = '', ...event] = line.split(',');
      return { id, name, type, state, event: event.join(',') };
    });
}
