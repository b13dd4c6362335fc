/** Deploy: an image onto a machine's disk, proved by what the disk holds and by what then boots. */
import { z } from 'zod';
import type { OperationDefinition } from '../operation/index.ts';
import { verifyImage } from '../install/index.ts';
import type { MachineEnvironment } from './environment.ts';
import { bootFromNetworkStep, confirmBmcStep, powerOffStep, powerOnStep } from './power-steps.ts';
import { bootDiskStep, netbootStep, writeImageStep } from './ramdisk-steps.ts';
import { stateTable } from './states.ts';
import { endingsOf } from './operation-endings.ts';

export const deployMachineInput = z.strictObject({
  image: z.string().min(1),
  /** `auto`, a device such as `/dev/sda`, or a serial number. */
  disk: z.string().min(1).default('auto'),
});

export type DeployMachineInput = z.infer<typeof deployMachineInput>;

export const DEPLOY_MACHINE = 'deploy-machine';

export function deployMachine(environment: MachineEnvironment): OperationDefinition<DeployMachineInput> {
  const { store, now } = environment;
  return {
    kind: DEPLOY_MACHINE,
    parseInput: (value) => deployMachineInput.parse(value),
    deadlineMs: stateTable.deploying.waiting?.deadlineMs ?? 0,
    steps: [
      {
        name: 'check-image',
        deadlineMs: 30 * 60_000,
        waitsFor: 'the image file to be read and its digest compared',
        run: async ({ input, signal }) => {
          const image = await verifyImage(store, input.image, now, signal);
          return { image: image.name, sha256: image.sha256, bytes: image.size_bytes };
        },
      },
      confirmBmcStep(environment),
      powerOffStep(environment),
      bootFromNetworkStep(environment),
      powerOnStep(environment),
      netbootStep(environment),
      writeImageStep(environment),
      bootDiskStep(environment),
    ],
    ...endingsOf<DeployMachineInput>(environment, 'active', 'the image is on the disk and its system is up'),
  };
}
