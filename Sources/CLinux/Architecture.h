#pragma once
// What seccomp_data's `arch` is for the calls of this program.
#include <linux/audit.h>

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "which audit architecture is this?"
#endif
