/** What shows that a command of the table tells the truth: the test in which an independent program agreed with it. */
export type PeerProof =
  | {
      /** The test's file, from the repository's root. */
      test: string;
      /** Who agreed, e.g. `ipmitool against ipmi_sim with dell_r730.emu`. */
      peers: readonly string[];
    }
  | {
      /** Why no program at hand can prove it; what shows it instead. */
      unproved: string;
    };

/** By the command's name. */
export type PeerProofs = Readonly<Record<string, PeerProof>>;
