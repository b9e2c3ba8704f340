// NCCL, for processes that compute on a GPU each.
#include <dlfcn.h>

#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstring>

#include "distributed.h"

using namespace shim;

namespace {

/// NCCL's C interface, which a CUDA libtorch loads. Its header comes with NVIDIA's packages, which a machine
/// without a GPU does not have. Names, parameters and numbers are those of NCCL 2.
struct NCCL {
  struct UniqueId {
    char bytes[128];
  };
  static constexpr int success = 0, in_progress = 7, float32 = 7, sum = 0;

  int (*get_unique_id)(UniqueId *id);
  int (*init_rank)(void **communicator, int size, UniqueId id, int rank);
  int (*all_reduce)(
      const void *source, void *destination, size_t count, int type, int operation,
      void *communicator, void *stream);
  int (*broadcast)(
      const void *source, void *destination, size_t count, int type, int root, void *communicator,
      void *stream);
  int (*get_async_error)(void *communicator, int *error);
  int (*destroy)(void *communicator);
  const char *(*error_string)(int code);

  /// The loaded functions; null without NCCL.
  static const NCCL *get() {
    static const std::unique_ptr<NCCL> functions = load();
    return functions.get();
  }

  void check(int code) const {
    TORCH_CHECK(code == success || code == in_progress, "NCCL: ", error_string(code));
  }

 private:
  static std::unique_ptr<NCCL> load() {
    void *library = dlopen("libnccl.so.2", RTLD_NOW);
    if (!library) return nullptr;
    auto functions = std::make_unique<NCCL>();
    bool known = find(library, "ncclGetUniqueId", functions->get_unique_id) &&
                 find(library, "ncclCommInitRank", functions->init_rank) &&
                 find(library, "ncclAllReduce", functions->all_reduce) &&
                 find(library, "ncclBroadcast", functions->broadcast) &&
                 find(library, "ncclCommGetAsyncError", functions->get_async_error) &&
                 find(library, "ncclCommDestroy", functions->destroy) &&
                 find(library, "ncclGetErrorString", functions->error_string);
    return known ? std::move(functions) : nullptr;
  }

  template <typename Function>
  static bool find(void *library, const char *name, Function &function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
  }
};

/// Done as soon as it is queued, since everything after it waits on the same stream.
struct QueuedWork : Work {
  const NCCL &nccl;
  void *communicator;

  QueuedWork(const NCCL &nccl, void *communicator) : nccl(nccl), communicator(communicator) {}

  bool wait(std::chrono::milliseconds) override {
    int error = NCCL::success;
    nccl.check(nccl.get_async_error(communicator, &error));
    nccl.check(error);
    return true;
  }
};

struct NCCLGroup : Group {
  const NCCL &nccl;
  at::Device device;
  void *communicator = nullptr;

  NCCLGroup(const NCCL &nccl, c10d::Store &store, int rank, int size, at::Device device)
      : nccl(nccl), device(device) {
    c10::DeviceGuard guard(device);
    NCCL::UniqueId id;
    if (rank == 0) {
      nccl.check(nccl.get_unique_id(&id));
      store.set("nccl", std::vector<uint8_t>(id.bytes, id.bytes + sizeof id.bytes));
    } else {
      auto bytes = store.get("nccl");
      TORCH_CHECK(bytes.size() == sizeof id.bytes, "NCCL: rank 0 has sent no identity");
      std::memcpy(id.bytes, bytes.data(), bytes.size());
    }
    nccl.check(nccl.init_rank(&communicator, size, id, rank));
  }

  ~NCCLGroup() override {
    c10::DeviceGuard guard(device);
    nccl.destroy(communicator);
  }

  std::unique_ptr<Work> allreduce(const at::Tensor &tensor) override {
    return run(tensor, [&](void *data, size_t count, void *stream) {
      return nccl.all_reduce(
          data, data, count, NCCL::float32, NCCL::sum, communicator, stream);
    });
  }

  std::unique_ptr<Work> broadcast(const at::Tensor &tensor, int root) override {
    return run(tensor, [&](void *data, size_t count, void *stream) {
      return nccl.broadcast(data, data, count, NCCL::float32, root, communicator, stream);
    });
  }

 private:
  template <typename Operation>
  std::unique_ptr<Work> run(const at::Tensor &tensor, Operation operation) {
    TORCH_CHECK(
        tensor.device() == device && tensor.scalar_type() == at::kFloat,
        "NCCL takes float32 tensors on ", device);
    c10::DeviceGuard guard(device);
    auto stream = c10::impl::VirtualGuardImpl(device.type()).getStream(device);
    nccl.check(
        operation(tensor.data_ptr(), static_cast<size_t>(tensor.numel()), stream.native_handle()));
    return std::make_unique<QueuedWork>(nccl, communicator);
  }
};

}  // namespace

namespace shim {

std::unique_ptr<Group> nccl_group(c10d::Store &store, int rank, int size, at::Device device) {
  auto *nccl = NCCL::get();
  TORCH_CHECK(nccl, "libnccl.so.2 is not installed");
  return std::make_unique<NCCLGroup>(*nccl, store, rank, size, device);
}

}  // namespace shim

bool ct_has_nccl(void) noexcept {
  return guard<bool>(false, [] { return NCCL::get() != nullptr; });
}
