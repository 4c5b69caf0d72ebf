#include <stddef.h>
#include <stdint.h>

// clang_rt.fuzzer has it, and no header (https://llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library").
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
