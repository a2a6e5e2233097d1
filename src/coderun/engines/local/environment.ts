import type { CodeRun } from '../../schema.ts';
import type { RunFolder } from './folder.ts';
import { RUN_UID_VARIABLE } from './processes.ts';

/**
 * What a run may take over from Healer's own environment: where programs are found, language, certificates, proxies and
 * the homes of tool chains. Nothing that holds a secret; the variables of the chosen CLI come on top by name.
 */
const INHERITED = [
  'PATH',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'SHELL',
  'USER',
  'LOGNAME',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'GIT_SSL_CAINFO',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'CARGO_HOME',
  'RUSTUP_HOME',
  'GOPATH',
  'GOROOT',
  'GOMODCACHE',
  'JAVA_HOME',
  'NVM_DIR',
  'PYENV_ROOT',
  'DOCKER_HOST',
] as const;

/** The whole environment of a run; later lines win, so that a CodeRun cannot move what the engine has set. */
export function runEnvironment(
  codeRun: CodeRun,
  folder: RunFolder,
  base: Readonly<Record<string, string | undefined>>,
  alsoInherit: readonly string[],
  hasToken: boolean,
): Record<string, string> {
  const inherited = [...INHERITED, ...alsoInherit].flatMap((name) => {
    const value = base[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    ...codeRun.spec.env,
    CODERUN_NAME: codeRun.name,
    HEALER_ATTEMPT: String(codeRun.spec.contextVersion),
    HEALER_FILES: folder.files,
    HEALER_PROMPT: `${folder.files}/prompt.md`,
    HEALER_WORKSPACE: folder.work,
    HEALER_RESULT: folder.result,
    ...(hasToken ? { HEALER_TOKEN_FILE: folder.token } : {}),
    HOME: folder.home,
    TMPDIR: folder.tmp,
    [RUN_UID_VARIABLE]: codeRun.uid,
  };
}
