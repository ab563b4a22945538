/** What a newer release has left in the database, which runs beside this one or ran before it (I17). */
export type Newer = {
  /** It says that processes of this release must not work on its rows any more. */
  readonly isTooOld: boolean;
  /** Rows with a state or kind that is not known here; they are left as they are. */
  readonly rows: readonly { readonly table: string; readonly state: string; readonly count: number }[];
};
