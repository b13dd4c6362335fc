/** What a server may ask of a client's memory and time. Real consoles stay far below. */
export const limits = {
  /** Pixels of either side. */
  side: 8192,
  /** Pixels of the whole framebuffer: 5120×2880 fits. */
  framebufferPixels: 2 ** 24,
  /** Bytes of the desktop's name. */
  name: 2 ** 16,
  /** Bytes of the reason of a refusal; what is longer is not read. */
  reason: 4096,
  /** Bytes of ServerCutText, which is thrown away. */
  cutText: 2 ** 20,
} as const;
