/** Changing one field of FRU data: its area is written anew at its place and in its length, and nothing else moves. */
import type { FruArea, FruAreaName } from './areas.ts';
import { decodeFruArea, encodeFruArea, fruFieldIndex, fruFieldNames, languageOf } from './areas.ts';
import { decodeFruHeader, spanOf } from './image.ts';
import type { FruEncoding, FruText } from './text.ts';
import { fitsFruEncoding, isEnglish } from './text.ts';

export interface FruChange {
  area: FruAreaName;
  /** One of `fruFieldNames`, or `custom` and its number from 1: `custom1`. */
  field: string;
  text: string;
}

export interface FruPatch {
  /** Where the new bytes go. */
  offset: number;
  /** The whole area anew. */
  bytes: Buffer;
  before: string;
}

/** Why a field cannot be changed, as a sentence for people. */
export class FruChangeRefused extends Error {
  override readonly name = 'FruChangeRefused';
}

/**
 * @param image the whole inventory area
 * Throws FruChangeRefused, or IpmiDecodeError where there is no FRU header.
 */
export function changeFruField(image: Uint8Array, change: FruChange): FruPatch {
  const header = decodeFruHeader(image);
  const offset = header[change.area];
  if (offset === 0) throw new FruChangeRefused(`this FRU has no ${change.area} area`);
  const decoded = decodeFruArea(change.area, spanOf(header, change.area, image));
  // What is not understood in every byte is not written: a guess would destroy it.
  if (!('area' in decoded) || decoded.findings.length > 0) {
    throw new FruChangeRefused(`the area is damaged and is left as it is: ${decoded.findings.join('; ')}`);
  }
  if (decoded.unused.some((byte) => byte !== 0)) {
    throw new FruChangeRefused(`the ${change.area} area holds data behind its fields that would be lost`);
  }
  const { area } = decoded;
  const index = indexOf(change, area);
  const old = area.fields[index];
  if (old === undefined) throw new FruChangeRefused(`the ${change.area} area has no field ${change.field}`);
  const fields = area.fields.with(index, newText(change, area, index, old));
  try {
    return { offset, bytes: encodeFruArea({ ...area, fields }, decoded.length), before: old.text };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FruChangeRefused(`it does not fit: ${error.message}`);
  }
}

function indexOf(change: FruChange, area: FruArea): number {
  const custom = /^custom([1-9]\d?)$/.exec(change.field)?.[1];
  if (custom !== undefined) return fruFieldNames[area.name].length + Number(custom) - 1;
  const index = fruFieldIndex(area.name, change.field);
  if (index !== undefined) return index;
  const known = fruFieldNames[area.name].join(', ');
  throw new FruChangeRefused(`the ${area.name} area has no field ${change.field}; it has ${known}, custom1 …`);
}

/** Keeps the field's encoding where it holds the text, and its width where the old text was padded to a fixed one. */
function newText(change: FruChange, area: FruArea, index: number, old: FruText): FruText {
  const padded = / +$/.test(old.text) ? change.text.padEnd(old.text.length, ' ') : change.text;
  const textual: FruEncoding = isEnglish(languageOf(area.name, area.language, index)) ? 'latin-1' : 'ucs-2';
  // Binary is told apart from text by its meaning alone: text given for a binary field stays text.
  const candidates: FruEncoding[] = old.encoding === 'binary' || old.text === '' ? [textual] : [old.encoding, textual];
  const encoding = candidates.find((candidate) => fitsFruEncoding({ encoding: candidate, text: padded }));
  if (encoding === undefined) throw new FruChangeRefused(`the field holds Latin-1 text alone`);
  return { encoding, text: padded };
}
