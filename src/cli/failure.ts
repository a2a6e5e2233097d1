/** Thrown by a command that did its work and whose answer is “no”. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}
