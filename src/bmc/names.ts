/** The names that results, settings and the contract share. */

export type DriverName = 'ipmi' | 'unmanaged';

/** One per file in capabilities/; contract.ts holds what each can do. */
export type CapabilityName =
  | 'power'
  | 'bootDevice'
  | 'identity'
  | 'identifyLed'
  | 'sensors'
  | 'systemEventLog'
  | 'fru'
  | 'users'
  | 'channels'
  | 'lan'
  | 'console'
  | 'serialPort'
  | 'virtualMedia'
  | 'firmware'
  | 'biosSettings'
  | 'bmcReset'
  | 'raw'
  | 'alerting'
  | 'chassis'
  | 'connection'
  | 'dataCentre'
  | 'fans'
  | 'watchdog';
