import { defineConfig } from 'vitest/config';

// Three projects: `unit` needs nothing, `peer` needs Debian's real peers, `lab` boots QEMU servers.
// `peer` and `lab` run inside lab/enter, which gives them their own network, pid and mount namespaces.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'tools/**/*.test.ts', 'lab/**/*.test.ts', 'ramdisk/**/*.test.ts'],
          exclude: ['**/*.peer.test.ts', '**/*.lab.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'peer',
          include: ['src/**/*.peer.test.ts', 'lab/**/*.peer.test.ts', 'ramdisk/**/*.peer.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['lab/**/*.lab.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
