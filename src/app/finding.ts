/** One look at the installation; `status` and `without` are explained at the command that prints it. */
export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'missing' | 'failed';
  readonly detail: string;
  readonly without: string | null;
}
