import { z } from 'zod';

/**
 * One setting of a configuration: a zod schema with its default, unit and meaning. `tradernet config show` and the
 * tables in the docs are read off these, so nothing is said twice.
 */
export function setting<S extends z.ZodType>(schema: S, value: z.output<S>, unit: string, doc: string) {
  return schema.default(value as never).meta({ unit, doc });
}

/** A leaf of a configuration schema. */
export interface SettingRow {
  /** `account.feeRate` */
  readonly path: string;
  readonly unit: string;
  readonly doc: string;
  readonly default: unknown;
}

/** Every leaf of a (nested) configuration schema, in order. */
export function listSettings(schema: z.ZodType, prefix = ''): SettingRow[] {
  if (schema instanceof z.ZodPrefault || (schema instanceof z.ZodDefault && schema.meta()?.unit === undefined))
    return listSettings(schema.unwrap() as z.ZodType, prefix);
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([name, inner]) =>
      listSettings(inner as z.ZodType, prefix === '' ? name : `${prefix}.${name}`),
    );
  }
  const meta = schema.meta() ?? {};
  const value = schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
  return [
    { path: prefix, unit: String(meta.unit ?? ''), doc: String(meta.doc ?? meta.description ?? ''), default: value },
  ];
}
