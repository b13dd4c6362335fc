/** One state of a discrete sensor, or one event: what it is called, and how bad it is. */
export interface EventState {
  /** In the specification's words, without its explanations in brackets. */
  text: string;
  /**
   * The specification grades only thresholds and the severity events (07h); for the others this is the customary reading
   * (FreeIPMI's defaults): what a person must look at soon is a warning, what is broken is critical.
   */
  severity: EventSeverity;
}

export type EventSeverity = 'information' | 'warning' | 'critical';

/** States by offset; an offset the specification leaves out is undefined. */
export type EventStates = readonly (EventState | undefined)[];

export const fine = (text: string): EventState => ({ text, severity: 'information' });
export const warn = (text: string): EventState => ({ text, severity: 'warning' });
export const bad = (text: string): EventState => ({ text, severity: 'critical' });
