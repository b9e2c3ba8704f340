#pragma once

#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with a program's arguments. It calls `test` with each input, and returns the exit code.
int LLVMFuzzerRunDriver(
    int *_Nonnull count, char *_Nullable *_Nullable *_Nonnull arguments,
    int (*_Nonnull test)(const uint8_t *_Nullable bytes, size_t size));
