/**
 * The kernel modules in the ramdisk, by name; what they depend on comes along. A module that a kernel flavour has built in,
 * or lacks (the cloud flavour has no drivers for real hardware), is left out.
 */
export const drivers: readonly string[] = [
  // virtual machines
  ...['virtio_pci', 'virtio_net', 'virtio_blk', 'virtio_scsi', 'vmxnet3', 'vmw_pvscsi'],
  // network cards
  ...[
    'e1000',
    'e1000e',
    'igb',
    'igc',
    'ixgbe',
    'i40e',
    'ice',
    'tg3',
    'bnxt_en',
    'be2net',
    'mlx4_en',
    'mlx5_core',
    'r8169',
  ],
  // what network cards ask for by name, without a dependency: PHYs
  ...['realtek', 'broadcom'],
  // disks and their controllers
  ...['sd_mod', 'ahci', 'ata_piix', 'nvme', 'megaraid_sas', 'mpt3sas', 'mpi3mr', 'hpsa', 'smartpqi', 'aacraid'],
  // SHA-256 by a socket, with the processor's own instructions where it has them
  ...['algif_hash', 'sha256_ssse3'],
];
