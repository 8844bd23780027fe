/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | null;
}

/** What one member may or may not do now, said by the server; the client only draws it. */
export interface Action {
  readonly name: string;
  readonly label: string;
  readonly allowed: boolean;
  readonly reason?: string | null;
  readonly method: string;
  readonly href: string;
  readonly needs: readonly string[];
}

export interface Identity {
  readonly email: string;
  readonly organisation: string;
  readonly unlocked: boolean;
  readonly fingerprint: string;
}

/** The member side's own account of itself. */
export interface MemberStatus {
  readonly demonstration: boolean;
  readonly mode: string;
  readonly acting_as: string | null;
  readonly identities: readonly Identity[];
  readonly assurance: string;
  readonly workspace_url: string | null;
}

export interface Workspace {
  readonly id: string;
  readonly name: string;
}

export interface MemberName {
  readonly email: string;
  readonly organisation: string;
}

export interface InputVariable {
  readonly name: string;
  readonly type: string;
  readonly default?: unknown;
  readonly description?: string | null;
  readonly low?: string | null;
  readonly high?: string | null;
  readonly pattern?: string | null;
  readonly choices?: readonly string[] | null;
}

export interface Job {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly author: MemberName;
  readonly status: string;
  readonly status_text: string;
  readonly group: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly inputs: readonly InputVariable[];
  readonly actions: readonly Action[];
}

export interface Column {
  readonly name: string;
  readonly type: string;
}

export interface Dataset {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly columns: readonly Column[];
}

export interface PinnedQuery {
  readonly id: string;
  readonly name: string;
  readonly language: string;
  readonly code: string;
}

export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** The statement under review as the member side verified and parsed it. */
export interface Review {
  readonly version_hash: string;
  readonly name: string;
  readonly number: number;
  readonly sentence: string;
  readonly facts: readonly Fact[];
  readonly language: string;
  readonly code: string;
}

/** The opened result of one run: at most the first 100 rows, each cell as text. */
export interface ResultPreview {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly total_rows: number;
  readonly synthetic: boolean;
}
