/**
 * RMCP header (IPMI v2.0 §13.1.3, ASF 2.0 §3.2.2) and the ASF presence ping (§13.2.3, ASF 2.0 §3.2.4).
 *
 * | byte | RMCP header                              |
 * | ---- | ---------------------------------------- |
 * | 0    | version, 0x06                            |
 * | 1    | reserved                                 |
 * | 2    | sequence number, 0xFF = no RMCP ACK      |
 * | 3    | class: 0x06 ASF, 0x07 IPMI               |
 *
 * | byte | ASF message                              |
 * | ---- | ---------------------------------------- |
 * | 0–3  | IANA enterprise number 4542, big endian  |
 * | 4    | type: 0x80 presence ping, 0x40 pong      |
 * | 5    | message tag                              |
 * | 6    | reserved                                 |
 * | 7    | data length: ping 0, pong 16             |
 */
import { ByteReader } from './byte-reader.ts';

/** The UDP port of RMCP (§13.1.2). */
export const rmcpPort = 623;

export type RmcpClass = 'asf' | 'ipmi';

const rmcpVersion = 0x06;
const noAcknowledgement = 0xff;
const classCodes = { asf: 0x06, ipmi: 0x07 } as const;
const asfEnterprise = 4542;
const presencePing = 0x80;
const presencePong = 0x40;

export function encodeRmcp(messageClass: RmcpClass, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(rmcpVersion, 0, noAcknowledgement, classCodes[messageClass]), body]);
}

export function decodeRmcp(packet: Uint8Array): { messageClass: RmcpClass; body: Buffer } {
  const reader = new ByteReader(packet, 'RMCP header');
  reader.expect(reader.byte(), rmcpVersion, 'version');
  reader.skip(2);
  const code = reader.byte();
  if (code === classCodes.asf) return { messageClass: 'asf', body: reader.rest() };
  if (code === classCodes.ipmi) return { messageClass: 'ipmi', body: reader.rest() };
  return reader.fail(`class ${code} is neither ASF (6) nor IPMI (7)`);
}

export interface PresencePing {
  tag: number;
}

export function encodePresencePing(ping: PresencePing): Buffer {
  return encodeRmcp('asf', asfMessage(presencePing, ping.tag, Buffer.alloc(0)));
}

export function decodePresencePing(packet: Uint8Array): PresencePing {
  return { tag: readAsf(packet, presencePing, 'ASF presence ping').tag };
}

export interface PresencePong {
  tag: number;
  /** IANA number of the enterprise whose OEM field follows; 4542 when there is none. */
  enterprise: number;
  oem: number;
  /** Supported entities, bit 7. */
  ipmiSupported: boolean;
  /** Supported interactions, bit 7. */
  rmcpSecurityExtensions: boolean;
  /** Supported interactions, bit 5. */
  dash: boolean;
}

export function encodePresencePong(pong: PresencePong): Buffer {
  const data = Buffer.alloc(16);
  data.writeUInt32BE(pong.enterprise, 0);
  data.writeUInt32BE(pong.oem, 4);
  data[8] = (pong.ipmiSupported ? 0x80 : 0) | 0x01;
  data[9] = (pong.rmcpSecurityExtensions ? 0x80 : 0) | (pong.dash ? 0x20 : 0);
  return encodeRmcp('asf', asfMessage(presencePong, pong.tag, data));
}

export function decodePresencePong(packet: Uint8Array): PresencePong {
  const { tag, reader } = readAsf(packet, presencePong, 'ASF presence pong');
  const enterprise = reader.uint32BigEndian();
  const oem = reader.uint32BigEndian();
  const entities = reader.byte();
  const interactions = reader.byte();
  return {
    tag,
    enterprise,
    oem,
    ipmiSupported: (entities & 0x80) !== 0,
    rmcpSecurityExtensions: (interactions & 0x80) !== 0,
    dash: (interactions & 0x20) !== 0,
  };
}

function asfMessage(type: number, tag: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(asfEnterprise, 0);
  header[4] = type;
  header[5] = tag;
  header[7] = data.length;
  return Buffer.concat([header, data]);
}

function readAsf(packet: Uint8Array, type: number, what: string): { tag: number; reader: ByteReader } {
  const { messageClass, body } = decodeRmcp(packet);
  const reader = new ByteReader(body, what);
  if (messageClass !== 'asf') reader.fail('not an ASF message');
  if (reader.uint32BigEndian() !== asfEnterprise) reader.fail(`enterprise number is not ${asfEnterprise}`);
  reader.expect(reader.byte(), type, 'type');
  const tag = reader.byte();
  reader.skip(2);
  return { tag, reader };
}
