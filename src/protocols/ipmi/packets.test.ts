import { describe, expect, it } from 'vitest';
import { IpmiDecodeError } from './decode-error.ts';
import { findCipherSuite } from './cipher-suites.ts';
import {
  getChannelAuthenticationCapabilities,
  getChassisStatus,
  getDeviceId,
  setSessionPrivilegeLevel,
} from './index.ts';
import { decodeLanRequest, encodeLanRequest } from './lan-message.ts';
import { encodePresencePing } from './rmcp.ts';
import { openPacket, sealPacket } from './secured-packet.ts';
import { decodeSessionPacket, encodeSessionless } from './session-packet.ts';
import { SequenceWindow } from './sequence-window.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/** Set Session Privilege Level as ipmitool sent it to ipmi_sim (from the dump of ipmitool -vvv). */
const suite = findCipherSuite(3);
if (suite === undefined) throw new Error('suite 3 is not in the table');
const keys = {
  sessionIntegrityKey: hex('7e2a1e5a0097595c2d5b99bb1a1546d0f9203ae7'),
  integrityKey: hex('758a5efe80f6392fcf15a36b5a8a0c3f1922d694'),
  confidentialityKey: hex('73c7abfb282bbbc15d38d4033c97c99a'),
};
const captured = hex(`0600ff07
  06 c0 82070000 03000000 2000
  f851b7d638efca74411176687a02b4ce 0dccb5abc71166189166aeac5d37a635
  ffff0207 116f90b7a083bc4f5cb15f65`);

describe('a packet of a real ipmitool session', () => {
  it('opens to the message that ipmitool sent', () => {
    const packet = decodeSessionPacket(captured);
    if (packet.format !== 'rmcp+') throw new Error('not RMCP+');
    const opened = openPacket(suite, keys, packet);
    expect(opened).toMatchObject({ payloadType: 0, sessionId: 0x782, sequence: 3 });
    const message = decodeLanRequest(opened.payload);
    expect(message).toMatchObject({ networkFunction: 6, command: 0x3b, sequence: 1, requesterAddress: 0x81 });
    expect(setSessionPrivilegeLevel.decodeRequest(message.data)).toEqual({ privilege: 4 });
  });

  it('is what sealing the same message gives, byte for byte', () => {
    const message = encodeLanRequest({
      responderAddress: 0x20,
      responderLun: 0,
      requesterAddress: 0x81,
      requesterLun: 0,
      networkFunction: 6,
      command: 0x3b,
      sequence: 1,
      data: setSessionPrivilegeLevel.encodeRequest({ privilege: 4 }),
    });
    const content = { payloadType: 0, sessionId: 0x782, sequence: 3, payload: message };
    expect(sealPacket(suite, keys, content, hex('f851b7d638efca74411176687a02b4ce'))).toEqual(captured);
  });

  it('is refused when any byte of it was changed', () => {
    for (let index = 4; index < captured.length; index += 1) {
      const forged = Buffer.from(captured);
      forged[index] = (forged[index] ?? 0) ^ 0x01;
      expect(() => {
        const packet = decodeSessionPacket(forged);
        if (packet.format !== 'rmcp+') throw new IpmiDecodeError('test', 'not RMCP+');
        openPacket(suite, keys, packet);
      }, `byte ${index}`).toThrow(IpmiDecodeError);
    }
  });
});

describe('bytes of the specification', () => {
  it('writes a presence ping', () => {
    expect(encodePresencePing({ tag: 0x2a })).toEqual(hex('0600ff06 000011be 80 2a 00 00'));
  });

  it('writes Get Channel Authentication Capabilities outside a session', () => {
    const data = getChannelAuthenticationCapabilities.encodeRequest({
      channel: 0x0e,
      privilege: 4,
      askForIpmi20: true,
    });
    const message = encodeLanRequest({
      responderAddress: 0x20,
      responderLun: 0,
      requesterAddress: 0x81,
      requesterLun: 0,
      networkFunction: 6,
      command: 0x38,
      sequence: 0,
      data,
    });
    expect(encodeSessionless(message)).toEqual(hex('0600ff07 00 00000000 00000000 09 2018c8 8100388e04 b5'));
  });

  it('reads a short Get Chassis Status and Get Device ID', () => {
    expect(getChassisStatus.decodeResponse(hex('610040'))).toMatchObject({
      powerOn: true,
      powerRestorePolicy: 'unknown',
      identify: 'off',
    });
    const device = getDeviceId.decodeResponse(hex('20 01 02 30 02 df a20200 0001'));
    expect(device).toMatchObject({ firmwareMajor: 2, firmwareMinor: 0x30, ipmiVersion: '2.0', manufacturerId: 674 });
    expect(device.auxiliaryFirmware).toHaveLength(0);
  });
});

describe('the window of received sequence numbers', () => {
  it('takes each number once, in any order within the window, and none that is too old', () => {
    const window = new SequenceWindow();
    expect([1, 3, 2, 3, 2, 0].map((number) => window.accept(number))).toEqual([true, true, true, false, false, false]);
    expect(window.accept(100)).toBe(true);
    expect([69, 68, 4].map((number) => window.accept(number))).toEqual([true, false, false]);
  });

  it('goes on past the largest number', () => {
    const window = new SequenceWindow();
    expect([0xffff_fffe, 0xffff_ffff, 1, 0xffff_ffff].map((n) => window.accept(n))).toEqual([true, true, true, false]);
  });
});
