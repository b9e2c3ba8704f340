// Groups of processes, and Gloo for those that compute on the CPU.
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "distributed.h"

using namespace shim;

namespace {

struct GlooWork : Work {
  c10::intrusive_ptr<c10d::Work> work;

  explicit GlooWork(c10::intrusive_ptr<c10d::Work> work) : work(std::move(work)) {}

  bool wait(std::chrono::milliseconds time) override {
    try {
      if (!work->isCompleted()) work->wait(time);
    } catch (...) {
      // c10d also throws when the time is over.
      if (!work->isCompleted()) return false;
    }
    // Returns at once, or throws why the operation failed.
    work->wait();
    return true;
  }
};

struct GlooGroup : Group {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;

  std::unique_ptr<Work> allreduce(const at::Tensor &tensor) override {
    std::vector<at::Tensor> tensors{tensor};
    return std::make_unique<GlooWork>(group->allreduce(tensors));
  }

  std::unique_ptr<Work> broadcast(const at::Tensor &tensor, int root) override {
    std::vector<at::Tensor> tensors{tensor};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    return std::make_unique<GlooWork>(group->broadcast(tensors, options));
  }
};

Group &ref(ct_group group) { return *reinterpret_cast<Group *>(group); }

ct_work own(std::unique_ptr<Work> work) { return reinterpret_cast<ct_work>(work.release()); }

}  // namespace

ct_group ct_group_gloo(
    ct_store store, int32_t rank, int32_t size, const char *address, const char *interface,
    int32_t milliseconds) noexcept {
  return guard<ct_group>(nullptr, [&] {
    using Gloo = c10d::ProcessGroupGloo;
    auto options = Gloo::Options::create(std::chrono::milliseconds(milliseconds));
    options->devices.push_back(
        interface ? Gloo::createDeviceForInterface(interface)
                  : Gloo::createDeviceForHostname(address));
    auto &shared = *reinterpret_cast<c10::intrusive_ptr<c10d::Store> *>(store);
    auto group = std::make_unique<GlooGroup>();
    group->group = c10::make_intrusive<Gloo>(
        c10::make_intrusive<c10d::PrefixStore>("gloo", shared), rank, size, options);
    return reinterpret_cast<ct_group>(static_cast<Group *>(group.release()));
  });
}

ct_group ct_group_nccl(ct_store store, int32_t rank, int32_t size, ct_device device) noexcept {
  return guard<ct_group>(nullptr, [&] {
    return reinterpret_cast<ct_group>(
        nccl_group(shim::ref(store), rank, size, shim::device(device)).release());
  });
}

void ct_group_free(ct_group group) noexcept {
  status([&] { delete &ref(group); });
}

ct_work ct_group_allreduce(ct_group group, ct_ref tensor) noexcept {
  return guard<ct_work>(nullptr, [&] {
    TORCH_CHECK(shim::ref(tensor).is_contiguous(), "a tensor to add over ranks is not contiguous");
    return own(ref(group).allreduce(shim::ref(tensor).detach()));
  });
}

ct_work ct_group_broadcast(ct_group group, ct_ref tensor, int32_t root) noexcept {
  return guard<ct_work>(nullptr, [&] {
    TORCH_CHECK(shim::ref(tensor).is_contiguous(), "a tensor to send to ranks is not contiguous");
    return own(ref(group).broadcast(shim::ref(tensor).detach(), root));
  });
}

int ct_work_wait(ct_work work, int32_t milliseconds) noexcept {
  return guard<int>(-1, [&] {
    return reinterpret_cast<Work *>(work)->wait(std::chrono::milliseconds(milliseconds)) ? 1 : 0;
  });
}

void ct_work_free(ct_work work) noexcept {
  status([&] { delete reinterpret_cast<Work *>(work); });
}
