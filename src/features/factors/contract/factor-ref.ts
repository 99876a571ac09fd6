export interface FactorRef {
  readonly id: string;
  readonly userId: string;
  readonly label: string | null;
}
