/** The Remote Framebuffer protocol (RFC 6143) as pure functions. */
export {};
