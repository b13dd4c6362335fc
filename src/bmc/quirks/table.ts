/**
 * What single BMCs do otherwise than the specification says, as data. The names are those of FreeIPMI's workarounds (`-W`)
 * where it has one, for people know them. A quirk changes what the driver does only where the code asks for its name.
 */

/** What part of the driver asks for it. */
export type QuirkArea =
  | 'session'
  | 'serial'
  | 'sensors'
  | 'log'
  | 'configuration'
  | 'identity'
  | 'boot'
  | 'alerts'
  | 'fans'
  | 'ping';

/** By Get Device ID; all that is given must agree. */
export interface QuirkMatch {
  /** IANA enterprise number. */
  manufacturerId: number;
  productIds?: readonly number[];
  /** Firmware revisions from here (included) to there (excluded), as `2.30`. */
  firmware?: { from?: string; below?: string };
}

export interface Quirk {
  summary: string;
  /** Who says so, and where it was seen. */
  source: string;
  area: QuirkArea;
  /** Switched on by itself for these; by hand only where there is none. */
  match?: readonly QuirkMatch[];
  /** Switches these on too. */
  includes?: readonly string[];
}

const freeipmiManual = 'FreeIPMI, manual pages, WORKAROUNDS';
const freeipmiIssues = 'FreeIPMI, doc/freeipmi-bugs-issues-and-workarounds.txt';

