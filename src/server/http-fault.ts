import { RequestFault, type RequestCode } from '../kernel';

/** A request that HTTP itself turns away, with the status and headers that say why. */
export class HttpFault extends RequestFault {
  constructor(
    readonly status: number,
    code: RequestCode,
    message?: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message);
  }
}
