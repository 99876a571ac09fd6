import type { ClientContext } from '../../kernel';

/** A browser or app that its user has signed in with. */
export interface KnownDevice {
  readonly id: string;
  readonly label: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  /** Until then it spares the second factor. Null: not remembered. */
  readonly rememberedUntil: Date | null;
  readonly context: ClientContext;
}