export const quirks = {
  authcap: {
    summary: 'does not answer Get Channel Authentication Capabilities, or answers it wrongly: it is not asked',
    source: `${freeipmiIssues}, LAN authentication issue 5: Asus P5M2, P5MT-R, S162-E4, RX4, Sun Fire X4150, X4450, Intel SR1520ML, X38ML`,
    area: 'session',
  },
  opensesspriv: {
    summary: 'computes its keys with the privilege level of Open Session: the true level is named there',
    source: `${freeipmiIssues}, LAN authentication issue 13: Sun Fire X4150, Inventec 5441, Supermicro X8DTH, X8DTG, X8DTU, Intel S5500WBV, S2600JF, Quanta QSSC-S4R, Dell C5220`,
    area: 'session',
  },
  intel20: {
    summary: 'pads the user name to 16 bytes, looks it up by level, and knows 16 bytes of the password with MD5',
    source: `${freeipmiIssues}, LAN authentication issues 6 to 10: Intel SE7520AF2 with Intel Server Management Module`,
    area: 'session',
    includes: ['opensesspriv'],
  },
  supermicro20: {
    summary: 'sends authentication codes with a byte too many, which is always tolerated',
    source: `${freeipmiIssues}, LAN authentication issue 4: Supermicro H8QME with SIMSO (Peppercon firmware)`,
    area: 'session',
  },
  sun20: {
    summary: 'sends authentication codes of a wrong length, which is always tolerated, and has the quirk opensesspriv',
    source: `${freeipmiIssues}, LAN authentication issues 12 and 21: Sun Fire 4100 with ILOM`,
    area: 'session',
    includes: ['opensesspriv'],
  },
  i82571spt: {
    summary: 'wants the user name padded to 16 bytes, and no Get Channel Authentication Capabilities',
    source: 'ipmitool, option -o i82571spt: Intel 82571 with SuperPass-Through',
    area: 'session',
    includes: ['authcap'],
  },
  nochecksumcheck: {
    summary: "computes the checksums of its messages wrongly: they are not checked, the session's integrity code is",
    source: `${freeipmiManual}: Supermicro X9SCM-iiF, X9DRi-F, X9DRFR`,
    area: 'session',
  },
  ipmiping: {
    summary: 'does not answer the RMCP presence ping: Get Channel Authentication Capabilities is asked instead',
    source: `${freeipmiManual}: Intel Windmill, Quanta Winterfell, Wiwynn Windmill`,
    area: 'ping',
  },
  solpayloadsize: {
    summary: 'reports payload sizes of serial over LAN that cannot be: a size that works is assumed',
    source: `${freeipmiManual}: Asus P5M2, RS162-E4, RX4, Intel SR1520ML, X38ML, Inventec 5441, Sun x4100, Supermicro X8DTH, X8DTG, X8DTU, Quanta QSSC-S4R`,
    area: 'serial',
  },
  solport: {
    summary: 'names a port for serial over LAN on which it does not listen: the port of the session is kept',
    source: `${freeipmiManual}: Asus P5MT-R, Supermicro X8DTH-iF`,
    area: 'serial',
  },
  solstatus: {
    summary: 'does not tell whether serial over LAN is active: it is not asked',
    source: `${freeipmiManual}: Supermicro X8SIL-F`,
    area: 'serial',
  },
  solchannelsupport: {
    summary: 'does not tell whether its channel carries serial over LAN: it is not asked',
    source: `${freeipmiManual}: Intel Windmill, Quanta Winterfell, Wiwynn Windmill`,
    area: 'serial',
  },
  serialalertsdeferred: {
    summary: 'speaks IPMI over the same serial line: serial alerts are deferred instead of failed',
    source: `${freeipmiManual}: Intel Windmill, Quanta Winterfell, Wiwynn Windmill`,
    area: 'serial',
  },
  solpacketseq: {
    summary: 'gets stuck at a serial packet number: a packet that is never acknowledged is sent under a new one',
    source: `${freeipmiManual}: Intel Windmill, Quanta Winterfell, Wiwynn Windmill`,
    area: 'serial',
  },
  solchannelassumelanchannel: {
    summary: 'names a wrong channel for serial over LAN: it is the LAN channel',
    source: `${freeipmiManual}: Intel S5500WBV, Penguin Relion 700`,
    area: 'configuration',
  },
  assumemaxsdrrecordcount: {
    summary: 'never ends its list of sensor records: reading stops at the count it reports',
    source: `${freeipmiManual}: an Inspur motherboard`,
    area: 'sensors',
  },
  discretereading: {
    summary: 'has analog sensors that call themselves discrete: their reading is converted anyway',
    source: `${freeipmiManual}: HP ProLiant DL380 G7, ML310 G5`,
    area: 'sensors',
  },
  ignorescanningdisabled: {
    summary: 'reports sensors as not scanned although they are: the bit is not looked at',
    source: `${freeipmiManual}: Dell PowerEdge 2900, 2950, R410, R610, HP Integrity rx3600`,
    area: 'sensors',
  },
  assumebmcowner: {
    summary: 'names sensor owners that do not exist: the BMC is asked itself',
    source: `${freeipmiManual}: Fujitsu RX300, RX300S2`,
    area: 'sensors',
  },
  assumesystemevent: {
    summary: 'writes log records of an invalid type: they are read as system events',
    source: `${freeipmiManual}: HP ProLiant DL380 G5`,
    area: 'log',
  },
  guidformat: {
    summary: 'sends its GUID in the byte order of SMBIOS',
    source: `${freeipmiManual}; Dell: ipmitool issue 25`,
    area: 'identity',
    match: [{ manufacturerId: 674 }],
  },
  slowcommit: {
    summary: 'is overwhelmed by settings in a row: a second passes between groups of them',
    source: `${freeipmiManual}: Supermicro H8QME`,
    area: 'configuration',
  },
  veryslowcommit: {
    summary: 'is overwhelmed by settings in a row: a second passes between any two',
    source: `${freeipmiManual}: Quanta S99Q, Dell FS12-TY, PowerEdge T320`,
    area: 'configuration',
    includes: ['slowcommit'],
  },
  malformedack: {
    summary: 'answers PET Acknowledge with a malformed payload: any answer counts',
    source: `${freeipmiManual}: Dell PowerEdge R610`,
    area: 'alerts',
  },
  uefidiskasremotemedia: {
    summary: 'boots the disk in UEFI only by the selector "remotely connected hard drive" (1011b)',
    source: 'Supermicro FAQ 25559',
    area: 'boot',
    match: [{ manufacturerId: 10876 }, { manufacturerId: 47488 }],
  },
  supermicrofans: {
    summary: 'has its fans run as those of Supermicro X10 and later, whatever it says it is: duties in percent',
    source: 'https://github.com/petersulyok/smfc (GenericPlatform)',
    area: 'fans',
  },
  supermicrox9fans: {
    summary: 'has its fans run as those of Supermicro X9: other commands, and duties counted to 255',
    source: 'https://github.com/petersulyok/smfc (GenericX9Platform); never by itself, for X9 boards differ',
    area: 'fans',
  },
} as const satisfies Record<string, Quirk>;

export type QuirkName = keyof typeof quirks;

/** Workarounds that other tools have and this one does not, with the reason. */
export const refusedQuirks: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['idzero', 'unexpectedauth', 'forcepermsg', 'endianseq', 'noauthcodecheck'].map((name) => [
      name,
      'it belongs to IPMI 1.5, which is refused as unsafe',
    ]),
  ),
  integritycheckvalue: 'it belongs to cipher suite 0, which is refused as unsafe',
  ignoreauthcode: 'it would take forged answers for genuine',
  ...Object.fromEntries(['assumeio', 'spinpoll'].map((name) => [name, 'it belongs to IPMI inside the server'])),
};
