/** Errors that came as data: from the server, or inside an answer. */
import { AthanorError, catalogue, type ErrorCode } from '../errors/index.ts';

/** An error as the server named it; a code that a newer server has and this catalogue has not is `internal` here. */
export function errorOfCode(
  code: string,
  message: string,
  remedy: string,
  field?: string,
  value?: string,
): AthanorError {
  return new AthanorError(isErrorCode(code) ? code : 'internal', message, {
    ...(field === undefined ? {} : { field }),
    ...(value === undefined ? {} : { value }),
    ...(remedy === '' ? {} : { remedy }),
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}
