/** Names that must be unique, references that must lead somewhere, and MAC addresses that look like slips. */
import { macDistance } from '../../boot/index.ts';
import type { FieldPath, PlacedFinding } from './findings.ts';
import { didYouMean } from '../../errors/index.ts';
import type { DocumentView } from './view.ts';

/** Pairs of near MAC addresses that are told one by one; the rest is a number. */
const toldPairs = 20;

export function checkDeclarations(view: DocumentView): PlacedFinding[] {
  return [
    ...(['networks', 'credentials', 'bmcs', 'images'] as const).flatMap((section) =>
      twice(
        section,
        'name',
        view[section].map(({ name }) => name),
      ),
    ),
    ...twice(
      'bmcs',
      'mac',
      view.bmcs.map(({ mac }) => mac),
    ),
    ...twice(
      'bmcs',
      'guid',
      view.bmcs.map(({ guid }) => guid?.replaceAll('-', '')),
    ),
    ...twice(
      'bmcs',
      'address',
      view.bmcs.map(({ address, port }) => address && `${address}:${port ?? 623}`),
    ),
    ...view.bmcs.flatMap((bmc, index) => checkBmc(bmc, ['bmcs', index], view)),
    ...view.credentials.flatMap((credential, index) => checkCredential(credential, ['credentials', index])),
    ...nearMacs(view),
  ];
}

function twice(section: string, key: string, values: readonly (string | undefined)[]): PlacedFinding[] {
  const first = new Map<string, number>();
  const findings: PlacedFinding[] = [];
  for (const [index, value] of values.entries()) {
    if (value === undefined) continue;
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, index);
    else {
      findings.push({
        severity: 'error',
        path: [section, index, key],
        value,
        message: `"${value}" is the ${key} of ${section}[${earlier}] already.`,
        remedy: `Give each of ${section} its own ${key}.`,
      });
    }
  }
  return findings;
}

function checkBmc(bmc: DocumentView['bmcs'][number], path: FieldPath, view: DocumentView): PlacedFinding[] {
  const missing = (key: string, why: string): PlacedFinding => ({
    severity: 'error',
    path: [...path, key],
    message: `It is missing; ${why}.`,
    remedy: `Add \`${key}:\` here.`,
  });
  const findings: PlacedFinding[] = [];
  if (bmc.driver === 'ipmi' && bmc.address === undefined) {
    findings.push(missing('address', 'the driver ipmi speaks to an address'));
  }
  if (bmc.driver === 'ipmi' && bmc.credential === undefined) {
    findings.push(missing('credential', 'the driver ipmi logs in with one'));
  }
  if (bmc.driver === 'unmanaged' && bmc.mac === undefined) {
    findings.push(missing('mac', 'the driver unmanaged wakes the machine by it'));
  }
  findings.push(...checkReference(bmc.credential, [...path, 'credential'], 'ipmi', view));
  findings.push(...checkReference(bmc.console?.credential, [...path, 'console', 'credential'], 'vnc', view));
  return findings;
}

type Protocol = NonNullable<DocumentView['credentials'][number]['protocol']>;

/** A name of a credential must lead to one, and to one that the protocol can log in with. */
function checkReference(
  name: string | undefined,
  path: FieldPath,
  protocol: Protocol,
  { credentials }: DocumentView,
): PlacedFinding[] {
  if (name === undefined) return [];
  const finding = (message: string, remedy: string): PlacedFinding[] => [
    { severity: 'error', path, value: name, message, remedy },
  ];
  const found = credentials.find((credential) => credential.name === name);
  if (found === undefined) {
    const known = credentials.flatMap((credential) => (credential.name === undefined ? [] : [credential.name]));
    return finding(
      `There is no credential "${name}".${didYouMean(name, known)}`,
      'Declare it under `credentials:`, or name one that is declared.',
    );
  }
  if (found.protocol === undefined || found.protocol === protocol) return [];
  return finding(
    `The credential "${name}" is for ${found.protocol}, not for ${protocol}.`,
    `Name a credential with \`protocol: ${protocol}\`.`,
  );
}

function checkCredential(
  { protocol, username }: DocumentView['credentials'][number],
  path: FieldPath,
): PlacedFinding[] {
  const at = (message: string, remedy: string): PlacedFinding[] => [
    { severity: 'error', path: [...path, 'username'], message, remedy },
  ];
  if (protocol === 'ipmi' && username === undefined) return at('It is missing.', 'Add `username:` here.');
  if (protocol === 'vnc' && username !== undefined)
    return at('VNC authentication has a password alone.', 'Remove the line.');
  return [];
}

/** A slip of one digit gives a machine's address or boot to nobody, or to its neighbour: worth a look, not an error. */
function nearMacs(view: DocumentView): PlacedFinding[] {
  const declared: { mac: string; path: FieldPath; where: string }[] = [];
  const add = (mac: string | undefined, path: FieldPath, where: string): void => {
    if (mac !== undefined) declared.push({ mac, path, where });
  };
  for (const [index, reservations] of view.reservations.entries()) {
    for (const [at, { mac }] of reservations.entries()) {
      add(mac, ['networks', index, 'reservations', at, 'mac'], `networks[${index}].reservations[${at}]`);
    }
  }
  for (const [index, { mac }] of view.bmcs.entries()) add(mac, ['bmcs', index, 'mac'], `bmcs[${index}]`);

  const findings: PlacedFinding[] = [];
  let pairs = 0;
  for (const [index, one] of declared.entries()) {
    for (const other of declared.slice(0, index)) {
      if (macDistance(one.mac, other.mac) !== 1) continue;
      pairs += 1;
      if (pairs > toldPairs) continue;
      findings.push({
        severity: 'warning',
        path: one.path,
        value: one.mac,
        message: `It differs in one digit from ${other.mac} of ${other.where}.`,
        remedy: 'Compare both with the labels on the machines; nothing to do when both are right.',
      });
    }
  }
  if (pairs > toldPairs) {
    const message = `${pairs - toldPairs} more pairs of MAC addresses differ in one digit only.`;
    findings.push({ severity: 'warning', path: [], message, remedy: 'Nothing to do when they are right.' });
  }
  return findings;
}
