/** A detected configuration as text: YAML with comments for people, JSON without. */
import { stringify } from 'yaml';
import type { DetectedNetwork, DetectOptions } from './detected.ts';
import { subnetText } from './fields.ts';

export function renderJson(options: DetectOptions, networks: readonly DetectedNetwork[]): string {
  return `${JSON.stringify({ ...head(options), networks: networks.map(networkValue) }, null, 2)}\n`;
}

export function renderYaml(options: DetectOptions, networks: readonly DetectedNetwork[]): string {
  const { dataDirectory, ramdisk, loaders, ...rest } = head(options);
  const parts = [
    comment('Found by `athanor config detect`. It runs as it is: athanor serve --config THIS-FILE', 0),
    comment('Relative paths start from the folder of this file.', 0),
    stringify(rest),
    comment(`Leases, database, keys and the first token. ${options.dataDirectoryReason}`, 0),
    stringify({ dataDirectory }),
    comment("iPXE's boot loaders (Debian package ipxe) and the ramdisk (make ramdisk).", 0),
    stringify({ loaders, ramdisk }),
    ...(networks.length === 0
      ? [comment('No interface with an IPv4 address was found besides loopback.', 0), 'networks: []\n']
      : ['networks:\n', ...networks.map(networkYaml)]),
    comment('What comes next, in this form:', 0),
    example,
  ];
  return parts.join('');
}

function head(options: DetectOptions) {
  return {
    site: 'default',
    database: 'sqlite',
    api: { listen: ['127.0.0.1:8443'] },
    dataDirectory: options.dataDirectory,
    loaders: '/usr/lib/ipxe',
    ramdisk: { directory: options.ramdiskDirectory },
  };
}

function networkValue(network: DetectedNetwork): Record<string, unknown> {
  const { range, gateway, dns, domain } = network;
  return {
    name: network.name,
    interface: network.interface,
    subnet: subnetText(network.subnet),
    address: network.address,
    serve: network.serve,
    ...(range === undefined ? {} : { range: `${range.first}-${range.last}` }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(dns.length === 0 ? {} : { dns }),
    ...(domain === undefined ? {} : { domain }),
  };
}

function networkYaml(network: DetectedNetwork): string {
  const lines = stringify([networkValue(network)])
    .trimEnd()
    .split('\n');
  return `${comment(network.reason, 2)}${lines.map((line) => `  ${line}\n`).join('')}`;
}

const lineWidth = 100;

function comment(text: string, indent: number): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length + indent + 3 > lineWidth) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `${' '.repeat(indent)}# ${line}\n`).join('');
}

const example = `# credentials:
#   - { name: lab, protocol: ipmi, username: admin, passwordFile: secrets/lab }   # a file of mode 0600
# bmcs:
#   - { name: r1-bmc, driver: ipmi, address: 10.77.1.1, credential: lab }         # console: { address: "HOST:5900" }
# images:
#   - { name: lab-os, file: images/lab-os.raw, sha256: ... }                      # as sha256sum prints it
`;
