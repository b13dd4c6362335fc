/** LAN settings over IPMI: read whole, changed by the set-in-progress protocol, read back (IPMI v2.0 §23). */
import { AthanorError, asAthanorError, isUnreachableBmc } from '../../../errors/index.ts';
import type { CipherSuitePrivilege } from '../../../protocols/ipmi/index.ts';
import {
  getLanConfigurationParameters,
  lanParameters,
  setLanConfigurationParameters,
} from '../../../protocols/ipmi/index.ts';
import type { CipherSuiteAccess, LanCapability, LanChange, LanOptions, LanSettings } from '../../capabilities/lan.ts';
import type { Note } from '../../settle.ts';
import { outcomeUnknown, settle } from '../../settle.ts';
import { ownChannel } from './channels.ts';
import type { IpmiContext } from './context.ts';
import { lanWrites } from './lan-writes.ts';
import type { OpenOtherClient } from './other-client.ts';
import type { ParameterPlace, ParameterWrite } from './parameter-access.ts';
import { inDoubt, readBack } from './send-change.ts';
import { checkWritten, readParameter, requireParameter, writeOf, writeParameters } from './parameter-access.ts';
import { readCipherSuites, readLan } from './read-lan.ts';

export function ipmiLan(context: IpmiContext, open: OpenOtherClient): LanCapability {
  const about = { driver: 'ipmi', capability: 'lan', clock: context.clock } as const;

  async function placeOf(note: Note, options: LanOptions): Promise<ParameterPlace> {
    return {
      context,
      get: getLanConfigurationParameters,
      set: setLanConfigurationParameters,
      channel: options.channel ?? (await ownChannel(context, options.signal)),
      note,
      ...(options.signal !== undefined && { signal: options.signal }),
    };
  }

  return {
    get: (options = {}) => settle(about, async (note) => await readLan(await placeOf(note, options))),
    set: (change, options = {}) =>
      settle(about, (note) =>
        context.lane.change(
          async () => await setLan(await placeOf(note, options), change, open, options),
          options.signal,
        ),
      ),
    setCipherSuiteRoles: (roles, options = {}) =>
      settle(about, (note) =>
        context.lane.change(async () => await setRoles(await placeOf(note, options), roles, options), options.signal),
      ),
  };
}

async function setLan(
  place: ParameterPlace,
  change: LanChange,
  open: OpenOtherClient,
  options: LanOptions,
): Promise<LanSettings> {
  const mac = (await readParameter(place, lanParameters.macAddress, []))?.address;
  const writes = await lanWrites(place, change);
  if (writes.length === 0) throw new AthanorError('invalid-input', 'No setting to change was named');
  const broken = await writeParameters(place, writes, options.force ?? false);
  try {
    if (broken === undefined) {
      await checkWritten(place, writes);
      return await readLan(place);
    }
  } catch (thrown) {
    const error = asAthanorError(thrown);
    if (!isUnreachableBmc(error.code) || !writes.some(({ cuts }) => cuts)) {
      throw inDoubt(place.context, 'the new settings', error);
    }
    return await lookElsewhere(place, change, mac, writes, open, error);
  }
  return await lookElsewhere(place, change, mac, writes, open, broken);
}

/** After a change that cut the connection: the BMC is looked for where it was told to go. */
async function lookElsewhere(
  place: ParameterPlace,
  change: LanChange,
  mac: string | undefined,
  writes: readonly ParameterWrite[],
  open: OpenOtherClient,
  error: AthanorError,
): Promise<LanSettings> {
  const { context, note } = place;
  note(place.set.name, `after the change: ${error.message}`);
  const where =
    change.address === undefined
      ? `look for ${mac ?? 'its MAC address'} in the leases of the DHCP server`
      : `look for it at ${change.address}`;
  const unknown = (why: string, cause: unknown) =>
    new AthanorError('outcome-unknown', `BMC ${context.peer.name} was told its new network settings, and ${why}`, {
      cause,
      remedy: `It may be in another network or VLAN now: ${where}, and give its new address from now on.`,
    });
  if (change.address === undefined || change.address === context.peer.address) throw unknown('does not answer', error);
  const client = open({ address: change.address });
  const peer = { ...context.peer, address: change.address };
  const there: ParameterPlace = { ...place, context: { ...context, peer, client } };
  try {
    const seen = await readParameter(there, lanParameters.macAddress, []);
    if (mac === undefined || seen?.address !== mac) {
      throw outcomeUnknown(`another BMC (${seen?.address ?? 'without a MAC'}) answers at ${change.address}`);
    }
    await checkWritten(there, writes);
    note(place.get.name, `seen at ${change.address}, with the same MAC address ${mac}: give this address from now on`);
    return await readLan(there);
  } catch (thrown) {
    const cause = asAthanorError(thrown);
    if (cause.code === 'bmc-refused') throw cause;
    throw unknown(`is not seen at ${change.address}: ${cause.message}`, cause);
  } finally {
    await client.close();
  }
}

async function setRoles(
  place: ParameterPlace,
  roles: Parameters<LanCapability['setCipherSuiteRoles']>[0],
  options: LanOptions,
): Promise<CipherSuiteAccess[]> {
  const { context } = place;
  const suites = await readCipherSuites(place, []);
  const held = await requireParameter(place, lanParameters.cipherSuitePrivileges);
  const levels: (CipherSuitePrivilege | number)[] = [...held.levels];
  for (const [text, role] of Object.entries(roles)) {
    const index = suites.findIndex(({ id }) => id === Number(text));
    if (index < 0) {
      const offered = suites.map(({ id }) => id).join(', ');
      throw new AthanorError(
        'invalid-input',
        `BMC ${context.peer.name} has no cipher suite ${text}; it has ${offered}`,
        {
          field: 'roles',
          value: text,
        },
      );
    }
    levels[index] = role === 'none' ? 'unused' : role;
  }
  const usable = suites.some(({ id }, index) => (id === 3 || id === 17) && levels[index] !== 'unused');
  if (!usable && options.force !== true) {
    throw new AthanorError('conflict', `Neither cipher suite 3 nor 17 of BMC ${context.peer.name} would stay usable`, {
      remedy: 'Keep one of them, or you lock yourself out; with `force` it is done all the same.',
    });
  }
  const write = writeOf(lanParameters.cipherSuitePrivileges, { levels });
  const broken = await writeParameters(place, [write], options.force ?? false);
  if (broken !== undefined) throw broken;
  await readBack(context, 'the new roles', () => checkWritten(place, [write]));
  return await readCipherSuites(place, []);
}
