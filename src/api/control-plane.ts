import type { BmcAnswer, BmcCommand, SerialConsole } from '../bmc/index.ts';
import type {
  IncidentDetail,
  IncidentFilter,
  IncidentView,
  OutageView,
  RuleFile,
  RuleSetView,
  ScreenView,
} from './recovery-schemas.ts';
import type {
  BmcDetail,
  BmcView,
  CredentialRequest,
  DeployRequest,
  EventView,
  ImageView,
  LeaseView,
  MachineDetail,
  MachineView,
  MaintenanceRequest,
  NetworkView,
  OperationDetail,
  OperationFilter,
  OperationView,
} from './schemas.ts';

/**
 * Everything the API can ask for. The API holds no logic: it validates, calls this port and renders. Failures are
 * thrown as AthanorError; `reference` is a machine's id, its name, or any MAC, UUID or serial it claims.
 */
export interface ControlPlane {
  listMachines(): Promise<MachineView[]>;
  getMachine(reference: string): Promise<MachineDetail>;
  deployMachine(reference: string, request: DeployRequest): Promise<OperationView>;
  inspectMachine(reference: string): Promise<OperationView>;
  nameMachine(reference: string, name: string): Promise<MachineView>;
  setMaintenance(reference: string, request: MaintenanceRequest): Promise<MachineView>;
  /** Looks at the console and the power now. No console and no power are part of the answer, not errors. */
  screenOf(reference: string): Promise<ScreenView>;

  /** The newest first. */
  listIncidents(filter: IncidentFilter): Promise<IncidentView[]>;
  getIncident(id: string): Promise<IncidentDetail>;
  /** The newest first. */
  listOutages(): Promise<OutageView[]>;
  /** A picture as PNG. */
  frame(id: string): Promise<Uint8Array>;
  rules(): Promise<RuleSetView>;
  /**
   * Takes the whole set, or throws `invalid-rules` and takes nothing. All that is wrong stands in the error's `findings`,
   * a list of `{file, line, message, remedy}`; each becomes one of the problem document's `errors`.
   */
  applyRules(files: readonly RuleFile[]): Promise<RuleSetView>;

  listBmcs(): Promise<BmcView[]>;
  getBmc(name: string): Promise<BmcDetail>;
  /**
   * Asks a BMC by a command of the table. What came of it is the answer, whatever it is; thrown is only what was never
   * asked. `caller` is the name of the token, for the history; `signal` breaks the call off.
   */
  askBmc(
    name: string,
    command: BmcCommand,
    parameters: Record<string, unknown>,
    caller: string,
    signal?: AbortSignal,
  ): Promise<BmcAnswer>;
  /**
   * Opens a machine's serial console through its BMC, hands it to `use`, and closes it when that is done. Throws when it
   * cannot be opened; `signal` breaks the opening off, and ends nothing afterwards.
   */
  withConsole(
    name: string,
    options: { takeOver: boolean },
    caller: string,
    signal: AbortSignal,
    use: (console: SerialConsole) => Promise<void>,
  ): Promise<void>;

  listOperations(filter: OperationFilter): Promise<OperationView[]>;
  getOperation(id: string): Promise<OperationDetail>;
  abortOperation(id: string, reason?: string): Promise<OperationView>;

  /** Events with a sequence above `after`, in order, then new ones as they happen, until the signal aborts. */
  events(after: number, signal: AbortSignal): AsyncIterable<EventView>;
  /** The sequence of the newest event, 0 when there is none. */
  latestEventSequence(): Promise<number>;

  listNetworks(): Promise<NetworkView[]>;
  listLeases(): Promise<LeaseView[]>;
  listImages(): Promise<ImageView[]>;

  setCredential(name: string, credential: CredentialRequest): Promise<{ name: string }>;
}
