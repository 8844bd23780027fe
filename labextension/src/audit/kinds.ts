import type { AuditEvent } from '../api/shapes';
import { trans } from '../ui/translation';

/** Every kind of event with its words; the compiler holds it against the server's own list. */
export function kinds(): Readonly<Record<AuditEvent['event'], string>> {
  return {
    founded: trans.__('Workspace founded'),
    joined: trans.__('Workspace joined'),
    change_proposed: trans.__('Change of members or workers proposed'),
    change_refused: trans.__('Change of members or workers refused'),
    members_changed: trans.__('Members changed'),
    workers_changed: trans.__('Workers changed'),
    dataset_published: trans.__('Dataset published'),
    dataset_withdrawn: trans.__('Dataset withdrawn'),
    profile_made: trans.__('Compute profile made'),
    profile_changed: trans.__('Compute profile changed'),
    profile_deleted: trans.__('Compute profile deleted'),
    created: trans.__('Job created'),
    edited: trans.__('Draft edited'),
    tested: trans.__('Test run started'),
    test_ended: trans.__('Test run ended'),
    submitted: trans.__('Submitted for review'),
    review_cancelled: trans.__('Review cancelled'),
    accepted: trans.__('Accepted'),
    declined: trans.__('Declined'),
    ordered: trans.__('Job run ordered'),
    key_released: trans.__('Key released'),
    key_refused: trans.__('Key refused'),
    run_ended: trans.__('Job run ended'),
    cancelled: trans.__('Run cancelled'),
    result_opened: trans.__('Result opened'),
    result_exported: trans.__('Result exported'),
    log_opened: trans.__('Log opened'),
    log_exported: trans.__('Log exported'),
    receipt_exported: trans.__('Receipt exported'),
    resealed: trans.__('Outcome keys sealed again'),
    reruns_revoked: trans.__('Repeatability revoked'),
    acceptance_withdrawn: trans.__('Acceptance withdrawn'),
    stop_heard: trans.__('Revocation or withdrawal heard'),
    draft_opened: trans.__('New draft opened'),
    draft_discarded: trans.__('Draft discarded'),
    version_activated: trans.__('Earlier version activated'),
    archived: trans.__('Job archived'),
    unarchived: trans.__('Job taken out of the archive'),
    deleted: trans.__('Job deleted'),
    audit_read: trans.__('Audit log read'),
    audit_exported: trans.__('Audit log exported')
  };
}
