/**
 * The kernel modules in the ramdisk, by name; what they depend on comes along. A module that a kernel flavour has built in,
 * or lacks (the cloud flavour has no drivers for most real hardware), is left out.
 */
const words = (text: string): string[] => text.split(' ');

const virtualMachines = words('virtio_pci virtio_net virtio_blk virtio_scsi vmxnet3 vmw_pvscsi');
const networkCards = words('e1000 e1000e igb igc ixgbe i40e ice tg3 bnxt_en be2net mlx4_en mlx5_core r8169');
/** PHYs, which network cards ask for by name without depending on them. */
const networkPhys = words('realtek broadcom');
const disks = words('sd_mod ahci ata_piix nvme megaraid_sas mpt3sas mpi3mr hpsa smartpqi aacraid');
/** SHA-256 by a socket, with the processor's own instructions where it has them. */
const digest = words('algif_hash sha256_ssse3');

/** For real servers and for virtual machines. */
export const allDrivers: readonly string[] = [...virtualMachines, ...networkCards, ...networkPhys, ...disks, ...digest];

/** For virtual machines with paravirtual devices: the cloud flavour, which starts faster. (Probing QEMU's empty IDE costs 0.25 s.) */
export const cloudDrivers: readonly string[] = [...virtualMachines, 'sd_mod', 'nvme', ...digest];
