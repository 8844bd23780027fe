"""What the plans of a Python job say of its columns: a claim, in a closed form, of this text alone."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never

_FORM: Final = "jupyter_secure_jobs/protocol/plan_flow.py"
_ENCLAVE: Final = "jupyter_secure_jobs/enclave/outcome.py"
_READER: Final = "jupyter_secure_jobs/engines/plan_reader.py"
_MEMBER: Final = "jupyter_secure_jobs/member/planned.py"
_ATTACKS: Final = "tests/adversarial/test_plan_flow_attacks.py"
_FORMS: Final = f"{_ATTACKS}::test_flow_that_does_not_keep_to_the_form_is_refused"
_LIES: Final = f"{_ATTACKS}::test_claim_that_does_not_fit_what_was_verified_is_not_used"

DEFENCES: Final = (
    Defence(
        name="a flow is bounded before it is read",
        stops="a test's outcome without end, from the sandbox",
        edits=(never(_FORM, "len(data) > MOST_BYTES"),),
        tests=(_FORMS,),
    ),
    Defence(
        name="a flow has a bounded number of columns",
        stops="a review that is filled with columns",
        edits=(changed(_FORM, "len(self.columns) > MOST_COLUMNS or ", ""),),
        tests=(f"{_ATTACKS}::test_flow_of_very_many_columns_is_refused",),
    ),
    Defence(
        name="a function in a flow is a word",
        stops="a sentence of the author's among the words of the review",
        edits=(changed(_FORM, " or not all(_FUNCTION.match(each) for each in self.functions)", ""),),
        tests=(_FORMS,),
    ),
    Defence(
        name="a flow's places are in its list",
        stops="a member's side that fails at a review",
        edits=(changed(_FORM, "any(not 0 <= place < len(self.sources) for place in used) or ", ""),),
        tests=(_FORMS,),
    ),
    Defence(
        name="a column's name in a flow cannot deceive the eye",
        stops="a name that reads as another",
        edits=(
            changed(
                _FORM, 'if clean_name(self.name, what="column", longest=MOST_NAME) != self.name:', "if not self.name:"
            ),
        ),
        tests=(_FORMS,),
    ),
    Defence(
        name="a flow names the tables of its test alone",
        stops="a worker that signs a flow of other tables",
        edits=(
            changed(
                _ENCLAVE,
                "return flow if {each.table for each in flow.sources} <= set(task.tables) else None",
                "return flow",
            ),
        ),
        tests=(f"{_ATTACKS}::test_enclave_leaves_out_tables_that_the_test_did_not_read",),
    ),
    Defence(
        name="a plan leads to the columns of the result",
        stops="a plan that is not the result's is told as its flow",
        edits=(never(_READER, "not same"),),
        tests=(f"{_ATTACKS}::test_forged_record_is_unknown_and_the_test_goes_on",),
        slow=True,
    ),
    Defence(
        name="a claim is of exactly the text under review",
        stops="the flow of a harmless text is shown beside another one",
        edits=(changed(_MEMBER, " or said.text != text.hash", ""),),
        tests=(_LIES,),
    ),
    Defence(
        name="a claim is of a test on all datasets of the version",
        stops="a flow from a test that left a dataset out",
        edits=(changed(_MEMBER, " or read != set(datasets.values())", ""),),
        tests=(_LIES,),
    ),
    Defence(
        name="a claim is of a test on the synthetic data in force",
        stops="a flow from synthetic data that can no longer be checked",
        edits=(changed(_MEMBER, " or found.replaced", ""),),
        tests=(f"{_ATTACKS}::test_claim_on_data_published_anew_since_is_not_used",),
    ),
    Defence(
        name="a claim names columns that the owners signed",
        stops="columns of the sandbox's own stand beside an owner's name",
        edits=(never(_MEMBER, "any((each.table, each.column) not in known for each in flow.sources)"),),
        tests=(_LIES,),
    ),
    Defence(
        name="a claim never makes a flow known",
        stops="the author's own word is shown as found out",
        edits=(
            changed(
                "jupyter_secure_jobs/member/yours.py",
                'FlowWire(known=False, why=f"{plan.why} {why}"',
                'FlowWire(known=True, why=f"{plan.why} {why}"',
            ),
        ),
        tests=(f"{_ATTACKS}::test_claim_is_shown_with_its_source_and_never_as_known",),
    ),
)
