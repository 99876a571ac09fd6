import type { Sql } from '../../platform';
import type { AuditEventType } from './audit-event';
import { CSV_HEADER, csvLine, ndjsonLine, type ExportedEvent } from './audit-export';
import { blockEnd, eventsOfBlock } from './audit-export.store';

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** All conditions given must hold. */
export interface ExportFilter {
  readonly since?: Date;
  /** Without this instant. */
  readonly until?: Date;
  readonly types?: readonly AuditEventType[];
  readonly userId?: string;
}

/** Reads the audit log out, the oldest first, a block at a time: as fast as it is taken, however long it is. */
export class AuditExport {
  constructor(private readonly sql: Sql) {}

  async *lines(format: ExportFormat, filter: ExportFilter): AsyncGenerator<string> {
    if (format === 'csv') yield CSV_HEADER;
    for await (const event of this.events(filter))
      yield format === 'csv' ? csvLine(event) : ndjsonLine(event);
  }

  private async *events(filter: ExportFilter): AsyncGenerator<ExportedEvent> {
    let after = '';
    for (;;) {
      const last = await blockEnd(this.sql, after, filter.userId);
      if (last === undefined) return;
      yield* await eventsOfBlock(this.sql, after, last, filter);
      after = last;
    }
  }
}
