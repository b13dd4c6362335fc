/** PEF configuration parameters (IPMI v2.0 §30.3, Table 30-4). */
import { ByteReader } from '../byte-reader.ts';

export const pefParameter = {
  setInProgress: 0,
  control: 1,
  actionGlobalControl: 2,
  startupDelay: 3,
  alertStartupDelay: 4,
  eventFilterCount: 5,
  eventFilter: 6,
  eventFilterFirstByte: 7,
  alertPolicyCount: 8,
  alertPolicy: 9,
  systemGuid: 10,
  alertStringCount: 11,
  alertStringKeys: 12,
  alertString: 13,
} as const;

export interface PefControl {
  alertStartupDelay: boolean;
  startupDelay: boolean;
  eventMessages: boolean;
  enabled: boolean;
}

export function encodePefControl(control: PefControl): Buffer {
  return Buffer.of(
    (control.alertStartupDelay ? 0x08 : 0) |
      (control.startupDelay ? 0x04 : 0) |
      (control.eventMessages ? 0x02 : 0) |
      (control.enabled ? 0x01 : 0),
  );
}

export function decodePefControl(data: Uint8Array): PefControl {
  const byte = new ByteReader(data, 'PEF control').byte();
  return {
    alertStartupDelay: (byte & 0x08) !== 0,
    startupDelay: (byte & 0x04) !== 0,
    eventMessages: (byte & 0x02) !== 0,
    enabled: (byte & 0x01) !== 0,
  };
}

/** A parameter of one byte: action global control (bits as in `pefActions`), the delays in seconds, the counts. */
export function decodePefByte(data: Uint8Array): number {
  return new ByteReader(data, 'PEF parameter').byte();
}

/** What the policy says after an alert of the same set, by number. */
export const alertPolicyRules = [
  'always',
  'if-previous-failed-next-entry',
  'if-previous-failed-stop',
  'if-previous-failed-next-channel',
  'if-previous-failed-next-destination-type',
] as const;

export interface AlertPolicy {
  number: number;
  policySet: number;
  enabled: boolean;
  /** Index into `alertPolicyRules`. */
  rule: number;
  channel: number;
  destination: number;
  eventSpecificString: boolean;
  stringSelector: number;
}

export function encodeAlertPolicy(policy: AlertPolicy): Buffer {
  return Buffer.of(
    policy.number & 0x7f,
    ((policy.policySet & 0x0f) << 4) | (policy.enabled ? 0x08 : 0) | (policy.rule & 0x07),
    ((policy.channel & 0x0f) << 4) | (policy.destination & 0x0f),
    (policy.eventSpecificString ? 0x80 : 0) | (policy.stringSelector & 0x7f),
  );
}

export function decodeAlertPolicy(data: Uint8Array): AlertPolicy {
  const reader = new ByteReader(data, 'alert policy');
  const [number, second, third, fourth] = [reader.byte(), reader.byte(), reader.byte(), reader.byte()];
  return {
    number: number & 0x7f,
    policySet: second >> 4,
    enabled: (second & 0x08) !== 0,
    rule: second & 0x07,
    channel: third >> 4,
    destination: third & 0x0f,
    eventSpecificString: (fourth & 0x80) !== 0,
    stringSelector: fourth & 0x7f,
  };
}

/** The GUID that alerts carry; the BMC's own when `used` is false. */
export interface PefSystemGuid {
  used: boolean;
  guid: Uint8Array;
}

export function encodePefSystemGuid({ used, guid }: PefSystemGuid): Buffer {
  return Buffer.concat([Buffer.of(used ? 1 : 0), guid]);
}

export function decodePefSystemGuid(data: Uint8Array): PefSystemGuid {
  const reader = new ByteReader(data, 'PEF system GUID');
  return { used: (reader.byte() & 0x01) !== 0, guid: reader.bytes(16) };
}

export interface AlertStringKeys {
  selector: number;
  eventFilter: number;
  stringSet: number;
}

export function encodeAlertStringKeys({ selector, eventFilter, stringSet }: AlertStringKeys): Buffer {
  return Buffer.of(selector & 0x7f, eventFilter & 0x7f, stringSet & 0x7f);
}

export function decodeAlertStringKeys(data: Uint8Array): AlertStringKeys {
  const reader = new ByteReader(data, 'alert string keys');
  return { selector: reader.byte() & 0x7f, eventFilter: reader.byte() & 0x7f, stringSet: reader.byte() & 0x7f };
}

/** Sixteen bytes of an alert string at most; block numbers begin with 1. */
export interface AlertStringBlock {
  selector: number;
  block: number;
  data: Uint8Array;
}

export function encodeAlertStringBlock({ selector, block, data }: AlertStringBlock): Buffer {
  return Buffer.concat([Buffer.of(selector & 0x7f, block), data]);
}

export function decodeAlertStringBlock(data: Uint8Array): AlertStringBlock {
  const reader = new ByteReader(data, 'alert string');
  return { selector: reader.byte() & 0x7f, block: reader.byte(), data: reader.rest() };
}
