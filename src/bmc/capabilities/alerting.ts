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
  /** Which alert string goes with it, 0 none; `stringByEvent`: which set of strings, of which the event chooses. */
  stringSelector: number;
  stringByEvent: boolean;
}

/** How the policies of a set go on after one of them. */
export type AlertRule =
  | 'always'
  | 'if-previous-failed-next-entry'
  | 'if-previous-failed-stop'
  | 'if-previous-failed-next-channel'
  | 'if-previous-failed-next-destination-type';

/** What is left out stays as it is. */
export interface AlertPolicyChange {
  policySet?: number | undefined;
  enabled?: boolean | undefined;
  rule?: AlertRule | undefined;
  channel?: number | undefined;
  destination?: number | undefined;
  stringSelector?: number | undefined;
  stringByEvent?: boolean | undefined;
}

/** One event filter with all that is in it. */
export interface EventFilterDetails extends EventFilterReading {
  sensorTypeName?: string;
  /** For the group control operation; 0 none. */
  groupControl: number;
  /** The events that it lets through, in the specification's words where the sensor type is named. */
  events: string[];
  /** Of the three bytes of event data: which bits are looked at, and what with. */
  eventData: { andMask: number; compare1: number; compare2: number }[];
}

export interface AlertString {
  number: number;
  /** For which filter's events and which set it is, where a policy leaves the choice to the event; 0: none. */
  eventFilter: number;
  stringSet: number;
  text: string;
}

/** What is left out stays as it is. */
export interface AlertStringChange {
  eventFilter?: number | undefined;
  stringSet?: number | undefined;
  text?: string | undefined;
}

/** What is left out stays as it is. */
export interface AlertDestinationChange {
  /** The LAN channel; the one that is asked through when left out. */
  channel?: number | undefined;
  /** IPv4, or IPv6 where the BMC can. */
  address?: string | undefined;
  macAddress?: string | undefined;
  type?: 'platform-event-trap' | 'oem1' | 'oem2' | undefined;
  /** The alert counts as delivered only when it was acknowledged. */
  acknowledged?: boolean | undefined;
  /** For an acknowledgement, or between the tries. */
  timeoutSeconds?: number | undefined;
  retries?: number | undefined;
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
  filter(number: number, options?: CallOptions): Promise<BmcResult<EventFilterDetails>>;
  enableFilter(number: number, enabled: boolean, options?: CallOptions): Promise<BmcResult<EventFilterReading>>;
  policies(options?: CallOptions): Promise<BmcResult<AlertPolicyReading[]>>;
  enablePolicy(number: number, enabled: boolean, options?: CallOptions): Promise<BmcResult<AlertPolicyReading>>;
  /** Read back. */
  setPolicy(number: number, change: AlertPolicyChange, options?: CallOptions): Promise<BmcResult<AlertPolicyReading>>;
  strings(options?: CallOptions): Promise<BmcResult<AlertString[]>>;
  /** Read back. */
  setString(number: number, change: AlertStringChange, options?: CallOptions): Promise<BmcResult<AlertString>>;
  /** Keeps the BMC from acting for so many seconds (1 to 253); 0 ends that. */
  postpone(seconds: number, options?: CallOptions): Promise<BmcResult<{ remainingSeconds: number }>>;
  /** @param channel the LAN channel; the one that is asked through when left out */
  destinations(channel?: number, options?: CallOptions): Promise<BmcResult<AlertDestination[]>>;
  /** Read back. */
  setDestination(
    number: number,
    change: AlertDestinationChange,
    options?: CallOptions,
  ): Promise<BmcResult<AlertDestination>>;
}
