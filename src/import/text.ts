/**
 * Bytes -> text. What does not fit the encoding ends the import with the number of the line: a replacement mark in its place could
 * never be repaired. A byte order mark decides where no encoding is named, and is no part of the text.
 */
import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { messageOf, RecollectError } from '../errors.js';

const newline = 10;

/** `encoding`: a label such as latin1; null: by the byte order mark, else UTF-8. */
export async function* textOf(bytes: AsyncIterable<Buffer>, encoding: string | null): AsyncGenerator<string> {
  let decoder: TextDecoder | null = null;
  let line = 1; // in which `open` begins
  let open: Buffer = Buffer.alloc(0); // the line that the chunk before left open
  for await (const chunk of bytes) {
    decoder ??= decoderOf(encoding ?? markedEncoding(chunk));
    const text = decoded(decoder, () => line + faultyLine(open, chunk), chunk);
    const end = chunk.lastIndexOf(newline) + 1;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) line++;
    open = end === 0 ? Buffer.concat([open, chunk]) : chunk.subarray(end);
    yield text;
  }
  if (decoder !== null) yield decoded(decoder, () => line);
}

function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch (error) {
    const message = `--encoding ${encoding}: ${messageOf(error)}; give one such as utf-8, latin1 or utf-16le`;
    throw new RecollectError('BAD_INPUT', message, { cause: error });
  }
}

function markedEncoding(start: Buffer): string {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  return start[0] === 0xfe && start[1] === 0xff ? 'utf-16be' : 'utf-8';
}

/** Without a chunk: what is left at the end. */
function decoded(decoder: TextDecoder, lineOf: () => number, chunk?: Buffer): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (error) {
    const message = `line ${lineOf()} is not ${decoder.encoding}, so nothing is read on: name the encoding of the file, such as --encoding latin1`;
    throw new RecollectError('WRONG_ENCODING', message, { cause: error });
  }
}

/** How many lines behind the first one of `open` the fault is. */
function faultyLine(open: Buffer, chunk: Buffer): number {
  const lines = Buffer.concat([open, chunk]);
  let count = 0;
  for (let from = 0; ; count++) {
    const end = lines.indexOf(newline, from);
    if (end < 0 || !isUtf8(lines.subarray(from, end))) return count;
    from = end + 1;
  }
}
