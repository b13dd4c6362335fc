/** Extended result codes of SQLite (https://www.sqlite.org/rescode.html): UNIQUE and PRIMARYKEY. */
const sqliteCodes = new Set<unknown>([2067, 1555]);
/** unique_violation, PostgreSQL's appendix A. */
const POSTGRES_CODE = '23505';

/**
 * Whether the error says that a row with this key exists already. After it a PostgreSQL transaction can only roll
 * back, so catch it outside of `store.transaction`, or ask for `on conflict do nothing` and look at what came back.
 */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('errcode' in error && sqliteCodes.has(error.errcode)) return true;
  return 'code' in error && error.code === POSTGRES_CODE;
}
