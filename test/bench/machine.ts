import { arch, cpus } from 'node:os';

/** What a benchmark ran on. */
export const machine = `${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}, ${arch()}, Node ${process.version}`;
