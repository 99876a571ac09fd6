import type { ClientContext } from '../../kernel';

/** A plain HTTP route that a feature brings: GET only, JSON out. */
export interface JsonRoute {
  readonly path: string;
  /** `Cache-Control: public, max-age`; 0 means `no-store`. */
  readonly maxAgeSeconds: number;
  answer(): Promise<object>;
}

/** What a plain page is told of its request. */
export interface FormRequest {
  /** The query where it is shown, the form where it acts. */
  readonly fields: Readonly<Record<string, string>>;
  readonly client: ClientContext;
  readonly addressKey: string;
}

export interface FormReply {
  readonly status: number;
  readonly html: string;
}

/** A page without scripts that a message links to: GET shows and changes nothing, POST acts. */
export interface FormRoute {
  readonly path: string;
  show(request: FormRequest): Promise<FormReply>;
  act(request: FormRequest): Promise<FormReply>;
}
