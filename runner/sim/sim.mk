# SPDX-License-Identifier: Apache-2.0
# The simulated machine. runner/sim/*.c is the model, plain C in every build;
# what replaces libtsan, libc and the kernel for instrumented maps has its own
# folder runner/sim/guest/, which the other programs never link.
