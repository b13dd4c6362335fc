/** What the parts of the machine tell of themselves. */
import { z } from 'zod';
import type { FieldReplaceableUnit, FruTexts } from '../capabilities/fru.ts';
import type { BmcCommand, BmcPresentation } from './command.ts';
import { defineBmcCommand } from './command.ts';

const text = z.string().optional();
const texts = z.object({
  manufacturer: text,
  productName: text,
  partNumber: text,
  serialNumber: text,
  version: text,
  assetTag: text,
  fileId: text,
  custom: z.array(z.string()).describe('what the maker wrote beside the fields that have a name'),
});

const unit = z.object({
  id: z.string(),
  name: z.string(),
  present: z.boolean(),
  sizeBytes: z.number().optional(),
  chassis: texts.extend({ type: z.string() }).optional(),
  board: texts.extend({ manufacturedAt: z.iso.datetime().optional() }).optional(),
  product: texts.optional(),
  records: z.array(
    z.object({
      type: z.string(),
      values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      raw: text.describe('what is not understood, in hex'),
    }),
  ),
  findings: z.array(z.string()).describe('what is wrong with its data'),
});

const id = z.string().min(1).describe('id of the unit, as `fru list` shows it; 0 is built in');

export const fruCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'fru list',
    summary: 'list the field-replaceable units with their makers, products and serial numbers',
    effect: 'read',
    parameters: z.object({}),
    value: z.array(unit),
    run: (bmc, _parameters, options) => bmc.fru.list(options),
    present: (units) => ({
      line: `${units.length} units, ${units.filter(({ present: there }) => there).length} present`,
      table: {
        columns: ['id', 'name', 'manufacturer', 'product', 'part number', 'serial number', 'asset tag', 'findings'],
        rows: units.map((one) => [
          one.id,
          one.name,
          pick(one, 'manufacturer'),
          pick(one, 'productName'),
          pick(one, 'partNumber'),
          pick(one, 'serialNumber'),
          pick(one, 'assetTag'),
          one.findings.join('; '),
        ]),
      },
    }),
  }),
  defineBmcCommand({
    name: 'fru get',
    summary: 'show all that one field-replaceable unit tells of itself',
    effect: 'read',
    parameters: z.object({ id }),
    positional: ['id'],
    value: unit,
    run: (bmc, parameters, options) => bmc.fru.get(parameters.id, options),
    present: presentUnit,
  }),
  defineBmcCommand({
    name: 'fru set',
    summary: "change one text in a unit's inventory data, in its place, and read it back",
    effect: 'change',
    parameters: z.object({
      id,
      field: z
        .string()
        .regex(/^(chassis|board|product)\.[A-Za-z]+\d*$/, 'a part and a field as product.assetTag')
        .describe(
          'chassis, board or product, a dot, and the field as `fru get` names it: product.assetTag, board.custom1',
        ),
      value: z.string().max(63).describe('the new text'),
      confirm: z
        .boolean()
        .default(false)
        .refine((given) => given, 'the data are written into the unit itself: say --confirm')
        .describe('that the data in the unit itself may be written'),
    }),
    positional: ['id', 'field', 'value'],
    value: z.object({
      id: z.string(),
      part: z.enum(['chassis', 'board', 'product']),
      field: z.string(),
      before: z.string(),
      after: z.string(),
    }),
    run(bmc, parameters, options) {
      const [part, field = ''] = parameters.field.split('.');
      const known = z.enum(['chassis', 'board', 'product']).parse(part);
      return bmc.fru.set(parameters.id, { part: known, field, value: parameters.value }, options);
    },
    present: ({ part, field, before, after }) => ({
      line: `${part}.${field}: ${JSON.stringify(before)} is now ${JSON.stringify(after)}`,
    }),
  }),
];

type NamedText = Exclude<keyof FruTexts, 'custom'>;

/** What people look for: the product's word first, then the board's, then the chassis's. */
function pick({ product, board, chassis }: FieldReplaceableUnit, name: NamedText): string {
  return product?.[name] ?? board?.[name] ?? chassis?.[name] ?? '';
}

function presentUnit(one: FieldReplaceableUnit): BmcPresentation {
  const rows: [string, string | number][] = [];
  for (const part of ['chassis', 'board', 'product'] as const) {
    for (const [name, value] of Object.entries(one[part] ?? {})) {
      if (typeof value === 'string') rows.push([`${part}.${name}`, value]);
      else for (const [index, custom] of value.entries()) rows.push([`${part}.custom${index + 1}`, custom]);
    }
  }
  for (const { type, values, raw } of one.records) {
    const shown = Object.entries(values).map(([name, value]) => `${name} ${value}`);
    rows.push([type, [...shown, ...(raw === undefined ? [] : [raw])].join(', ')]);
  }
  for (const finding of one.findings) rows.push(['finding', finding]);
  const size = one.sizeBytes === undefined ? '' : `, ${one.sizeBytes} bytes`;
  return {
    line: `FRU ${one.id}, ${one.name}${size}${one.present ? '' : ', not present'}`,
    table: { columns: ['field', 'value'], rows },
  };
}
