/**
 * The client's side of the Remote Framebuffer protocol (RFC 6143) as pure functions: exchanges are generators that say what
 * to send and how many bytes to read, and never touch a socket.
 */
export { encodeKeyEvent, encodeSetEncodings, encodeSetPixelFormat, encodeUpdateRequest } from './client-messages.ts';
export { RfbDecodeError, RfbRefusedError } from './decode-error.ts';
export type { Exchange, ExchangeStep } from './exchange.ts';
export { type Area, type Framebuffer, rgbOf } from './framebuffer.ts';
export { clientHandshake, type HandshakeOptions, type ProtocolVersion, type ServerInit } from './handshake.ts';
export { limits } from './limits.ts';
export { type PixelFormat, trueColour32 } from './pixel-format.ts';
export {
  createServerStream,
  encoding,
  readServerMessage,
  type Rectangle,
  type ServerMessage,
  type ServerStream,
} from './server-messages.ts';
