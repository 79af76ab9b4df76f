/** Rows under a title, as the details popup shows them. */
export interface DetailGroup {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, value: string])[];
}
