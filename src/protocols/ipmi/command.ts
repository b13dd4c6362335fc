/** Network functions (IPMI v2.0 §5.1, Table 5-1); a response carries the number plus one. */
export const networkFunction = {
  chassis: 0x00,
  bridge: 0x02,
  sensorEvent: 0x04,
  application: 0x06,
  firmware: 0x08,
  storage: 0x0a,
  transport: 0x0c,
  /** The first data byte, both ways, names the defining body: 0xDC is DCMI. */
  groupExtension: 0x2c,
  /** The first three data bytes, both ways, are the vendor's enterprise number. */
  oemGroup: 0x2e,
} as const;

/**
 * One IPMI command, typed in both directions. `decodeResponse` gets the bytes after a completion code of 0x00; both
 * decoders throw nothing but IpmiDecodeError.
 */
export interface IpmiCommand<Request, Response> {
  /** The specification's name. */
  name: string;
  networkFunction: number;
  command: number;
  /**
   * Whether running it twice leaves the same as running it once. A command that is not idempotent is never sent again
   * after it may have run: IPMI has no at-most-once.
   */
  idempotent: boolean;
  /** The completion codes 0x80–0xBE that the command defines for itself. */
  completionCodes?: Readonly<Record<number, string>>;
  encodeRequest: (request: Request) => Uint8Array;
  decodeRequest: (bytes: Uint8Array) => Request;
  encodeResponse: (response: Response) => Uint8Array;
  decodeResponse: (bytes: Uint8Array) => Response;
}

/** The request of a command that has no request data. */
export type NoData = Readonly<Record<never, never>>;

export const noData: NoData = {};

export const noRequestData = {
  encodeRequest: (): Uint8Array => Buffer.alloc(0),
  decodeRequest: (): NoData => noData,
};

export const noResponseData = {
  encodeResponse: (): Uint8Array => Buffer.alloc(0),
  decodeResponse: (): NoData => noData,
};
