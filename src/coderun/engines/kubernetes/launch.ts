import { shellQuote } from '../../../safety/names.ts';
import { PATHS } from './environment.ts';

/** A file of the set that lies in pieces, because it is too large for one ConfigMap. */
export interface PiecedFile {
  readonly name: string;
  readonly pieces: readonly string[];
}

/**
 * What the container runs: puts the home folder in order, then the script of the file set in a process group of its
 * own. The shell stays the container's first process, which ignores signals that it has no trap for; with the trap an end
 * from outside reaches the agent at once instead of after the whole grace period, however early it comes.
 */
export function launchCommand(pieced: readonly PiecedFile[]): readonly string[] {
  return ['/bin/bash', '-c', `${HOME_IN_ORDER}${assemble(pieced)}${RUN}`];
}

const HOME_IN_ORDER = `set -u
run=
trap '[ -n "$run" ] || exit 143; kill -TERM -- "-$run" 2>/dev/null' TERM INT
[ "$HEALER_CONTINUE" = true ] || rm -rf -- "\${HOME%/*}"
mkdir -p -- "$HOME" || exit 75
`;

const RUN = `set -m
bash "$HEALER_FILES/container.sh" </dev/null &
run=$!
set +m
while :; do
  wait "$run"
  code=$?
  kill -0 "$run" 2>/dev/null || exit "$code"
done
`;

function assemble(pieced: readonly PiecedFile[]): string {
  if (pieced.length === 0) return '';
  const lines = pieced.map(({ name, pieces }) => {
    const from = pieces.map((piece) => shellQuote(`${PATHS.parts}/${piece}`)).join(' ');
    return `cat ${from} >"$HEALER_FILES/"${shellQuote(name)} || exit 75\n`;
  });
  return lines.join('');
}
