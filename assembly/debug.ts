// The kernel and its internals, for the tests only: every room exports what its twin is compared with.
