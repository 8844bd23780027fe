"""The untrusted loop around the enclave: fetch orders, carry bytes, report."""
