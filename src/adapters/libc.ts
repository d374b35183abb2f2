// The calls of Linux' C library that Node does not make, through koffi, an optional dependency.
import { IpsecError } from "../errors.js";

/** Each answers as in C: below zero is failure, and errno() says which. Bytes are read and written where they are. */
export interface Libc {
  ioctl(descriptor: number, request: number, argument: Uint8Array): number;
  read(descriptor: number, bytes: Uint8Array, length: number): number;
  write(descriptor: number, bytes: Uint8Array, length: number): number;
  poll(pollfd: Uint8Array, count: number, milliseconds: number, done: (error: unknown, ready: number) => void): void;
  socket(family: number, type: number, protocol: number): number;
  bind(descriptor: number, name: Uint8Array, length: number): number;
  getsockopt(descriptor: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number;
  setsockopt(descriptor: number, level: number, option: number, value: Uint8Array, length: number): number;
  sendmmsg(descriptor: number, messages: Uint8Array, count: number, flags: number): number;
  recvmmsg(descriptor: number, messages: Uint8Array, count: number, flags: number, timeout: null): number;
  errno(): number;
  /** Of the first of the bytes. */
  addressOf(bytes: Uint8Array): bigint;
}

/** Throws IpsecError "adapter" where koffi is not installed; `user` begins its sentence. */
export async function loadLibc(user: string): Promise<Libc> {
  const koffi = await import("koffi").then(
    (module) => module.default,
    (cause) => {
      const message = `${user} need the optional package koffi, which is not installed: npm install koffi`;
      throw new IpsecError("adapter", message, { cause });
    },
  );
  const libc = koffi.load(null);
  return {
    ioctl: libc.func("int ioctl(int descriptor, ulong request, _Inout_ uint8_t *argument)"),
    read: libc.func("intptr_t read(int descriptor, _Out_ uint8_t *bytes, size_t length)"),
    write: libc.func("intptr_t write(int descriptor, const uint8_t *bytes, size_t length)"),
    poll: libc.func("int poll(_Inout_ uint8_t *pollfd, ulong count, int milliseconds)").async,
    socket: libc.func("int socket(int family, int type, int protocol)"),
    bind: libc.func("int bind(int descriptor, const uint8_t *name, uint length)"),
    getsockopt: libc.func(
      "int getsockopt(int descriptor, int level, int option, _Out_ uint8_t *value, _Inout_ uint8_t *length)",
    ),
    setsockopt: libc.func("int setsockopt(int descriptor, int level, int option, const uint8_t *value, uint length)"),
    sendmmsg: libc.func("int sendmmsg(int descriptor, _Inout_ uint8_t *messages, uint count, int flags)"),
    recvmmsg: libc.func(
      "int recvmmsg(int descriptor, _Inout_ uint8_t *messages, uint count, int flags, void *timeout)",
    ),
    errno: () => koffi.errno(),
    addressOf: (bytes) => koffi.address(bytes),
  };
}
