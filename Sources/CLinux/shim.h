#include <sys/prctl.h>

// Variadic functions, which Swift cannot import, each as a function of what is needed of it behind `shim_`.

static inline int shim_prctl_set_dumpable(int dumpable) {
    return prctl(PR_SET_DUMPABLE, (unsigned long)dumpable, 0ul, 0ul, 0ul);
}
