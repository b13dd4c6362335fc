/** The steps that wait for a machine's ramdisk. The truth is the boot attempt in the store; wake-ups only save time. */
import { AthanorError, catalogue, type ErrorCode } from '../errors/index.ts';
import type { OperationContext, OperationStep, StepEvidence } from '../operation/index.ts';
import {
  attemptProgress,
  attemptResult,
  type BootAttempt,
  type FailureReport,
  findImage,
  waitUntil,
} from '../install/index.ts';
import { bmcOfMachine, keepPower, type MachineEnvironment } from './environment.ts';

const LOOK_EVERY_MS = 1000;
/** A machine that begins anew more often than this while it writes is not going to finish. */
const MOST_ATTEMPTS = 3;

/** When the power went on at our word: what booted before then was cut off. 0 where nobody but a person could do it. */
function poweredOnAt({ evidenceOf }: Pick<OperationContext, 'evidenceOf'>): number {
  const since = evidenceOf('power-on')?.['since'];
  return typeof since === 'number' ? since : 0;
}

export function netbootStep<Input>(environment: MachineEnvironment): OperationStep<Input> {
  return {
    name: 'netboot',
    deadlineMs: environment.deadlines.netbootMs,
    waitsFor: 'the machine to boot the ramdisk from the network and identify itself',
    run: async (context) => {
      if (context.machineId === null) throw new AthanorError('internal', 'this operation has no machine');
      const since = poweredOnAt(context);
      const attempt = await waitUntil(
        environment.wakeups,
        context.machineId,
        async () => {
          const newest = await environment.attempts.newestOf(context.operationId);
          if (newest === undefined || newest.state === 'ticketed' || newest.created_at < since) return undefined;
          return newest;
        },
        { everyMs: LOOK_EVERY_MS, signal: context.signal },
      );
      return { attempt: attempt.number, mac: attempt.mac, address: attempt.address };
    },
  };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}

function ramdiskFailure(report: FailureReport, image: string): AthanorError {
  const code: ErrorCode = isErrorCode(report.code) ? report.code : 'image-failed';
  return new AthanorError(code, `the ramdisk could not write ${image}: ${report.message} (step ${report.step})`, {
    field: report.step,
    value: report.code,
    ...(code === 'image-failed' ? {} : { remedy: catalogue[code].remedy }),
  });
}

function verifiedWrite(
  attempt: BootAttempt,
  image: { name: string; sha256: string; size_bytes: number },
): StepEvidence | undefined {
  const result = attemptResult(attempt);
  if (result === undefined) return undefined;
  if (result.outcome === 'failed') throw ramdiskFailure(result.report, image.name);
  const { sha256ReadBack, bytes, disk, diskSerial } = result.report;
  if (sha256ReadBack !== image.sha256)
    throw new AthanorError(
      'digest-mismatch',
      `the data read back has the SHA-256 ${sha256ReadBack}, the image ${image.name} has ${image.sha256}`,
      {
        field: 'read back',
        value: sha256ReadBack,
        remedy:
          'The disk or the memory of this machine may be bad, or the image was replaced meanwhile: check, then deploy again.',
      },
    );
  if (bytes !== image.size_bytes)
    throw new AthanorError('image-failed', `${bytes} of ${image.size_bytes} bytes were written`, {
      field: 'bytes',
      value: String(bytes),
    });
  return { disk, diskSerial, bytes, sha256: sha256ReadBack, attempt: attempt.number, finishedAt: attempt.updated_at };
}

export function writeImageStep<Input extends { image: string }>(environment: MachineEnvironment): OperationStep<Input> {
  const { attempts, wakeups, store, now, deadlines } = environment;
  return {
    name: 'write-image',
    deadlineMs: 3 * 60 * 60_000,
    waitsFor: 'the ramdisk to write the image and read it back',
    run: async (context) => {
      if (context.machineId === null) throw new AthanorError('internal', 'this operation has no machine');
      const image = await findImage(store, context.input.image);
      const beganAt = now();
      let lastHeardAt = beganAt;
      const booted = context.evidenceOf('netboot')?.['attempt'];
      let firstAttempt = typeof booted === 'number' ? booted : undefined;
      return await waitUntil(
        wakeups,
        context.machineId,
        async () => {
          const attempt = await attempts.newestOf(context.operationId);
          if (attempt !== undefined) {
            firstAttempt ??= attempt.number;
            const written = verifiedWrite(attempt, image);
            if (written !== undefined) return written;
            const progress = attemptProgress(attempt);
            if (progress !== undefined)
              context.progress({
                text: progress.phase,
                done: progress.bytes,
                total: progress.bytesTotal,
                unit: 'bytes',
              });
            lastHeardAt = Math.max(lastHeardAt, attempt.updated_at);
            if (attempt.number - firstAttempt >= MOST_ATTEMPTS)
              throw new AthanorError(
                'image-failed',
                `the machine began anew ${MOST_ATTEMPTS} times without finishing`,
                {
                  remedy: 'Look at the console: the machine may lose power or crash while it writes.',
                },
              );
            if (now() - lastHeardAt > deadlines.writeStallMs)
              throw new AthanorError(
                'image-failed',
                `the machine stopped after ${progress?.bytes ?? 0} of ${image.size_bytes} bytes and was silent for ${Math.round(deadlines.writeStallMs / 1000)} s`,
                {
                  field: 'progress',
                  value: progress === undefined ? 'nothing written' : `${progress.phase} ${progress.bytes}`,
                  remedy:
                    'Look at its console and its cable, then deploy again; the disk holds an unfinished image until then.',
                },
              );
          }
          return undefined;
        },
        { everyMs: LOOK_EVERY_MS, signal: context.signal },
      );
    },
  };
}

