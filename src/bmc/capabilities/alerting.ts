import type { BmcResult, CallOptions } from '../result.ts';

/** What the BMC may do by itself on an event. */
export type EventAction = 'alert' | 'power-off' | 'reset' | 'power-cycle' | 'oem' | 'diagnostic-interrupt';

export interface AlertingReading {
  version: string;
  enabled: boolean;
  /** What this BMC can do, and which of it is switched on for all filters together. */
  possibleActions: EventAction[];
  enabledActions: EventAction[];
  eventMessages: boolean;
  /** Left out where the BMC does not say. */
  startupDelaySeconds?: number;
  alertStartupDelaySeconds?: number;
  filterCount: number;
  policyCount: number;
  /** The GUID in its alerts, in hex; left out where it is the BMC's own. */
  alertGuid?: string;
  /** Records of the event log. */
  lastEvent?: { lastRecordId: number; lastBySoftware: number; lastByBmc: number };
}

export interface EventFilterReading {
  number: number;
  enabled: boolean;
  preset: boolean;
  actions: EventAction[];
  alertPolicy: number;
  severity: string;
  /** Left out: any. */
  generatorId?: number;
  sensorType?: number;
  sensorNumber?: number;
  eventTrigger?: number;
  offsetMask: number;
}

export interface AlertPolicyReading {
  number: number;
  policySet: number;
  enabled: boolean;
  rule: string;
  channel: number;
  destination: number;
  /** Which alert string goes with it; 0 none. */
  stringSelector: number;
}

export interface AlertDestination {
  channel: number;
  number: number;
  type: string;
  acknowledged: boolean;
  timeoutSeconds: number;
  retries: number;
  /** IPv4, or IPv6 where the BMC keeps one. */
  address: string;
  macAddress?: string;
}

export interface AlertingCapability {
  info(options?: CallOptions): Promise<BmcResult<AlertingReading>>;
  /** Whether the BMC acts on events at all. Read back. */
  enable(enabled: boolean, options?: CallOptions): Promise<BmcResult<AlertingReading>>;
  filters(options?: CallOptions): Promise<BmcResult<EventFilterReading[]>>;
  enableFilter(number: number, enabled: boolean, options?: CallOptions): Promise<BmcResult<EventFilterReading>>;
  policies(options?: CallOptions): Promise<BmcResult<AlertPolicyReading[]>>;
  enablePolicy(number: number, enabled: boolean, options?: CallOptions): Promise<BmcResult<AlertPolicyReading>>;
  /** Keeps the BMC from acting for so many seconds (1 to 253); 0 ends that. */
  postpone(seconds: number, options?: CallOptions): Promise<BmcResult<{ remainingSeconds: number }>>;
  /** @param channel the LAN channel; the one that is asked through when left out */
  destinations(channel?: number, options?: CallOptions): Promise<BmcResult<AlertDestination[]>>;
}
