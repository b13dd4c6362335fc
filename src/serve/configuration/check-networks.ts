/** What must hold between the fields of networks, and between networks. */
import { type AddressRange, rangeContains, rangesOverlap } from '../../boot/index.ts';
import type { FieldPath, PlacedFinding } from './findings.ts';
import { addressNumber, inSubnet, type Subnet, subnetText } from './fields.ts';
import type { DocumentView, NetworkView, ReservationView } from './view.ts';

export function checkNetworks(view: DocumentView): PlacedFinding[] {
  return [
    ...view.networks.flatMap((network, index) => [
      ...checkSubnet(network, ['networks', index]),
      ...checkRanges(network, ['networks', index]),
      ...checkReservations(network, view.reservations[index] ?? [], ['networks', index]),
      ...checkUse(network, view.reservations[index] ?? [], ['networks', index]),
    ]),
    ...checkBetween(view.networks),
  ];
}

const text = (range: AddressRange): string => `${range.first}-${range.last}`;

function checkSubnet({ subnet, address, gateway }: NetworkView, path: FieldPath): PlacedFinding[] {
  if (subnet === undefined) return [];
  const findings: PlacedFinding[] = [];
  for (const [key, value] of Object.entries({ address, gateway })) {
    if (value === undefined) continue;
    findings.push(...outside(subnet, value, [...path, key]));
  }
  if (address !== undefined && gateway === address) {
    findings.push(
      warning([...path, 'gateway'], address, "It is this server's own address.", 'Remove it unless this host routes.'),
    );
  }
  return findings;
}

/** Not a host's address in the subnet: elsewhere, or the subnet's own or its broadcast address. */
function outside(subnet: Subnet, value: string, path: FieldPath): PlacedFinding[] {
  const where = subnetText(subnet);
  if (!inSubnet(subnet, value)) {
    return [error(path, value, `${value} is outside ${where}.`, `Choose an address inside ${where}.`)];
  }
  const offset = addressNumber(value) - addressNumber(subnet.address);
  if (offset !== 0 && offset !== 2 ** (32 - subnet.prefixLength) - 1) return [];
  const what = offset === 0 ? "the subnet's own address" : 'the broadcast address';
  return [error(path, value, `${value} is ${what} of ${where}.`, 'Choose an address a host can have.')];
}

function checkRanges({ subnet, address, gateway, dns, range = [] }: NetworkView, path: FieldPath): PlacedFinding[] {
  const findings: PlacedFinding[] = [];
  for (const [index, one] of range.entries()) {
    const place = [...path, 'range', ...(range.length > 1 ? [index] : [])];
    if (subnet !== undefined) {
      const [bad] = [one.first, one.last].flatMap((end) => outside(subnet, end, place));
      if (bad !== undefined) findings.push({ ...bad, value: text(one) });
    }
    const taken = {
      "this server's own address": [address],
      "the gateway's address": [gateway],
      'a DNS server': dns ?? [],
    };
    for (const [what, holders] of Object.entries(taken)) {
      for (const holder of holders) {
        if (holder === undefined || !rangeContains(one, holder)) continue;
        const remedy = `Let the range begin after ${holder} or end before it.`;
        findings.push(error(place, text(one), `The range holds ${holder}, ${what}.`, remedy));
      }
    }
    const earlier = range.slice(0, index).find((other) => rangesOverlap(one, other));
    if (earlier !== undefined) {
      findings.push(
        error(place, text(one), `It overlaps the range ${text(earlier)}.`, 'Let every address be in one range only.'),
      );
    }
  }
  return findings;
}

function checkReservations(
  { subnet, address, gateway }: NetworkView,
  reservations: readonly ReservationView[],
  path: FieldPath,
): PlacedFinding[] {
  const findings: PlacedFinding[] = [];
  for (const [index, reservation] of reservations.entries()) {
    const place = [...path, 'reservations', index];
    const reserved = reservation.address;
    if (subnet !== undefined && reserved !== undefined) {
      findings.push(...outside(subnet, reserved, [...place, 'address']));
    }
    for (const [what, holder] of Object.entries({ "this server's own address": address, 'the gateway': gateway })) {
      if (reserved === undefined || reserved !== holder) continue;
      findings.push(error([...place, 'address'], reserved, `${reserved} is ${what}.`, 'Reserve another address.'));
    }
    for (const key of ['mac', 'address', 'hostname'] as const) {
      const value = reservation[key];
      const twin = value === undefined ? -1 : reservations.findIndex((other) => other[key] === value);
      if (value === undefined || twin === index) continue;
      const message = `${value} is in reservations[${twin}] already.`;
      findings.push(error([...place, key], value, message, 'Keep one of the two.'));
    }
  }
  return findings;
}

function checkUse(network: NetworkView, reservations: readonly ReservationView[], path: FieldPath): PlacedFinding[] {
  if (network.serve !== true || network.range !== undefined || reservations.length > 0) return [];
  const remedy = 'Give it a `range:` or `reservations:`, or write `serve: false`.';
  return [warning([...path, 'serve'], 'true', 'It is served but has no address to hand out.', remedy)];
}

function checkBetween(networks: readonly NetworkView[]): PlacedFinding[] {
  const findings: PlacedFinding[] = [];
  for (const [index, network] of networks.entries()) {
    for (const [otherIndex, other] of networks.slice(0, index).entries()) {
      const called = other.name ?? `networks[${otherIndex}]`;
      if (network.serve === true && other.serve === true && network.interface === other.interface) {
        const remedy = 'Serve one network on each interface, for example one for each VLAN interface.';
        const value = network.interface ?? '';
        findings.push(error(['networks', index, 'interface'], value, `${called} is served on it already.`, remedy));
      }
      for (const [at, one] of (network.range ?? []).entries()) {
        const clash = other.range?.find((range) => rangesOverlap(one, range));
        if (clash === undefined) continue;
        const place = ['networks', index, 'range', ...((network.range ?? []).length > 1 ? [at] : [])];
        const message = `It overlaps the range ${text(clash)} of ${called}.`;
        findings.push(error(place, text(one), message, 'Let every address be in one range only.'));
      }
    }
  }
  return findings;
}

function error(path: FieldPath, value: string, message: string, remedy: string): PlacedFinding {
  return { severity: 'error', path, value, message, remedy };
}

function warning(path: FieldPath, value: string, message: string, remedy: string): PlacedFinding {
  return { severity: 'warning', path, value, message, remedy };
}