/** Wait until the installed system asks for an address: the disk booted, whatever the firmware was told. */
export function bootDiskStep<Input>(environment: MachineEnvironment): OperationStep<Input> {
  const { site, wakeups, deadlines } = environment;
  return {
    name: 'boot-disk',
    deadlineMs: deadlines.bootMs,
    waitsFor: 'the operating system on the disk to ask for its address, or its agent to enrol',
    run: async (context) => {
      if (context.machineId === null) throw new AthanorError('internal', 'this operation has no machine');
      const { machineId } = context;
      const written = context.evidenceOf('write-image');
      const since = typeof written?.['finishedAt'] === 'number' ? written['finishedAt'] : 0;
      const macs = await macsOf(environment, machineId);
      return await waitUntil<StepEvidence>(
        wakeups,
        machineId,
        async () => leased(site.systemLeaseSince(macs, since)) ?? (await enrolledSince(environment, machineId, since)),
        { everyMs: LOOK_EVERY_MS, signal: context.signal },
      );
    },
  };
}

function leased(lease: { mac: string; address: string } | undefined): StepEvidence | undefined {
  return lease && { mac: lease.mac, address: lease.address, seen: 'an operating system took its lease' };
}

/** A system with a static address asks for no lease; its agent says that it is up. */
async function enrolledSince(
  { store }: MachineEnvironment,
  machineId: string,
  since: number,
): Promise<StepEvidence | undefined> {
  const agent = await store.db
    .selectFrom('agents')
    .select('address')
    .where('machine_id', '=', machineId)
    .where('enrolled_at', '>', since)
    .executeTakeFirst();
  return agent && { address: agent.address, seen: 'the agent of the installed system enrolled' };
}

async function macsOf({ store }: MachineEnvironment, machineId: string): Promise<string[]> {
  const claims = await store.db
    .selectFrom('machine_claims')
    .select('value')
    .where('machine_id', '=', machineId)
    .where('kind', '=', 'mac')
    .execute();
  return [...new Set(claims.map((claim) => claim.value))];
}

/** How long a ramdisk that was told to power off may take before the BMC does it. */
const GRACE_MS = 30_000;

/** The ramdisk is asked to power off; the BMC is asked whether it did, and does it itself when it did not. */
export function powerOffRamdiskStep<Input>(environment: MachineEnvironment): OperationStep<Input> {
  const { wakeups, store, now } = environment;
  return {
    name: 'power-off-ramdisk',
    deadlineMs: 3 * 60_000,
    waitsFor: 'the machine to power itself off',
    run: async (context) => {
      const { machineId } = context;
      if (machineId === null) throw new AthanorError('internal', 'this operation has no machine');
      wakeups.wake(machineId);
      const bmc = await bmcOfMachine(environment, machineId);
      const askedAt = now();
      return await waitUntil(
        wakeups,
        machineId,
        async () => {
          if (bmc === undefined) return await toldToPowerOff();
          const power = await bmc.power.get({ signal: context.signal });
          if (power.outcome === 'unsupported') return await toldToPowerOff();
          if (power.outcome === 'done' && power.value.state === 'off') {
            await keepPower(environment, machineId, 'off');
            return { power: 'off', driver: power.driver };
          }
          if (now() - askedAt < GRACE_MS) return undefined;
          context.log('the ramdisk did not power the machine off; the BMC does it');
          const forced = await bmc.power.set('off', { signal: context.signal });
          if (forced.outcome === 'failed' || forced.outcome === 'outcome unknown') throw forced.error;
          await keepPower(environment, machineId, 'off');
          return { power: 'off', driver: forced.driver, forced: true };
        },
        { everyMs: LOOK_EVERY_MS, signal: context.signal },
      );

      async function toldToPowerOff(): Promise<StepEvidence | undefined> {
        const told = await store.db
          .selectFrom('events')
          .select('sequence')
          .where('operation_id', '=', context.operationId)
          .where('kind', '=', 'machine.told-to-power-off')
          .executeTakeFirst();
        return told === undefined
          ? undefined
          : { power: 'unknown', told: 'the ramdisk was told; no BMC can confirm it' };
      }
    },
  };
}
