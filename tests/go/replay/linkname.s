// SPDX-License-Identifier: Apache-2.0
// Empty: with an assembly file in the package the compiler accepts functions without a body, which
// //go:linkname binds to the runtime.
