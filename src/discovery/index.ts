/**
 * Discovery: find machines and BMCs and tie them together. Machines are found when they boot from the network; BMCs are
 * declared, asked who they are, and tied to the machine whose SMBIOS UUID is their GUID.
 */
export { type Claim, type ClaimKind, findMachine, machinesClaiming, recordClaims } from './claims.ts';
export { type BmcRow, identifyBmc, tieBmc } from './tie-bmc.ts';
