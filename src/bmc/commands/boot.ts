/** What the machine boots from next. */
import { z } from 'zod';
import { AthanorError } from '../../errors/index.ts';
import type { BootDevice, BootOverride, BootOverrideReading } from '../capabilities/boot-device.ts';
import type { BmcCommand } from './command.ts';
import { defineBmcCommand } from './command.ts';

const reading = z.object({
  active: z.boolean().describe('false: the BMC holds no override, whatever else it says'),
  device: z.string(),
  once: z.boolean(),
  firmware: z.enum(['bios', 'uefi']),
});

const wish = (text: string) => z.boolean().default(false).describe(text);

const parameters = z.object({
  once: wish('for the next boot only; this is what holds when nothing is said'),
  persistent: wish('for every boot until it is changed'),
  uefi: wish('boot by UEFI'),
  legacy: wish('boot by a legacy BIOS'),
  clearCmos: wish("also clear the firmware's settings for good: disruptive"),
  lockKeyboard: wish('lock the keyboard while it boots'),
  screenBlank: wish('keep the screen blank while it boots'),
  lockOutResetButton: wish('lock out the reset button'),
  lockOutPowerButton: wish('lock out the power button'),
  lockOutSleepButton: wish('lock out the sleep button'),
  bypassUserPassword: wish("bypass the firmware's user password"),
  forceProgressTraps: wish('have the firmware report its progress as events'),
  quiet: wish('boot with few messages'),
  verbose: wish('boot with many messages'),
  consoleRedirection: wish('redirect the console to the serial port'),
  noConsoleRedirection: wish('do not redirect the console'),
});

const devices: readonly { word: string; device: BootDevice; summary: string }[] = [
  { word: 'pxe', device: 'pxe', summary: 'boot from the network next' },
  { word: 'disk', device: 'disk', summary: 'boot from the disk next' },
  { word: 'cdrom', device: 'cdrom', summary: 'boot from the CD or DVD next' },
  { word: 'bios', device: 'bios', summary: "enter the firmware's setup next" },
  { word: 'none', device: 'default', summary: "remove the override: the firmware's own order holds" },
  { word: 'safe', device: 'safe', summary: 'boot the disk in safe mode next' },
  { word: 'diagnostic', device: 'diagnostic', summary: 'boot the diagnostic partition next' },
  { word: 'floppy', device: 'floppy', summary: 'boot from the floppy or other removable medium next' },
  { word: 'remote-floppy', device: 'remote-floppy', summary: "boot from the BMC's remote floppy next" },
  { word: 'remote-cdrom', device: 'remote-cdrom', summary: "boot from the BMC's remote CD next" },
  { word: 'remote-media', device: 'remote-media', summary: "boot from the BMC's primary remote medium next" },
  { word: 'remote-disk', device: 'remote-disk', summary: "boot from the BMC's remote disk next" },
];

const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const bootCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'boot get',
    summary: 'tell what the BMC says the machine boots from next',
    effect: 'read',
    parameters: z.object({}),
    value: reading,
    run: (bmc, _parameters, options) => bmc.bootDevice.get(options),
    present: (value) => ({ line: inWords(value) }),
  }),
  ...devices.map(({ word, device, summary }) =>
    defineBmcCommand({
      name: `boot ${word}`,
      summary,
      effect: 'change',
      disruptiveWith: ['clearCmos'],
      parameters,
      value: z.object({
        requested: z.object({ device: z.string(), once: z.boolean(), firmware: z.enum(['bios', 'uefi']).optional() }),
        readBack: reading.optional().describe('what the BMC says it holds; left out where it does not say'),
        readBackAgrees: z.boolean().describe('false: only what boots is proof'),
      }),
      run(bmc, { once, persistent, uefi, legacy, ...wishes }, options) {
        refuseBoth('persistent', persistent, 'once', once);
        refuseBoth('uefi', uefi, 'legacy', legacy);
        refuseBoth('quiet', wishes.quiet, 'verbose', wishes.verbose);
        refuseBoth(
          'consoleRedirection',
          wishes.consoleRedirection,
          'noConsoleRedirection',
          wishes.noConsoleRedirection,
        );
        const override: BootOverride = { device, once: !persistent, wishes };
        if (uefi || legacy) override.firmware = uefi ? 'uefi' : 'bios';
        return bmc.bootDevice.set(override, options);
      },
      present({ requested, readBack, readBackAgrees }) {
        const agreed = readBackAgrees ? 'read back' : `the BMC reads back ${readBack ? inWords(readBack) : 'nothing'}`;
        const how = [requested.once ? 'once' : 'persistent', requested.firmware].filter(Boolean).join(', ');
        return { line: requested.device === 'default' ? `no override (${agreed})` : `${word}, ${how} (${agreed})` };
      },
    }),
  ),
  defineBmcCommand({
    name: 'boot options',
    summary: 'list every boot option that the BMC keeps',
    effect: 'read',
    parameters: z.object({}),
    value: z.array(
      z.object({
        parameter: z.number(),
        name: z.string(),
        raw: z.string().describe("the BMC's bytes in hex"),
        markedInvalid: z.boolean(),
        fields: z.record(z.string(), scalar),
      }),
    ),
    run: (bmc, _parameters, options) => bmc.bootDevice.listOptions(options),
    present: (list) => ({
      line: `${list.length} boot options`,
      table: {
        columns: ['parameter', 'name', 'valid', 'raw', 'says'],
        rows: list.map(({ parameter, name, markedInvalid, raw, fields }) => [
          parameter,
          name,
          markedInvalid ? 'no' : 'yes',
          raw,
          Object.entries(fields)
            .filter(([, field]) => field !== false)
            .map(([key, field]) => (field === true ? key : `${key} ${field}`))
            .join(', '),
        ]),
      },
    }),
  }),
];

function inWords({ active, device, once, firmware }: BootOverrideReading): string {
  return active ? `${device}, ${once ? 'once' : 'persistent'}, ${firmware}` : 'no override';
}

function refuseBoth(left: string, hasLeft: boolean, right: string, hasRight: boolean): void {
  if (!hasLeft || !hasRight) return;
  throw new AthanorError('invalid-input', `bmc boot: ${left} and ${right} contradict each other`, { field: left });
}
