/**
 * Adding a factor: start, then confirm with a proof, the same for every kind. A factor is made, and its kind's secret
 * stored, only in the transaction that accepts the proof. Begun by a signed-in user or inside a flow of somebody who has
 * no factor; which of the two may begin is decided above, in `account`.
 */
import type { Feature } from '../../kernel';
import { EnrollmentEntity } from './enrollment.entity';
import { EnrollmentFieldsResolver } from './enrollment.graphql';
import { EnrollmentByBackupCode1767225621000 } from './migrations/1767225621000-enrollment-by-backup-code';
import { EnrollmentMessage1767225612000 } from './migrations/1767225612000-enrollment-message';
import { Enrollment1767225609000 } from './migrations/1767225609000-enrollment';

export * from './enrollment';
export * from './enrollment.graphql';
export * from './enrollments.service';
export { enrollmentVersions } from './enrollments.store';

export const enrollmentFeature: Feature = {
  name: 'enrollment',
  entities: [EnrollmentEntity],
  migrations: [Enrollment1767225609000, EnrollmentMessage1767225612000, EnrollmentByBackupCode1767225621000],
  resolvers: [EnrollmentFieldsResolver],
};
