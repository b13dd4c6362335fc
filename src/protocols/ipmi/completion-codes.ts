/** Completion codes (IPMI v2.0 §5.2, Table 5-2), in the specification's words. */
export const completionCode = {
  ok: 0x00,
  nodeBusy: 0xc0,
  invalidCommand: 0xc1,
  invalidCommandForLun: 0xc2,
  timeout: 0xc3,
  insufficientPrivilege: 0xd4,
  notSupportedInPresentState: 0xd5,
  subfunctionDisabled: 0xd6,
  initializationInProgress: 0xd2,
} as const;

const texts: Readonly<Record<number, string>> = {
  0x00: 'Command Completed Normally',
  0xc0: 'Node Busy',
  0xc1: 'Invalid Command',
  0xc2: 'Command invalid for given LUN',
  0xc3: 'Timeout while processing command',
  0xc4: 'Out of space',
  0xc5: 'Reservation Canceled or Invalid Reservation ID',
  0xc6: 'Request data truncated',
  0xc7: 'Request data length invalid',
  0xc8: 'Request data field length limit exceeded',
  0xc9: 'Parameter out of range',
  0xca: 'Cannot return number of requested data bytes',
  0xcb: 'Requested Sensor, data, or record not present',
  0xcc: 'Invalid data field in Request',
  0xcd: 'Command illegal for specified sensor or record type',
  0xce: 'Command response could not be provided',
  0xcf: 'Cannot execute duplicated request',
  0xd0: 'Command response could not be provided. SDR Repository in update mode',
  0xd1: 'Command response could not be provided. Device in firmware update mode',
  0xd2: 'Command response could not be provided. BMC initialization or initialization agent in progress',
  0xd3: 'Destination unavailable',
  0xd4: 'Cannot execute command due to insufficient privilege level or other security-based restriction',
  0xd5: 'Cannot execute command. Command, or request parameter(s), not supported in present state',
  0xd6: 'Cannot execute command. Parameter is illegal because command sub-function has been disabled or is unavailable',
  0xff: 'Unspecified error',
};

/** `own` holds the codes 0x80–0xBE that a command defines for itself. */
export function completionCodeText(code: number, own: Readonly<Record<number, string>> = {}): string {
  const known = own[code] ?? texts[code];
  if (known !== undefined) return known;
  if (code >= 0x01 && code <= 0x7e) return 'Device specific (OEM) completion code';
  if (code >= 0x80 && code <= 0xbe) return 'Command-specific completion code';
  return 'Reserved completion code';
}
