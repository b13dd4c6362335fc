/** Option codes by the names the RFCs give them (RFC 2132 unless noted). */
export const option = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  domainNameServer: 6,
  hostName: 12,
  domainName: 15,
  broadcastAddress: 28,
  ntpServers: 42,
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  message: 56,
  maximumMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  tftpServerName: 66,
  bootFileName: 67,
  /** RFC 3004. */
  userClass: 77,
  /** RFC 3046. */
  relayAgentInformation: 82,
  /** RFC 4578: processor architecture. */
  clientArchitecture: 93,
  /** RFC 4578: network interface identifier. */
  clientNetworkInterface: 94,
  /** RFC 4578: the machine's UUID. */
  clientMachineIdentifier: 97,
  /** iPXE's own options, encapsulated. */
  ipxe: 175,
  end: 255,
} as const;

/** Option 53. */
export const messageType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

/** Sub-options of option 43 that a PXE client reads (PXE 2.1, section 2.2.3). */
export const pxeOption = {
  /** Bit 3 (value 8): skip boot server discovery and load the boot file that the offer names. */
  discoveryControl: 6,
} as const;

/** Sub-options of option 175 (iPXE, src/include/ipxe/dhcp.h). */
export const ipxeOption = {
  /** 1: do not wait for ProxyDHCP offers, which spares about three seconds. */
  noProxyDhcp: 176,
} as const;
