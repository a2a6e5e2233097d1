import type { Disposition } from '../model/delivery.ts';
import { reason } from '../model/reason.ts';

/** What became of a delivery, once that is durable. The same delivery sent again gets the same. */
export interface AcceptedAnswer {
  /** The id under which it was stored: the first one's when it was sent again. */
  readonly deliveryId: string;
  readonly disposition: Disposition;
  readonly taskId: string | null;
  readonly agent: string | null;
  readonly failureType: string | null;
  readonly codeRunName: string | null;
}

/** The body of 202 and 200 (docs: CONTRACT section 2). */
export interface AnswerDocument {
  readonly status: string;
  readonly dedup_status: string;
  readonly delivery_id: string;
  readonly remediation_id: string | null;
  readonly task_id: string | null;
  readonly agent: string | null;
  readonly failure_type: string | null;
  readonly coderun_name: string | null;
  readonly reason: { readonly code: string; readonly detail: string };
  /** The remediation where there is one, else the delivery. */
  readonly status_url: string;
}

export function answerDocument(answer: AcceptedAnswer): AnswerDocument {
  const { status, dedupStatus, remediationId, reason } = answer.disposition;
  return {
    status,
    dedup_status: dedupStatus,
    delivery_id: answer.deliveryId,
    remediation_id: remediationId,
    task_id: answer.taskId,
    agent: answer.agent,
    failure_type: answer.failureType,
    coderun_name: answer.codeRunName,
    reason: { code: reason.code, detail: reason.detail },
    status_url:
      remediationId === null
        ? `/api/deliveries/${encodeURIComponent(answer.deliveryId)}`
        : `/api/remediations/${encodeURIComponent(remediationId)}`,
  };
}

const KEPT: Disposition = {
  status: 'accepted',
  dedupStatus: 'new',
  remediationId: null,
  reason: reason('kept'),
};

const DIGEST = 'the-digest';
const KEPT_PARTS = JSON.stringify(
  answerDocument({
    ...{ deliveryId: DIGEST, disposition: KEPT },
    ...{ taskId: null, agent: null, failureType: null, codeRunName: null },
  }),
).split(DIGEST);

/**
 * The answer, as JSON, for a delivery that is kept and not decided about yet. It goes by the digest of its body, which finds
 * it whether it is the first or was sent before; nothing else differs from one to the next.
 * @param digest hexadecimal
 */
export function keptAnswer(digest: string): string {
  return KEPT_PARTS.join(digest);
}

/** 202 while something goes on because of it, 200 when nothing does. */
export function answerStatus({ disposition }: AcceptedAnswer): 200 | 202 {
  return disposition.status === 'accepted' ? 202 : 200;
}
