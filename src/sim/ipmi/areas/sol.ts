/** Serial over LAN of a simulated BMC: one console at a time on one serial port. */
import type { Duplex } from 'node:stream';
import type { ActivatePayloadRequest, PayloadInstance } from '../../../protocols/ipmi/index.ts';
import {
  activatePayload,
  activationRefusal,
  deactivatePayload,
  getChannelPayloadSupport,
  getChannelPayloadVersion,
  getPayloadActivationStatus,
  getPayloadInstanceInfo,
  maximumSolCharacters,
  payloadType,
  privilegeLevel,
  rmcpPort,
  solHeaderLength,
  suspendResumePayloadEncryption,
} from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext, Asker, PayloadHandler, PayloadSession, Refused } from '../area.ts';
import { handler } from '../area.ts';
import { createPromptMachine } from './prompt-machine.ts';
import type { SolBehaviour, SolPort } from './sol-port.ts';
import { openSolPort, usualSolBehaviour } from './sol-port.ts';

export interface SolControls extends SolBehaviour {
  enabled: boolean;
  /** What Activate Payload says. */
  inboundPayloadSize: number;
  outboundPayloadSize: number;
  udpPort: number;
  encryption: 'allowed' | 'refused' | 'demanded';
}

export interface SolArea extends Area {
  /** May be written at any time; holds from the next console on. */
  readonly controls: SolControls;
  /** How many breaks reached the serial port. */
  readonly breaks: number;
  /** Puts another machine at the far end of the serial port, from the next console on. */
  attach(serial: Duplex): void;
}

interface Active {
  session: PayloadSession;
  port: SolPort;
}

/** Activate Payload only: the payload is there, but not on this instance or not for this user. */
const outOfRange = 0xc9;
const insufficientPrivilege = 0xd4;
const alreadyDeactivated = 0x80;

export function createSolArea(context: AreaContext): SolArea {
  const { clock, server, users } = context;
  const prompt = createPromptMachine('The simulated server');
  // What it says while nobody listens is lost.
  prompt.resume();
  let serial: Duplex = prompt;
  let active: Active | undefined;
  let breaks = 0;
  const controls: SolControls = {
    ...usualSolBehaviour(),
    enabled: true,
    inboundPayloadSize: maximumSolCharacters + solHeaderLength,
    outboundPayloadSize: maximumSolCharacters + solHeaderLength,
    udpPort: rmcpPort,
    encryption: 'allowed',
  };
  server.onPower.add((on) => {
    if (on) prompt.boot();
  });

  function activate(request: ActivatePayloadRequest, asker: Asker) {
    const refusal = refusalOf(request, asker);
    if (refusal !== undefined) return refusal;
    const { session } = asker;
    if (session === undefined) return { completionCode: insufficientPrivilege };
    const port = openSolPort({
      session,
      serial,
      clock,
      behaviour: controls,
      powerOn: () => server.powerOn,
      onBreak: () => (breaks += 1),
    });
    const opened = { session, port };
    active = opened;
    session.onClose.add(() => {
      if (active === opened) active = undefined;
    });
    const { inboundPayloadSize, outboundPayloadSize, udpPort } = controls;
    return { testMode: false, inboundPayloadSize, outboundPayloadSize, udpPort, vlan: 0xffff };
  }

  function refusalOf(request: ActivatePayloadRequest, asker: Asker): Refused | undefined {
    if (!isSol(request)) return { completionCode: outOfRange };
    if (!controls.enabled) return { completionCode: activationRefusal.disabled };
    if (active !== undefined) return { completionCode: activationRefusal.alreadyActive };
    const user = users.find(({ id }) => id === asker.userId);
    if (user?.payloadAccess === false) return { completionCode: insufficientPrivilege };
    if (request.encrypted && controls.encryption === 'refused') {
      return { completionCode: activationRefusal.cannotEncrypt };
    }
    if (!request.encrypted && controls.encryption === 'demanded') {
      return { completionCode: activationRefusal.mustEncrypt };
    }
    return undefined;
  }

  function deactivate(request: PayloadInstance, asker: Asker) {
    if (!isSol(request)) return { completionCode: outOfRange };
    if (active === undefined) return { completionCode: alreadyDeactivated };
    // Its own owner is not told by a packet: it asked for it.
    if (active.session.id === asker.sessionId) active.port.stop();
    else active.port.deactivate();
    active = undefined;
    return {};
  }

  const sol: PayloadHandler = {
    onPacket(session, payload) {
      if (active?.session.id === session.id) active.port.receive(payload);
    },
  };

  return {
    handlers: [
      handler(activatePayload, privilegeLevel.user, activate),
      handler(deactivatePayload, privilegeLevel.user, deactivate),
      handler(getPayloadActivationStatus, privilegeLevel.user, (request) => {
        if (request.payloadType !== payloadType.serialOverLan) return { capacity: 0, active: [] };
        return { capacity: 1, active: active === undefined ? [] : [1] };
      }),
      handler(getPayloadInstanceInfo, privilegeLevel.user, (request) => {
        if (!isSol(request)) return { completionCode: outOfRange };
        return { sessionId: active?.session.id ?? 0, serialPort: 1 };
      }),
      handler(getChannelPayloadSupport, privilegeLevel.user, () => ({
        standard: [payloadType.ipmiMessage, payloadType.serialOverLan],
        sessionSetup: [0x10, 0x11, 0x12, 0x13, 0x14, 0x15],
        oem: [],
      })),
      handler(getChannelPayloadVersion, privilegeLevel.user, (request) => {
        const known = request.payloadType <= payloadType.serialOverLan;
        return known ? { version: '1.0' } : { completionCode: 0x80 };
      }),
      handler(suspendResumePayloadEncryption, privilegeLevel.user, () => ({ completionCode: 0x81 })),
    ],
    payloads: new Map([[payloadType.serialOverLan, sol]]),
    controls,
    get breaks() {
      return breaks;
    },
    attach(machine) {
      serial = machine;
    },
  };
}

function isSol({ payloadType: type, instance }: PayloadInstance): boolean {
  return type === payloadType.serialOverLan && instance === 1;
}
