// Communication between processes, over c10d; ctorch.h has the conventions.
#ifndef CTORCH_DISTRIBUTED_H
#define CTORCH_DISTRIBUTED_H

#include "ctorch.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// A store of keys and values that all processes share. Each connection serves one call at a time.
typedef struct ct_store_s *ct_store;
/// The processes that compute together.
typedef struct ct_group_s *ct_group;
/// A collective operation that has begun.
typedef struct ct_work_s *ct_work;

// MARK: Stores

/// Connects to the store at an address, which this process serves itself if `serves`. Tries for
/// `milliseconds`. All keys get `prefix` in front.
ct_store _Nullable ct_store_open(
    const char *host, uint16_t port, bool serves, int32_t milliseconds,
    const char *prefix) CT_NOEXCEPT;
/// Another connection to the same store.
ct_store _Nullable ct_store_clone(ct_store store) CT_NOEXCEPT;
void ct_store_free(ct_store store) CT_NOEXCEPT;
int ct_store_set(ct_store store, const char *key, const uint8_t *bytes, size_t count) CT_NOEXCEPT;
/// The value of a key that is set, uint8.
ct_tensor _Nullable ct_store_get(ct_store store, const char *key) CT_NOEXCEPT;
/// 1 if a key is set, 0 if not.
int ct_store_has(ct_store store, const char *key) CT_NOEXCEPT;
/// Adds to the number of a key, which starts at 0, and returns the sum.
int64_t ct_store_add(ct_store store, const char *key, int64_t amount) CT_NOEXCEPT;

// MARK: Groups

/// The address of this machine that reaches a host, as text, with a trailing zero. Returns its length.
int64_t ct_local_address(
    const char *host, uint16_t port, char *address, size_t capacity) CT_NOEXCEPT;
/// Connects `size` processes by Gloo, for tensors on the CPU. Exactly one of `address` and `interface` is
/// given: where this process is reached. An operation fails after `milliseconds`.
ct_group _Nullable ct_group_gloo(
    ct_store store, int32_t rank, int32_t size, const char *_Nullable address,
    const char *_Nullable interface, int32_t milliseconds) CT_NOEXCEPT;
/// Connects `size` processes by NCCL, for float32 tensors on a GPU each.
ct_group _Nullable ct_group_nccl(
    ct_store store, int32_t rank, int32_t size, ct_device device) CT_NOEXCEPT;
/// Whether NCCL is installed.
bool ct_has_nccl(void) CT_NOEXCEPT;
void ct_group_free(ct_group group) CT_NOEXCEPT;
/// Begins to replace a contiguous tensor by the sum over all processes, in place.
ct_work _Nullable ct_group_allreduce(ct_group group, ct_ref tensor) CT_NOEXCEPT;
/// Begins to overwrite a contiguous tensor by that of a process, in place.
ct_work _Nullable ct_group_broadcast(ct_group group, ct_ref tensor, int32_t root) CT_NOEXCEPT;
/// Waits for an operation: 1 when it is done, 0 if it is not after `milliseconds`. On a GPU it is done as soon
/// as the device has it in its queue.
int ct_work_wait(ct_work work, int32_t milliseconds) CT_NOEXCEPT;
void ct_work_free(ct_work work) CT_NOEXCEPT;

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
